import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation } from '../check/index.ts';
import { ClosedError, ConflictError, PrkDbError, type PrkDbClient } from '../client/index.ts';
import { DrillError } from './errors.ts';
import type { FinalRead } from './lost-writes.ts';
import type { DrillSettings } from './report.ts';

/** More is neither kept nor checked in reasonable time. */
const MAX_OPERATIONS = 400_000;
/** After a failed call, so that a cluster that refuses at once is not hammered. */
const FAILURE_PAUSE_MS = 20;
const SWAP_SHARE = 0.2;
const DELETE_SHARE = 0.1;
const READ_BACK_ATTEMPTS = 3;
const READ_BACK_CONCURRENCY = 32;
const READ_BACK_TIMEOUT_MS = 5_000;

/** Of a failed write these say for certain that it did not happen and never will. */
const NOTHING_HAPPENED: readonly string[] = [
  'NO_LEADER',
  'UNAVAILABLE',
  'INVALID_KEY',
  'INVALID_VALUE',
  'INVALID_ARGUMENT',
];
/** What a client may be told of a cluster that cannot serve just now. */
const DOCUMENTED: readonly string[] = ['NO_LEADER', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'UNKNOWN_OUTCOME'];

export interface SeenError {
  readonly code: string;
  count: number;
  readonly example: string;
  readonly documented: boolean;
}

/**
 * Clients that each wait for their answer before they call again, and write down what they
 * asked and heard, by performance.now(). Every client keeps to one partition, so that one
 * that waits for a lost leader does not keep others from being asked. No key is shared with
 * anything else, and every value is written once.
 */
export class Workload {
  readonly operations: Operation[] = [];
  readonly errors = new Map<string, SeenError>();
  readonly #client: PrkDbClient;
  readonly #settings: DrillSettings;
  readonly #partitions: number;
  readonly #keys: readonly (readonly string[])[];
  readonly #partitionOf = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #retriesBefore: number;
  #callers: Promise<unknown> | null = null;
  #overflowed = false;

  constructor(client: PrkDbClient, partitions: number, keyPrefix: string, settings: DrillSettings) {
    this.#client = client;
    this.#settings = settings;
    this.#partitions = partitions;
    this.#retriesBefore = client.counters().retries;
    const perPartition = Math.ceil(settings.keyCount / partitions);
    const keys = Array.from({ length: partitions }, (): string[] => []);
    for (let i = 0; this.#partitionOf.size < perPartition * partitions; i++) {
      const key = `${keyPrefix}${String(i).padStart(6, '0')}`;
      const partition = client.partitionOf(key);
      if (keys[partition] === undefined || keys[partition].length >= perPartition) continue;
      keys[partition].push(key);
      this.#partitionOf.set(key, partition);
    }
    this.#keys = keys;
  }

  get retried(): number {
    return this.#client.counters().retries - this.#retriesBefore;
  }

