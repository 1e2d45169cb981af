import type { ReadMode } from '../../../electron/contract/model.ts';
import { formatMs, formatSpan } from '../../ui/format.ts';

export const readModes = [
  { value: 'linearizable', label: 'Linearizable' },
  { value: 'follower', label: 'Follower' },
  { value: 'stale', label: 'Stale' },
] as const satisfies readonly { value: ReadMode; label: string }[];

/** What the last read took: of one key, or of one page of the list, which asks every partition. */
export interface ReadCost {
  readonly of: 'key' | 'page';
  readonly ms: number;
}

/** What a read in this mode means, and what the last one cost. */
export function explainReadMode(mode: ReadMode, cost: ReadCost | null, stalenessMs: number | null): string {
  switch (mode) {
    case 'linearizable':
      return `every read asks the partition leader, so you always see the latest committed value. Costs one leader round trip${inWords(cost)}. Fails if the partition has no leader.`;
    case 'follower':
      return `any replica answers, once it has caught up to where the leader says commits stand. As fresh as linearizable, and the leader does less. Costs a round trip and a short wait${inWords(cost)}. Fails if the partition has no leader.`;
    case 'stale':
      return `any replica answers from what it has and asks nobody. ${staleness(stalenessMs)} Costs one local read${inWords(cost)}. Works without a leader.`;
  }
}

function inWords(cost: ReadCost | null): string {
  if (cost === null) return '';
  return cost.of === 'key' ? `, ${formatMs(cost.ms)} now` : `; this list took ${formatMs(cost.ms)}`;
}

function staleness(stalenessMs: number | null): string {
  if (stalenessMs === null) return 'What you see may be old; open a key to see how old.';
  const age = stalenessMs < 10_000 ? formatMs(stalenessMs) : formatSpan(stalenessMs);
  return `The open value may be up to ${age} old.`;
}

/** What works and what does not while partitions have no leader. */
export function leaderlessSentence(leaderless: number, partitions: number): string {
  const what = 'writes, linearizable and follower reads';
  const until = 'fail until a majority of replicas is up. Stale reads still answer.';
  if (leaderless < partitions) {
    const have = leaderless === 1 ? 'has' : 'have';
    return `${leaderless} of ${partitions} partitions ${have} none, so ${what} of their keys ${until}`;
  }
  const all = partitions === 1 ? 'the partition has none' : `none of the ${partitions} partitions has one`;
  return `${all}, so ${what} ${until}`;
}
