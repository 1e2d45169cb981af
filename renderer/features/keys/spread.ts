import { plural } from '../../ui/format.ts';

export interface Bar {
  readonly partition: number;
  readonly count: number;
  /** Of the fullest one. */
  readonly fraction: number;
}

/** One bar for each partition, also for those that hold none. */
export function barsOf(
  counted: readonly { readonly partition: number; readonly count: number }[],
  partitions: number,
): Bar[] {
  const most = Math.max(1, ...counted.map(({ count }) => count));
  const counts = new Map(counted.map(({ partition, count }) => [partition, count]));
  return Array.from({ length: partitions }, (_, partition) => {
    const count = counts.get(partition) ?? 0;
    return { partition, count, fraction: count / most };
  });
}

/** What the bars show, in a sentence. */
export function spreadSentence(bars: readonly Bar[], isWhole: boolean): string {
  const counts = bars.map(({ count }) => count);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const what = isWhole ? plural(total, 'key') : `The first ${plural(total, 'key')}`;
  if (total === 0) return 'No keys.';
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const fullest = bars.find(({ count }) => count === most)!.partition;
  return `${what} in ${plural(bars.length, 'partition')}: from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}, most in p${fullest}.`;
}
