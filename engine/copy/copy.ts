import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyStore, Pair } from './store.ts';

export type ConflictPolicy = 'skip' | 'overwrite' | 'fail';

/** What was done so far. */
export interface CopyCounts {
  /** Keys of the source that were looked at. */
  readonly read: number;
  readonly written: number;
  /** There already, with the same value. */
  readonly same: number;
  /** There with another value, and left as it is. */
  readonly skipped: number;
  readonly bytes: number;
}

export interface CopyOptions {
  readonly from: KeyStore;
  readonly to: KeyStore;
  readonly prefix: Buffer;
  readonly onConflict: ConflictPolicy;
  /** Says what would be done, and writes nothing. */
  readonly dryRun: boolean;
  /** Reads each written key back and compares. */
  readonly verify: boolean;
  /** Null: as fast as both sides can. */
  readonly keysPerSecond: number | null;
  /** Where an earlier run ended, and what it had done; null to begin. */
  readonly resume: CopyCheckpoint | null;
  /** Called behind each page, when all of it is in the target. */
  readonly checkpoint: (checkpoint: CopyCheckpoint) => Promise<void>;
  readonly progress: (counts: CopyCounts) => void;
  /** Ends it behind the page that is under way. */
  readonly signal: AbortSignal;
}

export interface CopyCheckpoint {
  /** The last key that is done, base64; empty before the first. */
  readonly after: string;
  /** Where in the history of the source this copy began; null where it has none. */
  readonly position: string | null;
  readonly counts: CopyCounts;
}

/** The key as text is in the message. */
export class CopyError extends Error {
  readonly key: Buffer;
  constructor(key: Buffer, problem: string, options?: ErrorOptions) {
    super(`${printable(key)} ${problem}`, options);
    this.name = 'CopyError';
    this.key = key;
  }
}

const PAGE_KEYS = 500;
const CONCURRENCY = 64;
export const noCounts: CopyCounts = { read: 0, written: 0, same: 0, skipped: 0, bytes: 0 };

/**
 * Copies all keys with a prefix, page by page in key order. What is there already with the same
 * value is left, so a run that was killed may be repeated from its last checkpoint or from the
 * start with the same result. Resolves with what was done; `isComplete` is false when the
 * signal ended it. Rejects with CopyError for a key that cannot be copied, conflicts under
 * `fail` included.
 */
export async function copyKeys(
  options: CopyOptions,
): Promise<{ readonly counts: CopyCounts; readonly isComplete: boolean; readonly position: string | null }> {
  const { from, prefix, signal, resume } = options;
  const pace = pacer(options.keysPerSecond, signal);
  let counts = resume?.counts ?? noCounts;
  let position = resume?.position ?? null;
  let after: Buffer = Buffer.from(resume?.after ?? '', 'base64');
  for (;;) {
    if (signal.aborted) return { counts, isComplete: false, position };
    const page = await from.page(prefix, after, PAGE_KEYS);
    position ??= from.position;
    const last = page.at(-1);
    if (last === undefined) return { counts, isComplete: true, position };
    const done = await copyPage(page, options, pace);
    counts = addCounts(counts, done.counts);
    options.progress(counts);
    if (!done.isWhole) return { counts, isComplete: false, position };
    after = last.key;
    if (!options.dryRun) await options.checkpoint({ after: after.toString('base64'), counts, position });
  }
}

type Outcome = 'written' | 'same' | 'skipped';

async function copyPage(
  page: readonly Pair[],
  options: CopyOptions,
  pace: () => Promise<void>,
): Promise<{ counts: CopyCounts; isWhole: boolean }> {
  let counts = noCounts;
  const pairs = page.values();
  let failure: unknown;
  const worker = async (): Promise<void> => {
    for (const pair of pairs) {
      if (failure !== undefined || options.signal.aborted) return;
      try {
        await pace();
        if (options.signal.aborted) return;
        const outcome = await copyPair(pair, options);
        counts = addCounts(counts, {
          ...noCounts,
          read: 1,
          [outcome]: 1,
          bytes: outcome === 'written' ? pair.value.length : 0,
        });
      } catch (error) {
        failure ??= error instanceof CopyError ? error : notCopied(pair.key, error);
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  if (failure !== undefined) throw failure as Error;
  return { counts, isWhole: counts.read === page.length };
}

async function copyPair({ key, value }: Pair, options: CopyOptions): Promise<Outcome> {
  const { to, onConflict, dryRun, verify } = options;
  const outcome = dryRun ? await foresee(key, value, options) : await write(key, value, to, onConflict);
  if (outcome === 'written' && verify && !dryRun) {
    const there = await to.get(key);
    if (there === null || !there.equals(value)) {
      throw new CopyError(key, 'reads back differently: something else writes to the target.');
    }
  }
  return outcome;
}

async function write(key: Buffer, value: Buffer, to: KeyStore, onConflict: ConflictPolicy): Promise<Outcome> {
  const created = await to.create(key, value);
  if (created.outcome === 'created') return 'written';
  if (created.value.equals(value)) return 'same';
  if (onConflict === 'skip') return 'skipped';
  if (onConflict === 'fail') throw conflict(key);
  await to.overwrite(key, value);
  return 'written';
}

async function foresee(key: Buffer, value: Buffer, { to, onConflict }: CopyOptions): Promise<Outcome> {
  const there = await to.get(key);
  if (there === null) return 'written';
  if (there.equals(value)) return 'same';
  if (onConflict === 'fail') throw conflict(key);
  return onConflict === 'skip' ? 'skipped' : 'written';
}

function conflict(key: Buffer): CopyError {
  return new CopyError(key, 'is in the target with another value.');
}

function notCopied(key: Buffer, error: unknown): CopyError {
  const why = error instanceof Error ? error.message : String(error);
  return new CopyError(key, `was not copied: ${why}`, { cause: error });
}

function addCounts(a: CopyCounts, b: CopyCounts): CopyCounts {
  return {
    read: a.read + b.read,
    written: a.written + b.written,
    same: a.same + b.same,
    skipped: a.skipped + b.skipped,
    bytes: a.bytes + b.bytes,
  };
}

/** Gives each caller its place in time, so that no more than so many begin a second. */
function pacer(keysPerSecond: number | null, signal: AbortSignal): () => Promise<void> {
  if (keysPerSecond === null) return () => Promise.resolve();
  let nextMs = performance.now();
  return async () => {
    const nowMs = performance.now();
    nextMs = Math.max(nextMs, nowMs) + 1000 / keysPerSecond;
    const waitMs = nextMs - 1000 / keysPerSecond - nowMs;
    // The end is noticed by the caller.
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  };
}

function printable(key: Buffer): string {
  return JSON.stringify(key.toString('utf8').slice(0, 120));
}
