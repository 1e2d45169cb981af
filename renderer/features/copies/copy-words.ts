import type { CopyCounts, CopySettings, CopyView } from '../../../electron/contract/copies.ts';
import { formatBytes, formatCount, formatSpan, plural } from '../../ui/format.ts';

/** The steps that the assistant leads through, in order. */
export const copySteps = ['Choose', 'Check', 'Copy', 'Move over'] as const;

/** Which step a copy is at. */
export function stepOf(copy: CopyView | null): number {
  if (copy === null) return 0;
  if (copy.stage === 'rehearsing' || copy.stage === 'rehearsed') return 1;
  return copy.isCopied ? 3 : 2;
}

/** Needs the computer or the user still. */
export function isUnderWay({ stage }: CopyView): boolean {
  return stage !== 'done';
}

export function stageWords(copy: CopyView): string {
  switch (copy.stage) {
    case 'rehearsing':
      return 'Counting what would be done. Nothing is written.';
    case 'rehearsed':
      return 'Nothing is written yet.';
    case 'copying':
      return 'Copying.';
    case 'following':
      return 'All keys are copied. What changes in the source is written too.';
    case 'paused':
      return copy.isCopied ? 'Paused: changes of the source wait.' : 'Paused. It goes on where it was.';
    case 'failed':
      return 'It stopped.';
    case 'done':
      return copy.settings.follow ? 'Done: following has ended.' : 'Done: all keys are copied.';
  }
}

/** A line about the copy where there is little room. */
export function briefly(copy: CopyView): string {
  const { stage, counts, rehearsal } = copy;
  if (stage === 'copying' && rehearsal !== null) {
    return `copying, ${formatCount(counts.read)} of ${formatCount(Math.max(rehearsal.read, counts.read))}`;
  }
  return { rehearsing: 'counting', rehearsed: 'waits to begin', failed: 'stopped' }[stage as string] ?? stage;
}

/** How far it is, from 0 to 1; null where the end is not known. */
export function fractionOf({ stage, counts, rehearsal }: CopyView): number | null {
  if (rehearsal === null || stage === 'rehearsing') return null;
  // More than at the rehearsal may have been written meanwhile.
  return rehearsal.read === 0 ? 1 : Math.min(1, counts.read / rehearsal.read);
}

/** "31,200 of 100,000 keys, 4,000 a second, 18 s left". */
export function progressWords(copy: CopyView): string {
  const { counts, rehearsal, keysPerSecond } = copy;
  const all = rehearsal === null ? '' : ` of ${formatCount(Math.max(rehearsal.read, counts.read))}`;
  const parts = [`${formatCount(counts.read)}${all} keys`];
  if (keysPerSecond !== null && keysPerSecond > 0) {
    parts.push(`${formatCount(Math.round(keysPerSecond))} a second`);
    const left = rehearsal === null ? 0 : rehearsal.read - counts.read;
    if (left > 0) parts.push(`${formatSpan((left / keysPerSecond) * 1000)} left`);
  }
  return parts.join(', ');
}

export interface CountRow {
  readonly label: string;
  readonly value: string;
  readonly isBad?: boolean;
}

/** What was found or done, row by row; rows of nothing are left out but for the first two. */
export function countRows(counts: CopyCounts, isRehearsal: boolean): CountRow[] {
  const row = (label: string, count: number, isBad = false): CountRow[] =>
    count === 0 ? [] : [{ label, value: formatCount(count), isBad }];
  const written = `${formatCount(counts.written)}${counts.bytes > 0 ? ` (${formatBytes(counts.bytes)})` : ''}`;
  return [
    { label: isRehearsal ? 'To write' : 'Written', value: written },
    { label: 'Equal on both sides already', value: formatCount(counts.same) },
    ...row('Other value in the target, kept there', counts.skipped),
    ...row('Other value in the target', counts.conflicts, true),
    ...row('More than the target can take', counts.tooLarge, true),
    ...row('Expired before their turn', counts.expired),
  ];
}

/** Why what was counted cannot be begun, and what to do; null when it can. */
export function hindrance({ rehearsal, settings }: CopyView): string | null {
  if (rehearsal === null) return null;
  if (rehearsal.conflicts > 0) {
    return `${plural(rehearsal.conflicts, 'key')} of ${settings.to} would be in the way: choose whether they are kept or overwritten.`;
  }
  if (rehearsal.tooLarge > 0 && !settings.skipTooLarge) {
    return `${plural(rehearsal.tooLarge, 'key')} cannot be taken by ${settings.to}: choose to leave out what is too large.`;
  }
  return null;
}

/** What the button that begins it says. */
export function beginLabel({ rehearsal }: CopyView): string {
  const count = rehearsal?.written ?? 0;
  return count === 0 ? 'Begin' : `Copy ${plural(count, 'key')}`;
}

/** What both sides look like; null before they were compared. */
export function comparisonWords({ comparison }: CopyView): { readonly text: string; readonly isEqual: boolean } | null {
  if (comparison === null) return null;
  const { same, different, missing, extra, isRunning, error } = comparison;
  if (error !== null) return { text: `Both sides were not compared: ${error.message}`, isEqual: false };
  const found = [
    different > 0 ? `${formatCount(different)} differ` : '',
    missing > 0 ? `${formatCount(missing)} are missing in the target` : '',
    extra > 0 ? `${formatCount(extra)} are only in the target` : '',
  ].filter((part) => part !== '');
  const equal = `${plural(same, 'key')} ${same === 1 ? 'is' : 'are'} equal`;
  if (isRunning) return { text: `Comparing: ${[equal, ...found].join(', ')} so far.`, isEqual: false };
  if (found.length === 0)
    return { text: `Both sides are equal, byte for byte: ${plural(same, 'key')}.`, isEqual: true };
  return { text: `${[equal, ...found].join(', ')}.`, isEqual: false };
}

export const conflictMeans: Readonly<Record<CopySettings['onConflict'], string>> = {
  fail: 'The copy stops at the first key that has another value in the target. Nothing there is lost.',
  skip: 'Keys that have another value in the target keep it.',
  overwrite: 'Keys that have another value in the target get that of the source. Their former value is lost.',
};
