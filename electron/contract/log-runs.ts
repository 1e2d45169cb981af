import type { LogRun } from './model.ts';

/** Contiguous entries, oldest first, as runs of one term each. */
export function runsOf(entries: readonly { readonly index: number; readonly term: number }[]): LogRun[] {
  const runs: LogRun[] = [];
  for (const { index, term } of entries) {
    const last = runs.at(-1);
    if (last !== undefined && last.term === term && last.toIndex === index - 1) last.toIndex = index;
    else runs.push({ fromIndex: index, toIndex: index, term });
  }
  return runs;
}

/**
 * What was read of a log, made to fit a later word of its replica. Terms never fall along a
 * log, nor rise above the replica's own term: behind an entry of that very term can only be
 * more of it. Entries of which that cannot be said are left out.
 */
export function fitRuns(
  runs: readonly LogRun[],
  word: { readonly term: number; readonly firstLogIndex: number; readonly lastLogIndex: number } | null,
): LogRun[] {
  if (word === null) return [...runs];
  const fitted = runs
    .filter((run) => run.fromIndex <= word.lastLogIndex && run.toIndex >= word.firstLogIndex)
    .map((run) => ({
      ...run,
      fromIndex: Math.max(run.fromIndex, word.firstLogIndex),
      toIndex: Math.min(run.toIndex, word.lastLogIndex),
    }));
  const last = fitted.at(-1);
  if (last !== undefined && last.term === word.term) last.toIndex = word.lastLogIndex;
  return fitted;
}

/** The term of an entry; null when it is not known. */
export function termAt(runs: readonly LogRun[], index: number): number | null {
  return runs.find((run) => run.fromIndex <= index && index <= run.toIndex)?.term ?? null;
}
