import { z } from 'zod';
import { profileSchema } from '../../contract/remote.ts';
import { readJson, writeJson } from '../../../engine/supervisor/files.ts';

/** A profile as it is kept: never with its secret. */
export const storedProfileSchema = profileSchema.omit({ hasSecret: true });
export type StoredProfile = z.infer<typeof storedProfileSchema>;

const fileSchema = z.strictObject({ version: z.literal(1), profiles: z.array(storedProfileSchema) });

/** The profiles of remote clusters, by name, in one file. */
export class ProfileStore {
  readonly #file: string;
  #profiles: readonly StoredProfile[];

  private constructor(file: string, profiles: readonly StoredProfile[]) {
    this.#file = file;
    this.#profiles = profiles;
  }

  /** Rejects in words when the file is damaged. */
  static async open(file: string): Promise<ProfileStore> {
    return new ProfileStore(file, (await readJson(file, fileSchema))?.profiles ?? []);
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

  /** Adds it, or replaces the one with its id. */
  async put(profile: StoredProfile): Promise<void> {
    await this.#write([...this.#profiles.filter(({ id }) => id !== profile.id), profile]);
  }

  async remove(id: string): Promise<void> {
    await this.#write(this.#profiles.filter((profile) => profile.id !== id));
  }

  async #write(profiles: readonly StoredProfile[]): Promise<void> {
    await writeJson(this.#file, { version: 1, profiles });
    this.#profiles = profiles;
  }
}
