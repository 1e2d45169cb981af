import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdClient, EtcdEntry, WriteResult } from '../../../../engine/etcd/index.ts';
import {
  deleteKey,
  EtcdError,
  grantLease,
  keyHistory,
  readKey,
  readLease,
  readRange,
  watchPrefix,
  writeKey,
} from '../../../../engine/etcd/index.ts';
import type { KeyEntry, KeyMeta, ReadMode } from '../../../contract/model.ts';
import type { KeyHistory } from '../../../contract/remote.ts';
import { KeyTeller } from '../../keys/key-teller.ts';
import type { DeleteOutcome, KeyListener, KeySpace, PutOutcome } from '../../keys/key-space.ts';

/** Long enough for an election, short enough for a person. */
const TIMEOUT_MS = 4_000;
/** A watch ends for these when its member goes; another one tells the rest. */
const GOES_ON: ReadonlySet<string> = new Set(['unavailable', 'deadline', 'noLeader', 'unknownOutcome']);
const MAX_FAILURES = 5;
const RETRY_MS = 200;

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

  /** A key that shall go by itself gets a lease of its own; etcd counts in seconds. */
  async put(
    key: string,
    value: string,
    expectedRevision: number | null,
    ttlMs: number | null = null,
  ): Promise<PutOutcome> {
    const bytes = fromBase64(key);
    const valueBytes = fromBase64(value);
    const client = this.#client();
    const lease = ttlMs === null ? undefined : await grantLease(client, Math.ceil(ttlMs / 1000));
    const result = await writeKey(client, bytes, valueBytes, expectedRevision, TIMEOUT_MS, lease);
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

  watch(prefix: string, listener: KeyListener): () => void {
    const ended = new AbortController();
    this.#watch(fromBase64(prefix), listener, ended.signal).catch((error: unknown) => {
      if (!ended.signal.aborted) listener.fail(error);
    });
    return () => ended.abort();
  }

  /** A stream that breaks is begun anew behind what it told last, so that nothing is missed. */
  async #watch(prefix: Buffer, listener: KeyListener, signal: AbortSignal): Promise<void> {
    const teller = new KeyTeller(listener);
    signal.addEventListener('abort', () => teller.close(), { once: true });
    let startRevision = 0;
    let failures = 0;
    while (!signal.aborted) {
      try {
        for await (const changes of watchPrefix(this.#client(), { prefix, startRevision, signal })) {
          failures = 0;
          for (const { type, entry } of changes) {
            const meta = type === 'put' ? toKeyMeta(entry, entry.value.length) : null;
            teller.add({ key: entry.key.toString('base64'), meta });
            startRevision = entry.modRevision + 1;
          }
        }
      } catch (error) {
        failures += 1;
        const canGoOn = error instanceof EtcdError && GOES_ON.has(error.code) && startRevision > 0;
        if (!canGoOn || failures > MAX_FAILURES) throw error;
        await sleep(RETRY_MS * failures, undefined, { signal }).catch(() => undefined);
      }
    }
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
