import {
  createKeys,
  deleteKey,
  EtcdError,
  putKey,
  readKeys,
  readRange,
  watchPrefix,
  type EtcdClient,
  type EtcdEntry,
  type RangePage,
} from '../etcd/index.ts';
import { ChangesLostError } from './errors.ts';
import { LeaseBook, LeaseTimes } from './etcd-leases.ts';
import { patiently } from './patience.ts';
import { Together } from './together.ts';
import type { ChangeBatch, CreateResult, KeyStore, PageOptions, Pair } from './store.ts';

/** Long enough for an election on the way. */
const TIMEOUT_MS = 20_000;
const MAX_PAGE_KEYS = 500;
/** Values may be of 1.5 MB each: the first page says how large they are here. */
const FIRST_PAGE_KEYS = 16;
const PAGE_BYTES = 4 * 1024 * 1024;
/** A transaction holds 128 operations, and a request 1.5 MB, unless etcd is set otherwise. */
const TOGETHER_KEYS = 64;
const TOGETHER_BYTES = 512 * 1024;
const EMPTY = Buffer.alloc(0);

interface Creation {
  readonly pair: Pair;
  readonly leaseId: string;
}

/** An etcd cluster. Closes the client with itself. */
export class EtcdStore implements KeyStore {
  readonly title: string;
  readonly #client: EtcdClient;
  readonly #leaseTimes: LeaseTimes;
  readonly #leases: LeaseBook;
  readonly #creations = new Together<Creation, CreateResult>((all) => this.#createAll(all), {
    maxItems: TOGETHER_KEYS,
    maxBytes: TOGETHER_BYTES,
    sizeOf: ({ pair }) => pair.key.length * 3 + pair.value.length,
    nameOf: ({ pair }) => pair.key.toString('latin1'),
  });
  readonly #gets = new Together<Buffer, Buffer | null>((keys) => this.#getAll(keys), {
    maxItems: TOGETHER_KEYS,
    maxBytes: TOGETHER_BYTES,
    sizeOf: (key) => key.length,
    nameOf: (key) => key.toString('latin1'),
  });

  constructor(title: string, client: EtcdClient) {
    this.title = title;
    this.#client = client;
    this.#leaseTimes = new LeaseTimes(client);
    this.#leases = new LeaseBook(client);
  }

  async identity(): Promise<string> {
    await this.#client.connection(TIMEOUT_MS);
    return `etcd:${this.#client.clusterId}`;
  }

  async *pages(prefix: Buffer, options: PageOptions): AsyncGenerator<readonly Pair[], void, undefined> {
    const { ofOneMoment, signal } = options;
    let { after } = options;
    let revision = 0;
    let limit = FIRST_PAGE_KEYS;
    for (;;) {
      const request = { prefix, after, limit, revision, timeoutMs: TIMEOUT_MS };
      let page: RangePage;
      try {
        page = await patiently(() => readRange(this.#client, request), signal);
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        if (error.code === 'tooLarge' && limit > 1) {
          limit = Math.max(1, Math.floor(limit / 4));
          continue;
        }
        if (error.code !== 'compacted' || revision === 0) throw error;
        // That moment is compacted away: the rest is read as it is now.
        revision = 0;
        continue;
      }
      const last = page.entries.at(-1);
      if (last === undefined) return;
      yield await Promise.all(page.entries.map((entry) => this.#pairOf(entry)));
      if (!page.more) return;
      after = last.key;
      if (ofOneMoment) ({ revision } = page);
      limit = nextLimit(page.entries);
    }
  }

  async get(key: Buffer): Promise<Buffer | null> {
    return this.#gets.call(key);
  }

  async create(pair: Pair): Promise<CreateResult> {
    return this.#leased(pair, (leaseId) => this.#creations.call({ pair, leaseId }));
  }

  async overwrite(pair: Pair): Promise<void> {
    await this.#leased(pair, (leaseId) => putKey(this.#client, pair, { leaseId, timeoutMs: TIMEOUT_MS }));
  }

  async remove(key: Buffer): Promise<void> {
    await deleteKey(this.#client, key, null, TIMEOUT_MS);
  }

  refusal(): string | null {
    // Its limit is its own setting, which it does not tell; it refuses by itself what is more.
    return null;
  }

  async position(prefix: Buffer): Promise<string> {
    const { revision } = await readRange(this.#client, { prefix, limit: 1, keysOnly: true, timeoutMs: TIMEOUT_MS });
    return String(revision);
  }

  async *follow(prefix: Buffer, position: string, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
    const startRevision = Number(position) + 1;
    try {
      for await (const changes of watchPrefix(this.#client, { prefix, startRevision, signal })) {
        const last = changes.at(-1);
        if (last === undefined) continue;
        const pairs = changes.map(async ({ type, entry }) =>
          type === 'put' ? this.#pairOf(entry) : { key: entry.key, value: null, expiresAtMs: null },
        );
        yield { changes: await Promise.all(pairs), position: String(last.entry.modRevision) };
      }
    } catch (error) {
      if (!(error instanceof EtcdError) || error.code !== 'compacted') throw error;
      throw new ChangesLostError(this.title, { cause: error });
    }
  }

  close(): void {
    this.#client.close();
  }

  async #createAll(creations: readonly Creation[]): Promise<readonly CreateResult[]> {
    const keys = creations.map(({ pair: { key, value }, leaseId }) => ({ key, value, leaseId }));
    const [only, another] = keys;
    let there: readonly (EtcdEntry | null)[] | null;
    try {
      there = await createKeys(this.#client, keys, TIMEOUT_MS);
    } catch (error) {
      // What is there may be too large for one answer, and one of the leases may have ended.
      if (another === undefined || !isOfOne(error)) throw error;
      return (await Promise.all(creations.map((one) => this.#createAll([one])))).flat();
    }
    if (there === null) return keys.map(() => ({ outcome: 'created' }));
    const entries = there;
    if (only !== undefined && another === undefined) return [{ outcome: 'exists', value: entries[0]?.value ?? EMPTY }];
    const results = creations.map(async (one, i): Promise<CreateResult> => {
      const entry = entries[i];
      if (entry !== null && entry !== undefined) return { outcome: 'exists', value: entry.value };
      const [created] = await this.#createAll([one]);
      return created!;
    });
    return Promise.all(results);
  }

  async #getAll(keys: readonly Buffer[]): Promise<readonly (Buffer | null)[]> {
    try {
      return (await readKeys(this.#client, keys, TIMEOUT_MS)).map((entry) => entry?.value ?? null);
    } catch (error) {
      if (keys.length === 1 || !isOfOne(error)) throw error;
      return (await Promise.all(keys.map((key) => this.#getAll([key])))).flat();
    }
  }

  async #pairOf({ key, value, leaseId }: EtcdEntry): Promise<Pair> {
    return { key, value, expiresAtMs: await this.#leaseTimes.expiryOf(leaseId) };
  }

  /** With a lease that is still there: one that ends in this moment is no longer known to etcd. */
  async #leased<T>({ expiresAtMs }: Pair, write: (leaseId: string) => Promise<T>): Promise<T> {
    try {
      return await write(await this.#leases.leaseFor(expiresAtMs));
    } catch (error) {
      if (expiresAtMs === null || !(error instanceof EtcdError) || error.code !== 'notFound') throw error;
      this.#leases.forget(expiresAtMs);
      return write(await this.#leases.leaseFor(expiresAtMs));
    }
  }
}

/** Whether what failed together may succeed one by one. */
function isOfOne(error: unknown): boolean {
  return error instanceof EtcdError && (error.code === 'tooLarge' || error.code === 'notFound');
}

/** So many that the next page is of a few megabytes, if its values are like these. */
function nextLimit(entries: readonly EtcdEntry[]): number {
  const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const mean = Math.max(1, bytes / entries.length);
  return Math.max(1, Math.min(MAX_PAGE_KEYS, entries.length * 4, Math.floor(PAGE_BYTES / mean)));
}
