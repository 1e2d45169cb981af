import type { ChangeFeed } from './change-feed.ts';
import { CopyError } from './errors.ts';
import { applyChanges } from './follow.ts';
import { patiently } from './patience.ts';
import { pacer } from './rate.ts';
import { addCounts, noCounts, type CopyCheckpoint, type CopyCounts } from './state.ts';
import type { KeyStore, Pair } from './store.ts';

export type ConflictPolicy = 'skip' | 'overwrite' | 'fail';

export type Notable = 'conflict' | 'skipped' | 'tooLarge' | 'expired';

export interface CopyOptions {
  readonly from: KeyStore;
  readonly to: KeyStore;
  readonly prefix: Buffer;
  readonly onConflict: ConflictPolicy;
  /** Leaves out what the target cannot take, instead of ending there. */
  readonly skipTooLarge: boolean;
  /** Says what would be done, and writes nothing. */
  readonly dryRun: boolean;
  /** Reads each written key back and compares. */
  readonly verify: boolean;
  /** Null: as fast as both sides can. */
  readonly keysPerSecond: number | null;
  /** Where to go on. */
  readonly begin: Progress;
  /** Changes of the source since `begin.position`; null where they are not followed. */
  readonly feed: ChangeFeed | null;
  /** Called behind each page, when all of it is in the target. */
  readonly checkpoint: (progress: Progress) => Promise<void>;
  readonly progress: (counts: CopyCounts) => void;
  /** A key with which something else is done than to write it. */
  readonly notable: (key: Buffer, what: Notable) => void;
  /** Ends it at once; what the page under way has written is looked at again the next time. */
  readonly signal: AbortSignal;
}

export type Progress = Pick<CopyCheckpoint, 'after' | 'position' | 'counts'>;

export const atBeginning: Progress = { after: '', position: null, counts: noCounts };

/** Stores put what is asked at once into few requests. */
const CONCURRENCY = 256;

/**
 * Copies all keys with a prefix, page by page in key order. What is there already with the same
 * value is left, so a run that was killed may be repeated from its last checkpoint or from the
 * start with the same result. Without a feed all is of one moment where the source keeps its
 * history; with one, each page is as it is when it is read, and later changes of what was
 * copied are written between two pages. Resolves with how far it got; `isComplete` is false
 * when the signal ended it. Rejects with CopyError for a key that cannot be copied, conflicts
 * under `fail` included.
 */
export async function copyKeys(options: CopyOptions): Promise<Progress & { readonly isComplete: boolean }> {
  const { from, prefix, signal, feed, begin } = options;
  const pace = pacer(options.keysPerSecond, signal);
  let { counts, position, after } = begin;
  const pages = from.pages(prefix, { after: Buffer.from(after, 'base64'), ofOneMoment: feed === null, signal });
  try {
    for await (const page of pages) {
      if (signal.aborted) break;
      const done = await copyPage(page, options, counts, pace);
      if (!done.isWhole) return { after, position, counts: done.counts, isComplete: false };
      counts = done.counts;
      after = page.at(-1)!.key.toString('base64');
      position = await catchUp(feed, options, Buffer.from(after, 'base64'), position);
      if (signal.aborted) break;
      if (!options.dryRun) await options.checkpoint({ after, counts, position });
    }
  } catch (error) {
    // What fails because it is being ended has not failed.
    if (!signal.aborted) throw error;
  }
  return { after, position, counts, isComplete: !signal.aborted };
}

/** Writes what has changed of the keys up to `after`. The rest is read when its turn comes, as it is then. */
async function catchUp(
  feed: ChangeFeed | null,
  { to, signal, dryRun }: CopyOptions,
  after: Buffer,
  position: string | null,
): Promise<string | null> {
  if (feed === null || dryRun) return position;
  const batches = feed.take();
  await applyChanges(batches, to, (key) => Buffer.compare(key, after) <= 0, signal);
  return batches.at(-1)?.position ?? position;
}

type Outcome = 'written' | 'same' | 'skipped' | 'conflicts' | 'expired' | 'tooLarge';

async function copyPage(
  page: readonly Pair[],
  options: CopyOptions,
  before: CopyCounts,
  pace: () => Promise<void>,
): Promise<{ counts: CopyCounts; isWhole: boolean }> {
  const { signal } = options;
  let counts = before;
  const pairs = page.values();
  let failure: unknown;
  const worker = async (): Promise<void> => {
    for (const pair of pairs) {
      if (failure !== undefined || signal.aborted) return;
      try {
        await pace();
        if (signal.aborted) return;
        const outcome = await patiently(() => copyPair(pair, options), signal);
        const bytes = outcome === 'written' ? pair.value.length : 0;
        counts = addCounts(counts, { read: 1, [outcome]: 1, bytes });
        options.progress(counts);
        const what = notables[outcome];
        if (what !== undefined) options.notable(pair.key, what);
      } catch (error) {
        failure ??= error instanceof CopyError ? error : notCopied(pair.key, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, page.length) }, worker));
  if (failure !== undefined) throw failure as Error;
  return { counts, isWhole: counts.read - before.read === page.length };
}

const notables: Partial<Record<Outcome, Notable>> = {
  conflicts: 'conflict',
  skipped: 'skipped',
  expired: 'expired',
  tooLarge: 'tooLarge',
};

async function copyPair(pair: Pair, options: CopyOptions): Promise<Outcome> {
  const { to, onConflict, dryRun, verify, skipTooLarge } = options;
  const { key, value } = pair;
  if (isOver(pair)) return 'expired';
  const refusal = to.refusal(pair);
  if (refusal !== null) {
    if (dryRun || skipTooLarge) return 'tooLarge';
    throw new CopyError(key, `was not copied: ${refusal}`);
  }
  if (dryRun) return foresee(pair, options);
  const outcome = await write(pair, to, onConflict);
  if (outcome !== 'written' || !verify) return outcome;
  const there = await to.get(key);
  if (there?.equals(value) === true || (there === null && isOver(pair))) return outcome;
  throw new CopyError(key, 'reads back differently: something else writes to the target.');
}

async function write(pair: Pair, to: KeyStore, onConflict: ConflictPolicy): Promise<Outcome> {
  const created = await to.create(pair);
  if (created.outcome === 'created') return 'written';
  if (created.value.equals(pair.value)) return 'same';
  if (onConflict === 'skip') return 'skipped';
  if (onConflict === 'fail') throw new CopyError(pair.key, 'is in the target with another value.');
  await to.overwrite(pair);
  return 'written';
}

async function foresee({ key, value }: Pair, { to, onConflict }: CopyOptions): Promise<Outcome> {
  const there = await to.get(key);
  if (there === null) return 'written';
  if (there.equals(value)) return 'same';
  return onConflict === 'fail' ? 'conflicts' : onConflict === 'skip' ? 'skipped' : 'written';
}

function isOver({ expiresAtMs }: Pair): boolean {
  return expiresAtMs !== null && expiresAtMs <= Date.now();
}

function notCopied(key: Buffer, error: unknown): CopyError {
  const why = error instanceof Error ? error.message : String(error);
  return new CopyError(key, `was not copied: ${why}`, { cause: error });
}
