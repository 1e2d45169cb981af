import { z } from 'zod';
import { readJson, writeJson } from '../../../engine/supervisor/files.ts';
import { profileSchema } from '../../contract/remote.ts';

/** A profile as it is kept: never with its secret. */
export const storedProfileSchema = profileSchema.omit({ hasSecret: true }).extend({
  /** The cluster that answered first; another one at these addresses is refused. */
  clusterId: z.string().nullable(),
  /** Where its members said they are, so that it is found again while the endpoints of the profile are down. */
  memberUrls: z.array(z.string()).default([]),
});
export type StoredProfile = z.infer<typeof storedProfileSchema>;

/** What a cluster told of itself, and no user. */
export type Learned = Partial<Pick<StoredProfile, 'clusterId' | 'memberUrls'>>;

const fileSchema = z.strictObject({ version: z.literal(1), profiles: z.array(storedProfileSchema) });

/** The profiles of remote clusters, by name, in one file. */
export class ProfileStore {
  readonly #file: string;
  #profiles: readonly StoredProfile[];
  /** Writing, one after another, so that an older list never replaces a newer one. */
  #work: Promise<void> = Promise.resolve();
  /** Why the file cannot be read: it is then never written over. */
  readonly #damage: unknown;

  private constructor(file: string, profiles: readonly StoredProfile[], damage: unknown) {
    this.#file = file;
    this.#profiles = profiles;
    this.#damage = damage;
  }

  /** A damaged file costs its profiles and not the app: changes are then refused with the reason. */
  static async open(file: string, onError: (error: unknown) => void): Promise<ProfileStore> {
    try {
      return new ProfileStore(file, (await readJson(file, fileSchema))?.profiles ?? [], null);
    } catch (error) {
      onError(error);
      return new ProfileStore(file, [], error);
    }
  }

  list(): readonly StoredProfile[] {
    return [...this.#profiles].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  }

  get(id: string): StoredProfile | null {
    return this.#profiles.find((profile) => profile.id === id) ?? null;
  }

  named(name: string): StoredProfile | null {
    return this.#profiles.find((profile) => profile.name === name) ?? null;
  }

  /** Throws what is wrong with the file, if anything is. */
  check(): void {
    if (this.#damage !== null) throw this.#damage as Error;
  }

  /** Adds it, or replaces the one with its id. */
  async put(profile: StoredProfile): Promise<void> {
    await this.#write([...this.#profiles.filter(({ id }) => id !== profile.id), profile]);
  }

  async remove(id: string): Promise<void> {
    await this.#write(this.#profiles.filter((profile) => profile.id !== id));
  }

  async #write(profiles: readonly StoredProfile[]): Promise<void> {
    this.check();
    // Kept at once, so that two changes that overlap do not lose one another.
    this.#profiles = profiles;
    const written = this.#work.then(() => writeJson(this.#file, { version: 1, profiles: this.#profiles }));
    this.#work = written.catch(() => undefined);
    await written;
  }
}
