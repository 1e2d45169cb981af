import { ConflictError, InvalidArgumentError, type PrkDbClient } from '../client/index.ts';
import type { CreateResult, KeyStore, Pair } from './store.ts';

/** Long enough for an election on the way. */
const TIMEOUT_MS = 20_000;

/** A PrkDB cluster. Closes the client with itself. */
export class PrkDbStore implements KeyStore {
  readonly title: string;
  readonly position = null;
  readonly #client: PrkDbClient;

  constructor(title: string, client: PrkDbClient) {
    this.title = title;
    this.#client = client;
  }

  async page(prefix: Buffer, after: Buffer, limit: number): Promise<readonly Pair[]> {
    const page = await this.#client.scan({
      prefix,
      limit,
      // The client's cursor is the last key of the page before, in the URL alphabet.
      cursor: after.length === 0 ? null : after.toString('base64url'),
      timeoutMs: TIMEOUT_MS,
    });
    return page.entries;
  }

  async get(key: Buffer): Promise<Buffer | null> {
    return (await this.#client.get(key, { timeoutMs: TIMEOUT_MS }))?.value ?? null;
  }

  async create(key: Buffer, value: Buffer): Promise<CreateResult> {
    try {
      await this.#client.put(key, value, { expectedRevision: 0, timeoutMs: TIMEOUT_MS });
      return { outcome: 'created' };
    } catch (error) {
      if (!(error instanceof ConflictError) || error.current === null) throw error;
      return { outcome: 'exists', value: Buffer.from(error.current.value) };
    }
  }

  async overwrite(key: Buffer, value: Buffer): Promise<void> {
    await this.#client.put(key, value, { timeoutMs: TIMEOUT_MS });
  }

  async remove(key: Buffer): Promise<void> {
    await this.#client.delete(key, { timeoutMs: TIMEOUT_MS });
  }

  follow(): never {
    throw new InvalidArgumentError(`${this.title} does not tell its changes: only etcd can be followed.`);
  }

  close(): void {
    this.#client.close();
  }
}
