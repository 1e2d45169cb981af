import { keyBytes, valueBytes } from '../client/bytes.ts';
import { ConflictError, PrkDbError, WatchCompactedError, type PrkDbClient } from '../client/index.ts';
import { ChangesLostError } from './errors.ts';
import { patiently } from './patience.ts';
import type { ChangeBatch, CreateResult, KeyStore, PageOptions, Pair } from './store.ts';

/** Long enough for an election on the way. */
const TIMEOUT_MS = 20_000;
const PAGE_KEYS = 500;

/** A PrkDB cluster. Its pages are each of their own moment. Closes the client with itself. */
export class PrkDbStore implements KeyStore {
  readonly title: string;
  readonly #client: PrkDbClient;

  constructor(title: string, client: PrkDbClient) {
    this.title = title;
    this.#client = client;
  }

  async identity(): Promise<string> {
    return `prkdb:${(await this.#client.metadata({ timeoutMs: TIMEOUT_MS })).clusterId}`;
  }

  async *pages(prefix: Buffer, { after, signal }: PageOptions): AsyncGenerator<readonly Pair[], void, undefined> {
    // The client's cursor is the last key of the page before, in the URL alphabet.
    let cursor = after.length === 0 ? null : after.toString('base64url');
    do {
      const from = cursor;
      const page = await patiently(
        () => this.#client.scan({ prefix, limit: PAGE_KEYS, cursor: from, timeoutMs: TIMEOUT_MS, signal }),
        signal,
      );
      if (page.entries.length > 0) yield page.entries;
      ({ cursor } = page);
    } while (cursor !== null);
  }

  async get(key: Buffer): Promise<Buffer | null> {
    return (await this.#client.get(key, { timeoutMs: TIMEOUT_MS }))?.value ?? null;
  }

  async create(pair: Pair): Promise<CreateResult> {
    try {
      await this.#put(pair, 0);
      return { outcome: 'created' };
    } catch (error) {
      if (!(error instanceof ConflictError) || error.current === null) throw error;
      return { outcome: 'exists', value: Buffer.from(error.current.value) };
    }
  }

  async overwrite(pair: Pair): Promise<void> {
    await this.#put(pair, null);
  }

  async remove(key: Buffer): Promise<void> {
    await this.#client.delete(key, { timeoutMs: TIMEOUT_MS });
  }

  refusal({ key, value }: Pair): string | null {
    try {
      keyBytes(key);
      valueBytes(value);
      return null;
    } catch (error) {
      if (error instanceof PrkDbError) return error.message;
      throw error;
    }
  }

  async position(prefix: Buffer): Promise<string> {
    const watcher = this.#client.watch(prefix, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    try {
      await watcher.started();
      return watcher.position;
    } finally {
      watcher.close();
    }
  }

  async *follow(prefix: Buffer, position: string, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
    const watcher = this.#client.watch(prefix, { from: position, signal });
    try {
      for await (const { kind, key, value, expiresAtMs } of watcher) {
        const isPut = kind === 'put';
        const change = { key, value: isPut ? value : null, expiresAtMs: isPut ? expiresAtMs : null };
        yield { changes: [change], position: watcher.position };
      }
    } catch (error) {
      if (error instanceof WatchCompactedError) throw new ChangesLostError(this.title, { cause: error });
      throw error;
    } finally {
      watcher.close();
    }
  }

  close(): void {
    this.#client.close();
  }

  #put({ key, value, expiresAtMs }: Pair, expectedRevision: number | null) {
    return this.#client.put(key, value, {
      timeoutMs: TIMEOUT_MS,
      ...(expectedRevision !== null && { expectedRevision }),
      ...(expiresAtMs !== null && { ttlMs: Math.max(1, Math.round(expiresAtMs - Date.now())) }),
    });
  }
}
