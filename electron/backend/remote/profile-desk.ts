import { randomUUID } from 'node:crypto';
import {
  profileFileSchema,
  type ConnectionReport,
  type Profile,
  type ProfileDraft,
  type ProfileFile,
} from '../../contract/remote.ts';
import { BackendError, describeZodError } from '../errors.ts';
import { testConnection } from './connection-test.ts';
import { connectionOf, type Connection } from './connection.ts';
import type { Learned, ProfileStore, StoredProfile } from './profile-store.ts';
import type { SecretStore } from './secret-store.ts';

export interface ProfileDeskOptions {
  readonly profiles: ProfileStore;
  readonly secrets: SecretStore;
  /** Whether a local cluster has this name. */
  readonly isTaken: (name: string) => boolean;
  /** A profile is new or was changed: connect to its cluster, and leave the former one. */
  readonly connect: (profile: StoredProfile) => Promise<void>;
  readonly disconnect: (id: string) => Promise<void>;
}

/** Profiles of remote clusters: kept, tried, exported and imported. Secrets go in and never come out. */
export class ProfileDesk {
  readonly #options: ProfileDeskOptions;

  constructor(options: ProfileDeskOptions) {
    this.#options = options;
  }

  async list(): Promise<{ profiles: Profile[]; secretStore: { words: string; isEncrypted: boolean } }> {
    const { profiles, secrets } = this.#options;
    profiles.check();
    return {
      profiles: await Promise.all(profiles.list().map((profile) => this.#shown(profile))),
      secretStore: await secrets.describe(),
    };
  }

  /** The first cluster that answers for a profile is the one that it stands for from then on. */
  async learn(id: string, learned: Learned): Promise<void> {
    const profile = this.#options.profiles.get(id);
    if (profile === null) return;
    await this.#options.profiles.put({
      ...profile,
      clusterId: profile.clusterId ?? learned.clusterId ?? null,
      memberUrls: learned.memberUrls ?? profile.memberUrls,
    });
  }

  /** What its cluster is dialed with. */
  async connection(profile: StoredProfile): Promise<Connection> {
    return connectionOf(profile, await this.#options.secrets.get(profile.id));
  }

  async test(id: string | null, draft: ProfileDraft): Promise<ConnectionReport> {
    const { secret, ...fields } = draft;
    return testConnection(fields, secret ?? (await this.#saved(id)));
  }

  async save(id: string | null, draft: ProfileDraft): Promise<Profile> {
    const { profiles, secrets } = this.#options;
    profiles.check();
    const before = id === null ? null : this.#get(id);
    const { secret, kind: given, ...fields } = draft;
    this.#checkName(fields.name, id);
    const report = given === null ? await this.test(id, draft) : null;
    const kind = given ?? kindOf(report);
    const isSamePlace = before !== null && JSON.stringify(before.endpoints) === JSON.stringify(fields.endpoints);
    const clusterId = report?.clusterId ?? (isSamePlace ? before.clusterId : null);
    const memberUrls = isSamePlace ? before.memberUrls : [];
    const profile: StoredProfile = { ...fields, id: before?.id ?? randomUUID(), kind, clusterId, memberUrls };
    if (profile.auth === 'none') await secrets.remove(profile.id);
    else if (secret !== null) await secrets.set(profile.id, secret);
    await profiles.put(profile);
    await this.#options.connect(profile);
    return this.#shown(profile);
  }

  async remove(id: string): Promise<void> {
    this.#get(id);
    await this.#options.disconnect(id);
    await this.#options.profiles.remove(id);
    await this.#options.secrets.remove(id);
  }

  exportAs(): { fileName: string; text: string } {
    const file: ProfileFile = {
      format: 'prkdb-profiles',
      version: 1,
      profiles: this.#options.profiles.list().map(withoutId),
    };
    return { fileName: 'prkdb-profiles.json', text: `${JSON.stringify(file, null, 2)}\n` };
  }

  async import(content: string): Promise<{ added: string[]; skipped: string[] }> {
    const file = readFile(content);
    const added: string[] = [];
    const skipped: string[] = [];
    for (const fields of file.profiles) {
      if (this.#options.profiles.named(fields.name) !== null || this.#options.isTaken(fields.name)) {
        skipped.push(fields.name);
        continue;
      }
      const profile = { ...fields, id: randomUUID(), clusterId: null, memberUrls: [] };
      await this.#options.profiles.put(profile);
      await this.#options.connect(profile);
      added.push(fields.name);
    }
    return { added, skipped };
  }

  #get(id: string): StoredProfile {
    const profile = this.#options.profiles.get(id);
    if (profile !== null) return profile;
    throw new BackendError('notFound', 'There is no such profile.', 'It may have been deleted. Choose another.');
  }

  async #saved(id: string | null): Promise<string | null> {
    return id === null ? null : this.#options.secrets.get(id);
  }

  #checkName(name: string, id: string | null): void {
    const other = this.#options.profiles.named(name);
    if ((other === null || other.id === id) && !this.#options.isTaken(name)) return;
    throw new BackendError('alreadyExists', `There is already a cluster called ${name}.`, 'Choose another name.');
  }

  async #shown(profile: StoredProfile): Promise<Profile> {
    const { clusterId: _clusterId, memberUrls: _memberUrls, ...shown } = profile;
    return { ...shown, hasSecret: await this.#options.secrets.has(profile.id) };
  }
}

function kindOf(report: ConnectionReport | null): Profile['kind'] {
  if (report !== null && report.kind !== null) return report.kind;
  const problem = report?.steps.flatMap((step) => step.problems)[0];
  throw new BackendError(
    'disconnected',
    `It is not known yet what runs there: ${problem?.message ?? 'nothing answers.'}`,
    'Choose PrkDB or etcd to save the profile all the same.',
  );
}

function withoutId(profile: StoredProfile): Omit<StoredProfile, 'id' | keyof Learned> {
  const { id: _id, clusterId: _clusterId, memberUrls: _memberUrls, ...fields } = profile;
  return fields;
}

function readFile(content: string): ProfileFile {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new BackendError('invalidInput', 'This is no file of profiles: it is not JSON.', 'Choose an exported file.');
  }
  const parsed = profileFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new BackendError(
    'invalidInput',
    `This is no file of profiles: ${describeZodError(parsed.error)}`,
    'Choose a file that was exported here.',
  );
}
