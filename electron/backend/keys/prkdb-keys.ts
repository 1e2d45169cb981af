import {
  ConflictError,
  type PrkDbClient,
  ReadMode as ClientReadMode,
  type EntryMeta,
  type Entry,
  type WatchEvent,
} from '../../../engine/client/index.ts';
import type { KvEntry } from '../../../engine/rpc/kv.ts';
import type { KeyEntry, KeyMeta, ReadMode } from '../../contract/model.ts';
import type { KeyHistory } from '../../contract/remote.ts';
import { BackendError } from '../errors.ts';
import { KeyTeller } from './key-teller.ts';
import type { DeleteOutcome, KeyListener, KeySpace, PutOutcome } from './key-space.ts';

/** Long enough for an election, short enough for a person. */
const TIMEOUT_MS = 4_000;

const readModes: Record<ReadMode, ClientReadMode> = {
  linearizable: ClientReadMode.Linearizable,
  follower: ClientReadMode.Follower,
  stale: ClientReadMode.Stale,
};

/** The keys of a PrkDB cluster through one client, which is opened by the first call. */
export class PrkDbKeys implements KeySpace {
  readonly #open: () => Promise<PrkDbClient>;
  readonly #leaderOf: (partition: number) => number;
  #client: Promise<PrkDbClient> | null = null;
  #closed = false;

  constructor(options: {
    /** Connects to the cluster where it is now. */
    readonly connect: () => Promise<PrkDbClient>;
    /** 0 when there is none. */
    readonly leaderOf: (partition: number) => number;
  }) {
    this.#open = options.connect;
    this.#leaderOf = options.leaderOf;
  }

  async scan(options: { prefix: string; after: string; limit: number; readMode: ReadMode }) {
    const client = await this.#connect();
    const startedMs = performance.now();
    const page = await client.scan({
      prefix: fromBase64(options.prefix),
      limit: options.limit,
      // The client's cursor is the last key of its page, in the URL alphabet.
      cursor: options.after === '' ? null : fromBase64(options.after).toString('base64url'),
      keysOnly: true,
      readMode: readModes[options.readMode],
      timeoutMs: TIMEOUT_MS,
    });
    return {
      keys: page.entries.map(toKeyMeta),
      next: page.cursor === null ? null : Buffer.from(page.cursor, 'base64url').toString('base64'),
      costMs: performance.now() - startedMs,
    };
  }

  async get(key: string, readMode: ReadMode) {
    const client = await this.#connect();
    const bytes = fromBase64(key);
    const partition = client.partitionOf(bytes);
    const startedMs = performance.now();
    const entry = await client.get(bytes, { readMode: readModes[readMode], timeoutMs: TIMEOUT_MS });
    return {
      entry: entry === null ? null : toKeyEntry(entry),
      partition,
      leader: this.#leaderOf(partition),
      costMs: performance.now() - startedMs,
      stalenessMs: readMode === 'stale' && entry !== null ? entry.stalenessMs : null,
    };
  }

  async put(
    key: string,
    value: string,
    expectedRevision: number | null,
    ttlMs: number | null = null,
  ): Promise<PutOutcome> {
    const client = await this.#connect();
    const bytes = fromBase64(key);
    try {
      const options = { ...writeOptions(expectedRevision), ...(ttlMs !== null && { ttlMs }) };
      const entry = await client.put(bytes, fromBase64(value), options);
      return { outcome: 'saved', entry: toKeyMeta(entry) };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return { outcome: 'conflict', current: conflictEntry(error.current, bytes, client.partitionOf(bytes)) };
    }
  }

  async delete(key: string, expectedRevision: number | null): Promise<DeleteOutcome> {
    const client = await this.#connect();
    const bytes = fromBase64(key);
    try {
      const { found } = await client.delete(bytes, writeOptions(expectedRevision));
      return { outcome: 'deleted', found };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return { outcome: 'conflict', current: conflictEntry(error.current, bytes, client.partitionOf(bytes)) };
    }
  }

