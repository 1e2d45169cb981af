import type { Sample, StoryEvent } from '../../electron/contract/model.ts';
import { isFault } from './window.ts';

/** A stretch of one partition's history in which term and leader stayed the same. */
export interface LaneSegment {
  readonly fromMs: number;
  readonly toMs: number;
  readonly term: number;
  /** 0: nobody led. */
  readonly leader: number;
  /** Whether this leader's term began within the window, and not before. */
  readonly began: boolean;
}

/** Samples come this much later than what they tell, at most. */
const SAMPLES_LAG_MS = 600;

interface Known {
  readonly timeMs: number;
  readonly term: number;
  readonly leader: number;
}

/**
 * The terms of every partition within [fromMs, toMs], as segments without holes from
 * the first thing known. Samples say what holds; an election's event says to the
 * millisecond when it began.
 */
export function termLanes(
  samples: readonly Sample[],
  events: readonly StoryEvent[],
  fromMs: number,
  toMs: number,
  partitions: number,
): LaneSegment[][] {
  const first = Math.max(0, samples.findIndex((sample) => sample.timeMs >= fromMs) - 1);
  const within = samples.slice(first).filter((sample) => sample.timeMs <= toMs);
  const elections = Map.groupBy(
    events.filter((event) => event.kind === 'elected' && event.term !== null && event.node !== null),
    (event) => event.partition,
  );
  return Array.from({ length: partitions }, (_, partition) => {
    const won = (elections.get(partition) ?? []).map((event): Known => ({
      timeMs: event.timeMs,
      term: event.term!,
      leader: event.node!,
    }));
    const sampled = changesOf(within, partition);
    const known = [
      ...sampled.filter((sample) => sample.leader !== 0 || !won.some((reign) => isBehind(sample, reign))),
      ...won.filter((reign) => reign.timeMs >= fromMs && reign.timeMs <= toMs),
    ];
    known.sort((a, b) => a.timeMs - b.timeMs);
    return segmentsOf(
      [...known, ...losses(known, events)].sort((a, b) => a.timeMs - b.timeMs),
      fromMs,
      toMs,
    );
  });
}

/** What samples say of a partition, without those that say the same as the ones on both sides of them. */
function changesOf(samples: readonly Sample[], partition: number): Known[] {
  const says = (i: number, other: number): boolean =>
    samples[i]?.terms[partition] === samples[other]?.terms[partition] &&
    samples[i]?.leaders[partition] === samples[other]?.leaders[partition];
  const known: Known[] = [];
  for (const [i, { timeMs, terms, leaders }] of samples.entries()) {
    const [term, leader] = [terms[partition], leaders[partition]];
    if (term === undefined || leader === undefined || (says(i, i - 1) && says(i, i + 1))) continue;
    known.push({ timeMs, term, leader });
  }
  return known;
}

/** A sample may not have heard yet of the election that the event tells. */
function isBehind(sample: Known, reign: Known): boolean {
  const lateMs = sample.timeMs - reign.timeMs;
  return sample.term === reign.term && lateMs >= 0 && lateMs < SAMPLES_LAG_MS;
}

/** When a leader's own fault is what ended its time, that is when: samples notice it later. */
function losses(known: readonly Known[], events: readonly StoryEvent[]): Known[] {
  return known.flatMap((next, i) => {
    const before = known[i - 1];
    if (before === undefined || before.leader === 0 || before.leader === next.leader) return [];
    const fault = events.find(
      (event) =>
        isFault(event) && event.node === before.leader && event.timeMs > before.timeMs && event.timeMs <= next.timeMs,
    );
    return fault === undefined ? [] : [{ timeMs: fault.timeMs, term: before.term, leader: 0 }];
  });
}

function segmentsOf(known: readonly Known[], fromMs: number, toMs: number): LaneSegment[] {
  const segments: LaneSegment[] = [];
  let current = null as Known | null;
  const end = (atMs: number) => {
    // What was superseded in the same millisecond never showed: segments have a length, and each its own start.
    if (current === null || atMs <= Math.max(fromMs, current.timeMs)) return;
    const before = segments.findLast((segment) => segment.leader !== 0);
    segments.push({
      fromMs: Math.max(current.timeMs, fromMs),
      toMs: atMs,
      term: current.term,
      leader: current.leader,
      began: current.timeMs > fromMs && segments.length > 0 && !(before !== undefined && isSameReign(before, current)),
    });
  };
  for (const next of known) {
    // A sample that is behind the event tells an older term: what is known does not go back.
    if (
      current !== null &&
      (next.term < current.term || (next.term === current.term && next.leader === current.leader))
    )
      continue;
    if (current !== null && next.leader === 0 && current.leader === 0) {
      // One absence, however many terms were tried in it.
      current = { ...current, term: next.term };
      continue;
    }
    end(next.timeMs);
    current = next;
  }
  end(toMs);
  return segments;
}

/** Nobody else led in between: a leader that was out of sight and came back. */
function isSameReign(a: { term: number; leader: number }, b: { term: number; leader: number }): boolean {
  return a.term === b.term && a.leader === b.leader;
}

/** The spans in which at least one partition had no leader, joined where they touch. */
export function leaderlessSpans(lanes: readonly (readonly LaneSegment[])[]): { fromMs: number; toMs: number }[] {
  const spans = lanes
    .flat()
    .filter((segment) => segment.leader === 0)
    .map(({ fromMs, toMs }) => ({ fromMs, toMs }))
    .sort((a, b) => a.fromMs - b.fromMs);
  const joined: { fromMs: number; toMs: number }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs);
    else joined.push(span);
  }
  return joined;
}

/** How many elections were won: the event of the feed may tell several at once. */
export function electionCount(lanes: readonly (readonly LaneSegment[])[]): number {
  return lanes.flat().filter((segment) => segment.began && segment.leader !== 0).length;
}

/** The longest that any one partition was without a leader, ms; 0 when none was. */
export function longestGapMs(lanes: readonly (readonly LaneSegment[])[]): number {
  const gaps = lanes.flat().filter((segment) => segment.leader === 0);
  return Math.max(0, ...gaps.map((segment) => segment.toMs - segment.fromMs));
}
