import { ChangeFeed } from './change-feed.ts';
import { atBeginning, copyKeys, type CopyOptions, type Progress } from './copy.ts';
import { CopyRefusedError } from './errors.ts';
import { followChanges, type FollowCounts } from './follow.ts';
import type { CopyCheckpoint, CopyCounts } from './state.ts';

type Settings = Pick<
  CopyOptions,
  | 'from'
  | 'to'
  | 'prefix'
  | 'onConflict'
  | 'skipTooLarge'
  | 'dryRun'
  | 'verify'
  | 'keysPerSecond'
  | 'progress'
  | 'notable'
  | 'signal'
>;

export interface CopyRun extends Settings {
  /** Then writes what changes in the source too, until the signal. */
  readonly follow: boolean;
  /** Where an earlier run of the same copy ended; null to begin. */
  readonly resume: CopyCheckpoint | null;
  /** Keeps it, so that a run that is killed goes on from there. */
  readonly save: (checkpoint: CopyCheckpoint) => Promise<void>;
  /** All keys are in the target, and changes are followed from here on. */
  readonly copied: (counts: CopyCounts) => void;
  readonly followed: (counts: FollowCounts) => void;
}

export interface RunResult {
  readonly counts: CopyCounts;
  /** Every key was looked at; false when the signal ended it before. */
  readonly isCopied: boolean;
  readonly followed: FollowCounts | null;
}

/**
 * One run of a copy, from where an earlier one ended: copies, and follows if asked to. Rejects
 * with CopyRefusedError when the clusters are not those the copy began with, or are the same
 * one; else as `copyKeys` and `followChanges` do.
 */
export async function runCopy(run: CopyRun): Promise<RunResult> {
  const { from, to, follow, dryRun, resume, signal } = run;
  const [fromIdentity, toIdentity] = await Promise.all([from.identity(), to.identity()]);
  checkIdentities(run, fromIdentity, toIdentity);
  const begin: Progress = resume ?? { ...atBeginning, position: dryRun ? null : await positionOf(run) };
  const checkpoint = (progress: Progress, isCopied: boolean): Promise<void> =>
    run.save({
      fromIdentity,
      toIdentity,
      after: progress.after,
      position: progress.position,
      counts: progress.counts,
      isCopied,
    });
  const stopFeed = new AbortController();
  const feed = follow && !dryRun ? feedOf(run, begin.position, AbortSignal.any([signal, stopFeed.signal])) : null;
  try {
    // A copy that is killed within its first page has a beginning too.
    if (!dryRun && resume === null) await checkpoint(begin, false);
    const copied: Progress & { readonly isComplete: boolean } =
      resume?.isCopied === true
        ? { ...begin, isComplete: true }
        : await copyKeys({ ...run, begin, feed, checkpoint: (progress) => checkpoint(progress, false) });
    const { counts, isComplete } = copied;
    if (!isComplete || feed === null) return { counts, isCopied: isComplete, followed: null };
    await checkpoint(copied, true);
    run.copied(counts);
    const followed = await followChanges({
      feed,
      to,
      checkpoint: (position) => checkpoint({ ...copied, position }, true),
      progress: run.followed,
      signal,
    });
    return { counts, isCopied: true, followed };
  } finally {
    stopFeed.abort();
  }
}

function feedOf({ from, prefix }: CopyRun, position: string | null, ends: AbortSignal): ChangeFeed {
  if (position !== null) return new ChangeFeed(from, prefix, position, ends);
  throw new CopyRefusedError(
    'It is not known what changed in the source since this copy began.',
    'Begin the copy anew, and follow from its beginning.',
  );
}

/** Kept also where nothing is followed yet, since following may be asked for when the copy is taken up again. */
async function positionOf({ from, prefix, follow }: CopyRun): Promise<string | null> {
  try {
    return await from.position(prefix);
  } catch (error) {
    if (follow) throw error;
    return null;
  }
}

function checkIdentities({ from, to, resume }: CopyRun, fromIdentity: string, toIdentity: string): void {
  if (fromIdentity === toIdentity) {
    throw new CopyRefusedError(`${from.title} and ${to.title} are the same cluster.`, 'Choose another target.');
  }
  if (resume === null) return;
  const other = resume.toIdentity !== toIdentity ? to.title : resume.fromIdentity !== fromIdentity ? from.title : null;
  if (other === null) return;
  throw new CopyRefusedError(
    `${other} is another cluster than the one that this copy began with.`,
    'Going on would leave out the keys that were copied before. Begin the copy anew.',
  );
}
