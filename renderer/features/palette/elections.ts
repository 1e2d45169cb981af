import type { Sample, StoryEvent } from '../../../electron/contract/model.ts';
import { termLanes } from '../../charts/lanes.ts';
import { formatMs } from '../../ui/format.ts';
import { EXPECTED_GAP } from '../overview/loss.ts';
import type { Elections } from './action.ts';

/** A longer time without a leader was an outage: no quorum, so that nobody could be elected. */
const LONGEST_ELECTION_MS = 5_000;
/** Enough for a median, and quick to go through also with hundreds of partitions. */
const MAX_SAMPLES = 2_000;

/** The median time a partition took to get its next leader; null when none changed hands. */
export function measureElections(samples: readonly Sample[], events: readonly StoryEvent[]): Elections | null {
  const lately = samples.slice(-MAX_SAMPLES);
  const from = lately[0]?.timeMs;
  const to = lately.at(-1)?.timeMs;
  if (from === undefined || to === undefined) return null;
  const partitions = Math.max(...lately.map((sample) => sample.leaders.length));
  const gaps = termLanes(lately, events, from, to, partitions)
    .flatMap((lane) => lane.filter((part, i) => part.leader === 0 && i > 0 && i < lane.length - 1))
    .map((part) => part.toMs - part.fromMs)
    .filter((gap) => gap <= LONGEST_ELECTION_MS)
    .sort((a, b) => a - b);
  const median = gaps[Math.floor(gaps.length / 2)];
  return median === undefined ? null : { medianMs: median, count: gaps.length };
}

/** For a sentence: what was measured, or what the election timeout leads to expect. */
export function gapWords(elections: Elections | null): string {
  return elections === null ? EXPECTED_GAP : `about ${formatMs(elections.medianMs)}`;
}

/** For the facts: the same, and where it is known from. */
export function gapFact(elections: Elections | null): string {
  if (elections === null) return 'about 0.5 s; none measured yet';
  const of = elections.count === 1 ? 'as measured once' : `median of ${elections.count} elections`;
  return `about ${formatMs(elections.medianMs)}, ${of}`;
}