  async history(key: string, limit: number): Promise<KeyHistory> {
    const client = await this.#connect();
    const revisions = await client.history(fromBase64(key), { limit, timeoutMs: TIMEOUT_MS });
    return {
      versions: revisions.map(({ kind, revision, version, timeMs, valueSizeBytes, value }) => ({
        kind,
        revision,
        version,
        timeMs,
        valueSizeBytes,
        value: value === null ? null : value.toString('base64'),
      })),
      // The oldest that is known is not the first that was written.
      isCut: revisions.length < limit && (revisions.at(-1)?.version ?? 1) > 1,
    };
  }

  watch(prefix: string, listener: KeyListener): () => void {
    const ended = new AbortController();
    this.#watch(prefix, listener, ended.signal).catch((error: unknown) => {
      if (!ended.signal.aborted) listener.fail(error);
    });
    return () => ended.abort();
  }

  async #watch(prefix: string, listener: KeyListener, signal: AbortSignal): Promise<void> {
    const client = await this.#connect();
    const teller = new KeyTeller(listener);
    signal.addEventListener('abort', () => teller.close(), { once: true });
    try {
      for await (const event of client.watch(fromBase64(prefix), { signal })) {
        const key = event.key.toString('base64');
        teller.add({ key, meta: event.kind === 'put' ? watchedMeta(key, event) : null });
      }
    } finally {
      teller.close();
    }
    // The client was closed under it: the cluster stopped, or its addresses changed.
    if (!signal.aborted) throw new BackendError('disconnected', 'The watch ended with its connection.', 'Try again.');
  }

  /** Drops the connection: the cluster stopped, or its addresses changed. The next call opens another. */
  async disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    // A connection that never came about has nothing to close.
    await client?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.disconnect();
  }

  #connect(): Promise<PrkDbClient> {
    if (this.#client !== null) return this.#client;
    const connecting = this.#open().then((client) => {
      // It may have taken longer than the wish for it lasted.
      if (this.#closed || this.#client !== connecting) client.close();
      return client;
    });
    this.#client = connecting;
    connecting.catch(() => {
      if (this.#client === connecting) this.#client = null;
    });
    return connecting;
  }
}

function watchedMeta(key: string, event: WatchEvent): KeyMeta {
  const { partition, revision, version, value, timeMs, expiresAtMs } = event;
  return {
    key,
    partition,
    revision,
    version,
    valueSizeBytes: value.length,
    // An event says when the key changed, not when it was first written.
    createdAtMs: null,
    updatedAtMs: timeMs,
    expiresAtMs,
  };
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function writeOptions(expectedRevision: number | null): { timeoutMs: number; expectedRevision?: number } {
  return expectedRevision === null ? { timeoutMs: TIMEOUT_MS } : { timeoutMs: TIMEOUT_MS, expectedRevision };
}

function toKeyMeta(entry: EntryMeta): KeyMeta {
  return {
    key: entry.key.toString('base64'),
    partition: entry.partition,
    revision: entry.revision,
    version: entry.version,
    valueSizeBytes: entry.valueSizeBytes,
    createdAtMs: entry.createdAtMs,
    updatedAtMs: entry.updatedAtMs,
    expiresAtMs: entry.expiresAtMs,
  };
}

function toKeyEntry(entry: Entry): KeyEntry {
  return { ...toKeyMeta(entry), value: entry.value.toString('base64') };
}

/** The node sends no key with a conflict that it was just given; the request's is the same. */
function conflictEntry(current: KvEntry | null, key: Buffer, partition: number): KeyEntry | null {
  if (current === null) return null;
  return toKeyEntry({
    key,
    value: Buffer.from(current.value),
    partition,
    revision: current.revision,
    version: current.version,
    createdAtMs: current.createdAtMs,
    updatedAtMs: current.updatedAtMs,
    valueSizeBytes: current.valueSizeBytes,
    expiresAtMs: current.expiresAtMs > 0 ? current.expiresAtMs : null,
  });
}
