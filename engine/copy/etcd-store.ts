import { deleteKey, EtcdError, readKey, readRange, watchPrefix, writeKey, type EtcdClient } from '../etcd/index.ts';
import type { CreateResult, KeyStore, Pair } from './store.ts';

/** Long enough for an election on the way. */
const TIMEOUT_MS = 20_000;

/** An etcd cluster. Pages are of one moment, that of the first. Closes the client with itself. */
export class EtcdStore implements KeyStore {
  readonly title: string;
  readonly #client: EtcdClient;
  #revision = 0;
  #position: string | null = null;

  constructor(title: string, client: EtcdClient) {
    this.title = title;
    this.#client = client;
  }

  get position(): string | null {
    return this.#position;
  }

  async page(prefix: Buffer, after: Buffer, limit: number): Promise<readonly Pair[]> {
    // Values are up to 1.5 MB each, and a message holds 16 MB.
    for (let size = limit; ; size = Math.max(1, Math.floor(size / 4))) {
      try {
        const { entries, revision } = await readRange(this.#client, {
          prefix,
          after,
          limit: size,
          revision: this.#revision,
          timeoutMs: TIMEOUT_MS,
        });
        if (this.#revision === 0) this.#revision = revision;
        this.#position ??= String(revision);
        return entries;
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        if (error.code === 'tooLarge' && size > 1) continue;
        if (error.code !== 'compacted' || this.#revision === 0) throw error;
        // That moment is compacted away: the rest is read as it is now.
        this.#revision = 0;
      }
    }
  }

  async get(key: Buffer): Promise<Buffer | null> {
    return (await readKey(this.#client, key, { timeoutMs: TIMEOUT_MS }))?.value ?? null;
  }

  async create(key: Buffer, value: Buffer): Promise<CreateResult> {
    const result = await writeKey(this.#client, key, value, 0, TIMEOUT_MS);
    if (result.outcome === 'done') return { outcome: 'created' };
    return { outcome: 'exists', value: result.current?.value ?? Buffer.alloc(0) };
  }

  async overwrite(key: Buffer, value: Buffer): Promise<void> {
    await writeKey(this.#client, key, value, null, TIMEOUT_MS);
  }

  async remove(key: Buffer): Promise<void> {
    await deleteKey(this.#client, key, null, TIMEOUT_MS);
  }

  async *follow(prefix: Buffer, position: string, signal: AbortSignal) {
    const startRevision = Number(position) + 1;
    for await (const changes of watchPrefix(this.#client, { prefix, startRevision, signal })) {
      const last = changes.at(-1);
      if (last === undefined) continue;
      yield {
        changes: changes.map(({ type, entry }) => ({ key: entry.key, value: type === 'put' ? entry.value : null })),
        position: String(last.entry.modRevision),
      };
    }
  }

  close(): void {
    this.#client.close();
  }
}
