import type { EtcdClient, EtcdEntry, WriteResult } from '../../../../engine/etcd/index.ts';
import { deleteKey, keyHistory, readKey, readLease, readRange, writeKey } from '../../../../engine/etcd/index.ts';
import type { KeyEntry, KeyMeta, ReadMode } from '../../../contract/model.ts';
import type { KeyHistory } from '../../../contract/remote.ts';
import type { DeleteOutcome, KeySpace, PutOutcome } from '../../keys/key-space.ts';

/** Long enough for an election, short enough for a person. */
const TIMEOUT_MS = 4_000;

/**
 * The keys of an etcd cluster. Any member answers a linearizable read after asking the leader,
 * so `follower` is the same here; `stale` is etcd's serializable.
 */
export class EtcdKeys implements KeySpace {
  readonly #client: () => EtcdClient;
  readonly #leader: () => number;

  constructor(options: { readonly client: () => EtcdClient; readonly leader: () => number }) {
    this.#client = options.client;
    this.#leader = options.leader;
  }

  async scan(options: { prefix: string; after: string; limit: number; readMode: ReadMode }) {
    const startedMs = performance.now();
    const page = await readRange(this.#client(), {
      prefix: fromBase64(options.prefix),
      after: fromBase64(options.after),
      limit: options.limit,
      keysOnly: true,
      serializable: options.readMode === 'stale',
      timeoutMs: TIMEOUT_MS,
    });
    return {
      // A list without values does not know how large they are.
      keys: page.entries.map((entry) => toKeyMeta(entry, null)),
      next: page.more ? (page.entries.at(-1)?.key.toString('base64') ?? null) : null,
      costMs: performance.now() - startedMs,
    };
  }

  async get(key: string, readMode: ReadMode) {
    const startedMs = performance.now();
    const entry = await readKey(this.#client(), fromBase64(key), {
      serializable: readMode === 'stale',
      timeoutMs: TIMEOUT_MS,
    });
    return {
      entry: entry === null ? null : toKeyEntry(entry),
      partition: 0,
      leader: this.#leader(),
      costMs: performance.now() - startedMs,
      stalenessMs: null,
    };
  }

  async put(key: string, value: string, expectedRevision: number | null): Promise<PutOutcome> {
    const bytes = fromBase64(key);
    const valueBytes = fromBase64(value);
    const result = await writeKey(this.#client(), bytes, valueBytes, expectedRevision, TIMEOUT_MS);
    if (result.outcome === 'conflict') return conflictOf(result);
    // Its version is not in etcd's answer; another write may already have come after it.
    const written = await readKey(this.#client(), bytes, { revision: result.revision, timeoutMs: TIMEOUT_MS });
    const meta: KeyMeta =
      written === null
        ? {
            key,
            partition: 0,
            revision: result.revision,
            version: 1,
            valueSizeBytes: valueBytes.length,
            createdAtMs: null,
            updatedAtMs: null,
          }
        : toKeyMeta(written, written.value.length);
    return { outcome: 'saved', entry: meta };
  }

  async delete(key: string, expectedRevision: number | null): Promise<DeleteOutcome> {
    const result = await deleteKey(this.#client(), fromBase64(key), expectedRevision, TIMEOUT_MS);
    return result.outcome === 'conflict' ? conflictOf(result) : { outcome: 'deleted', found: result.existed };
  }

  async history(key: string, limit: number): Promise<KeyHistory> {
    const { versions, isCut } = await keyHistory(this.#client(), fromBase64(key), limit);
    return {
      versions: versions.map((entry) => ({
        kind: 'put' as const,
        revision: entry.modRevision,
        version: entry.version,
        timeMs: null,
        valueSizeBytes: entry.value.length,
        value: entry.value.toString('base64'),
      })),
      isCut,
    };
  }

  async lease(key: string) {
    const entry = await readKey(this.#client(), fromBase64(key), { timeoutMs: TIMEOUT_MS });
    return entry === null || entry.leaseId === '0' ? null : readLease(this.#client(), entry.leaseId);
  }

  async close(): Promise<void> {
    // The driver owns the client.
  }
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function toKeyMeta(entry: EtcdEntry, valueSizeBytes: number | null): KeyMeta {
  return {
    key: entry.key.toString('base64'),
    partition: 0,
    revision: entry.modRevision,
    version: entry.version,
    valueSizeBytes,
    createdAtMs: null,
    updatedAtMs: null,
  };
}

function toKeyEntry(entry: EtcdEntry): KeyEntry {
  return { ...toKeyMeta(entry, entry.value.length), value: entry.value.toString('base64') };
}

function conflictOf(result: Extract<WriteResult, { outcome: 'conflict' }>): {
  outcome: 'conflict';
  current: KeyEntry | null;
} {
  return { outcome: 'conflict', current: result.current === null ? null : toKeyEntry(result.current) };
}
