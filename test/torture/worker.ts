import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, ReadMode, type PrkDbClient } from '../../engine/client/index.ts';
import type { Random } from '../simulation/random.ts';
import type { History, WorkerOperation } from './history.ts';
import type { KeySet } from './keys.ts';
import { makeValue, readValue } from './values.ts';

const TIMEOUT_MS = 5_000;
const THINK_MAX_MS = 60;

const MIX: readonly (readonly [WorkerOperation, number])[] = [
  ['put', 28],
  ['cas', 17],
  ['delete', 8],
  ['get', 22],
  ['followerGet', 13],
  ['staleGet', 12],
];
const MIX_TOTAL = MIX.reduce((sum, [, weight]) => sum + weight, 0);

/** A client with one operation under way at a time, that writes down what it asks and hears. */
export class Worker {
  readonly id: number;
  readonly #client: PrkDbClient;
  readonly #random: Random;
  readonly #keys: KeySet;
  readonly #history: History;
  /** The revision of each key as this client last saw it: what a compare-and-swap expects. */
  readonly #revisions = new Map<string, number>();
  #writes = 0;

  constructor(id: number, client: PrkDbClient, random: Random, keys: KeySet, history: History) {
    this.id = id;
    this.#client = client;
    this.#random = random;
    this.#keys = keys;
    this.#history = history;
  }

  async run(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      await this.#once(this.#pick(), this.#keys.next());
      await sleep(this.#random.below(THINK_MAX_MS));
    }
  }

  /** A linearizable read that becomes part of the history; rejects when it fails. */
  async read(key: string, mode: 'get' | 'followerGet', timeoutMs = TIMEOUT_MS): Promise<void> {
    const readMode = mode === 'get' ? ReadMode.Linearizable : ReadMode.Follower;
    const base = { clientId: this.id, key, kind: 'get', invokedAt: performance.now() } as const;
    try {
      const row = await this.#client.get(key, { readMode, timeoutMs });
      const revision = row?.revision ?? 0;
      const value = row === null ? null : readValue(row.value);
      this.#history.operations.push({ ...base, returnedAt: performance.now(), outcome: 'ok', value, revision });
      this.#history.count(mode, 'ok');
      this.#revisions.set(key, revision);
    } catch (error) {
      const outcome = this.#history.outcomeOf(error) === 'failed' ? 'failed' : 'unknown';
      this.#history.operations.push({ ...base, returnedAt: performance.now(), outcome, value: null });
      this.#history.count(mode, outcome);
      throw error;
    }
  }

  close(): void {
    this.#client.close();
  }

  #pick(): WorkerOperation {
    let point = this.#random.below(MIX_TOTAL);
    for (const [name, weight] of MIX) {
      if (point < weight) return name;
      point -= weight;
    }
    return 'get';
  }

  async #once(name: WorkerOperation, key: string): Promise<void> {
    switch (name) {
      case 'put':
        return this.#write('put', key, null);
      case 'cas': {
        const guess = this.#random.chance(0.1) ? 0 : (this.#revisions.get(key) ?? 0);
        return this.#write('cas', key, guess);
      }
      case 'delete':
        return this.#delete(key);
      case 'staleGet':
        return this.#staleRead(key);
      case 'get':
      case 'followerGet':
        // What failed is in the history.
        return this.read(key, name).catch(() => undefined);
    }
  }

  async #write(kind: 'put' | 'cas', key: string, expected: number | null): Promise<void> {
    const removes = expected !== null && expected !== 0 && this.#random.chance(0.2);
    const value = removes ? null : makeValue(this.id, ++this.#writes);
    const options = { timeoutMs: TIMEOUT_MS, ...(expected === null ? {} : { expectedRevision: expected }) };
    const invokedAt = performance.now();
    let outcome: 'ok' | 'conflict' | 'failed' | 'unknown';
    let revision: number | undefined;
    try {
      if (value === null) await this.#client.delete(key, options);
      else revision = (await this.#client.put(key, value.bytes, options)).revision;
      outcome = 'ok';
      this.#revisions.set(key, revision ?? 0);
    } catch (error) {
      outcome = this.#history.outcomeOf(error);
      if (error instanceof ConflictError) {
        revision = error.current?.revision ?? 0;
        this.#revisions.set(key, revision);
      }
    }
    const base = { clientId: this.id, key, invokedAt, returnedAt: performance.now() };
    const told = revision === undefined ? {} : { revision };
    if (kind === 'cas') {
      const id = value?.id ?? null;
      this.#history.operations.push({ ...base, kind, outcome, value: id, expectedRevision: expected ?? 0, ...told });
    } else if (outcome === 'conflict') {
      throw new Error(`An unconditional put of ${key} was answered with a conflict.`);
    } else {
      this.#history.operations.push({ ...base, kind, outcome, value: value!.id, ...told });
    }
    this.#history.count(kind, outcome);
  }

  async #delete(key: string): Promise<void> {
    const invokedAt = performance.now();
    let outcome: 'ok' | 'failed' | 'unknown' = 'ok';
    try {
      await this.#client.delete(key, { timeoutMs: TIMEOUT_MS });
      this.#revisions.set(key, 0);
    } catch (error) {
      outcome = this.#history.outcomeOf(error) === 'failed' ? 'failed' : 'unknown';
    }
    const returnedAt = performance.now();
    this.#history.operations.push({ clientId: this.id, key, kind: 'delete', invokedAt, returnedAt, outcome });
    this.#history.count('delete', outcome);
  }

  async #staleRead(key: string): Promise<void> {
    const invokedAt = performance.now();
    try {
      const row = await this.#client.get(key, { readMode: ReadMode.Stale, timeoutMs: TIMEOUT_MS });
      const value = row === null ? null : readValue(row.value);
      const revision = row?.revision ?? 0;
      this.#history.staleReads.push({ key, value, revision, invokedAt, returnedAt: performance.now() });
      this.#history.count('staleGet', 'ok');
    } catch (error) {
      this.#history.count('staleGet', this.#history.outcomeOf(error) === 'failed' ? 'failed' : 'unknown');
    }
  }
}