  get keys(): string[] {
    return [...this.#partitionOf.keys()];
  }

  partitionOf(key: string): number {
    const partition = this.#partitionOf.get(key);
    if (partition === undefined) throw new RangeError(`${key} is no key of this load`);
    return partition;
  }

  start(): void {
    this.#callers ??= Promise.all(Array.from({ length: this.#settings.clients }, (_, id) => this.#run(id)));
  }

  /** Throws when there is more history than can be checked. */
  check(): void {
    if (!this.#overflowed) return;
    throw new DrillError(
      'invalidSettings',
      `The load made more than ${MAX_OPERATIONS} operations, more than can be checked.`,
      'Use fewer clients or fewer seconds.',
    );
  }

  /** Ends when every call in flight has been answered or given up. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#callers;
  }

  /** Reads every key linearizably, which becomes part of the history. Keys that cannot be read are left out. */
  async readBack(signal: AbortSignal): Promise<Map<string, FinalRead>> {
    const found = new Map<string, FinalRead>();
    const queue = this.keys.values();
    const reader = async (id: number) => {
      for (const key of queue) {
        for (let attempt = 0; attempt < READ_BACK_ATTEMPTS && !found.has(key) && !signal.aborted; attempt++) {
          const read = await this.#get(id, key, READ_BACK_TIMEOUT_MS);
          if (read !== null) found.set(key, read);
        }
      }
    };
    const { clients } = this.#settings;
    await Promise.all(Array.from({ length: READ_BACK_CONCURRENCY }, (_, i) => reader(clients + i)));
    return found;
  }

  /** Deletes what the load wrote, as far as the cluster lets it. */
  async cleanUp(): Promise<void> {
    const queue = this.keys.values();
    const cleaner = async () => {
      for (const key of queue) {
        // A cluster that does not serve would keep each one waiting.
        await this.#client.delete(key, { timeoutMs: this.#settings.timeoutMs });
      }
    };
    await Promise.allSettled(Array.from({ length: READ_BACK_CONCURRENCY }, cleaner));
  }

  async #run(id: number): Promise<void> {
    const keys = this.#keys[id % this.#partitions] ?? [];
    const revisions = new Map<string, number>();
    for (let sequence = 1; !this.#stopping.signal.aborted; sequence++) {
      if (this.operations.length >= MAX_OPERATIONS) {
        this.#overflowed = true;
        return;
      }
      const key = keys[Math.floor(Math.random() * keys.length)]!;
      const before = this.operations.length;
      if (Math.random() * 100 < this.#settings.readPercent) {
        const read = await this.#get(id, key, this.#settings.timeoutMs);
        if (read !== null) revisions.set(key, read.revision);
      } else {
        await this.#write(id, key, `c${id}-${sequence}`, revisions);
      }
      const failed = this.operations.slice(before).some((one) => one.clientId === id && isFailure(one));
      if (failed) await sleep(FAILURE_PAUSE_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #write(clientId: number, key: string, value: string, revisions: Map<string, number>): Promise<void> {
    const dice = Math.random();
    const kind = dice < DELETE_SHARE ? 'delete' : dice < DELETE_SHARE + SWAP_SHARE ? 'cas' : 'put';
    const { timeoutMs, valueBytes } = this.#settings;
    const expectedRevision = revisions.get(key) ?? 0;
    const invokedAt = performance.now();
    const base = { clientId, key, invokedAt };
    try {
      if (kind === 'delete') {
        await this.#client.delete(key, { timeoutMs });
        revisions.set(key, 0);
        this.operations.push({ ...base, kind, outcome: 'ok', returnedAt: performance.now() });
        return;
      }
      const options = kind === 'cas' ? { timeoutMs, expectedRevision } : { timeoutMs };
      const { revision } = await this.#client.put(key, value.padEnd(valueBytes), options);
      revisions.set(key, revision);
      const done = { ...base, value, revision, outcome: 'ok' as const, returnedAt: performance.now() };
      this.operations.push(kind === 'cas' ? { ...done, kind, expectedRevision } : { ...done, kind });
    } catch (error) {
      const returnedAt = performance.now();
      if (error instanceof ConflictError && kind === 'cas') {
        const revision = error.current?.revision ?? 0;
        revisions.set(key, revision);
        this.operations.push({ ...base, kind, value, expectedRevision, revision, outcome: 'conflict', returnedAt });
        return;
      }
      this.#note(error);
      const outcome = certainlyFailed(error) ? 'failed' : 'unknown';
      const failed = { ...base, outcome, returnedAt } as const;
      if (kind === 'delete') this.operations.push({ ...failed, kind });
      else if (kind === 'cas') this.operations.push({ ...failed, kind, value, expectedRevision });
      else this.operations.push({ ...failed, kind, value });
    }
  }

  async #get(clientId: number, key: string, timeoutMs: number): Promise<FinalRead | null> {
    const base = { clientId, key, kind: 'get' as const, invokedAt: performance.now() };
    try {
      const entry = await this.#client.get(key, { timeoutMs });
      const read = { value: entry === null ? null : entry.value.toString().trimEnd(), revision: entry?.revision ?? 0 };
      this.operations.push({ ...base, ...read, outcome: 'ok', returnedAt: performance.now() });
      return read;
    } catch (error) {
      this.#note(error);
      this.operations.push({ ...base, value: null, outcome: 'failed', returnedAt: performance.now() });
      return null;
    }
  }

  #note(error: unknown): void {
    // Closing the client under the load is our own doing.
    if (error instanceof ClosedError) return;
    const code = error instanceof PrkDbError ? error.code : 'UNEXPECTED';
    const seen = this.errors.get(code);
    if (seen !== undefined) seen.count++;
    else {
      const example = error instanceof Error ? error.message : String(error);
      this.errors.set(code, { code, count: 1, example, documented: DOCUMENTED.includes(code) });
    }
  }
}

function isFailure(operation: Operation): boolean {
  return operation.outcome === 'failed' || operation.outcome === 'unknown';
}

function certainlyFailed(error: unknown): boolean {
  if (!(error instanceof PrkDbError)) return false;
  if ('outcome' in error) return error.outcome === 'none';
  return NOTHING_HAPPENED.includes(error.code);
}
