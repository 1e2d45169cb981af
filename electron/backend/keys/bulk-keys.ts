import { BULK_BYTES } from '../../contract/bulk-keys.ts';
import type { CommandOutput, QueryOutput } from '../../contract/contract.ts';
import type { KeyEntry, ReadMode } from '../../contract/model.ts';
import { toApiError } from '../api-error.ts';
import type { KeySpace } from './key-space.ts';

/** Calls in flight at once: enough to fill the client's batches, few enough to leave room for others. */
const IN_FLIGHT = 128;

/** Clocks differ, and a time to live is counted from when it is written. */
const SAME_TIME_MS = 2_000;

type Pair = { readonly key: string; readonly value: string; readonly expiresAtMs?: number | null | undefined };
type Reason = CommandOutput<'keys.putMany'>['reason'];

/** Calls over many keys, for any key space that answers for one. Keys and values are base64. */
export class BulkKeys {
  readonly #keys: KeySpace;
  readonly #put: KeySpace['put'];
  readonly #now: () => number;

  /** `put`: how a key is written, where that is not as the key space does it. */
  constructor(keys: KeySpace, put?: KeySpace['put'], now: () => number = Date.now) {
    this.#keys = keys;
    this.#put = put ?? keys.put.bind(keys);
    this.#now = now;
  }

  /** Whole entries after a key, as many as may travel at once. */
  async read(options: {
    prefix: string;
    after: string;
    limit: number;
    readMode: ReadMode;
  }): Promise<QueryOutput<'keys.read'>> {
    const page = await this.#keys.scan(options);
    const names = page.keys.map((meta) => meta.key);
    const { entries } = await this.entries(names, options.readMode);
    const read = entries.length;
    return {
      // What was deleted since the scan is not there to be read.
      entries: entries.filter((entry) => entry !== null),
      next: read < names.length ? (names[read - 1] ?? null) : page.next,
    };
  }

  /** The first of these keys: at least one, and no more than may travel at once. */
  async entries(keys: readonly string[], readMode: ReadMode): Promise<QueryOutput<'keys.entries'>> {
    const entries: (KeyEntry | null)[] = [];
    let sizeBytes = 0;
    for (let at = 0; at < keys.length && sizeBytes < BULK_BYTES; at += IN_FLIGHT) {
      const batch = keys.slice(at, at + IN_FLIGHT);
      const answers = await Promise.all(batch.map(async (key) => (await this.#keys.get(key, readMode)).entry));
      for (const [i, entry] of answers.entries()) {
        sizeBytes += sizeOf(batch[i]!) + sizeOf(entry?.value ?? '');
        if (sizeBytes > BULK_BYTES && entries.length > 0) return { entries };
        entries.push(entry);
      }
    }
    return { entries };
  }

  async compare(pairs: readonly Pair[]): Promise<QueryOutput<'keys.compare'>> {
    const answers = await inParallel(pairs, async ({ key, value, expiresAtMs = null }) => {
      if (this.#isOver(expiresAtMs)) return 'expired' as const;
      const { entry } = await this.#keys.get(key, 'linearizable');
      if (entry === null) return 'new' as const;
      const isSame = entry.value === value && isSameTime(entry.expiresAtMs ?? null, expiresAtMs);
      return isSame ? ('same' as const) : ('different' as const);
    });
    return { answers };
  }

  putMany(pairs: readonly Pair[], existing: 'replace' | 'keep'): Promise<CommandOutput<'keys.putMany'>> {
    return settle(pairs, async ({ key, value, expiresAtMs = null }) => {
      if (this.#isOver(expiresAtMs)) return 'expired' as const;
      const ttlMs = expiresAtMs === null ? null : expiresAtMs - this.#now();
      const answer = await this.#put(key, value, existing === 'keep' ? 0 : null, ttlMs);
      return answer.outcome === 'saved' ? ('written' as const) : ('kept' as const);
    });
  }

  #isOver(expiresAtMs: number | null): boolean {
    return expiresAtMs !== null && expiresAtMs <= this.#now();
  }

  deleteMany(
    keys: readonly { readonly key: string; readonly expectedRevision: number | null }[],
  ): Promise<CommandOutput<'keys.deleteMany'>> {
    return settle(keys, async ({ key, expectedRevision }) => {
      const answer = await this.#keys.delete(key, expectedRevision);
      if (answer.outcome === 'deleted') return answer.found ? ('deleted' as const) : ('absent' as const);
      return answer.current === null ? ('absent' as const) : ('changed' as const);
    });
  }
}

function isSameTime(a: number | null, b: number | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= SAME_TIME_MS;
}

/** Bytes that base64 stands for, or nearly so. */
function sizeOf(base64: string): number {
  return (base64.length / 4) * 3;
}

/** Each item's result in its place; rejects with the first failure. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += IN_FLIGHT) {
    results.push(...(await Promise.all(items.slice(at, at + IN_FLIGHT).map(work))));
  }
  return results;
}

/** Each item's outcome, also of those that failed, with the first reason. Rejects when all were refused alike. */
async function settle<T, O extends string>(
  items: readonly T[],
  work: (item: T) => Promise<O>,
): Promise<{ outcomes: (O | 'failed')[]; reason: Reason }> {
  let first: { error: unknown } | null = null;
  const outcomes = await inParallel(items, async (item): Promise<O | 'failed'> => {
    try {
      return await work(item);
    } catch (error) {
      first ??= { error };
      return 'failed';
    }
  });
  const failure = first as { error: unknown } | null;
  if (failure === null) return { outcomes, reason: null };
  if (outcomes.every((outcome) => outcome === 'failed')) throw failure.error;
  const { message, hint } = toApiError(failure.error);
  return { outcomes, reason: { message, hint } };
}
