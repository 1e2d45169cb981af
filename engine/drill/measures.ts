import type { Operation } from '../check/index.ts';

/** An answer that a client got: a value, an acknowledgement, or a conflict. */
export interface Answer {
  readonly atMs: number;
  readonly partition: number;
}

/** In order of time. `partitionOf` throws for no key of the history. */
export function answersOf(operations: readonly Operation[], partitionOf: (key: string) => number): Answer[] {
  return operations
    .filter((one) => one.outcome === 'ok' || one.outcome === 'conflict')
    .map((one) => ({ atMs: one.returnedAt, partition: partitionOf(one.key) }))
    .sort((a, b) => a.atMs - b.atMs);
}

export interface Gap {
  readonly lengthMs: number;
  readonly endMs: number;
  readonly open: boolean;
}

/**
 * The longest time between two answers of which the second came in (fromMs, untilMs]; what
 * came before `fromMs` counts as the first of a pair. `open` says that nothing came in the
 * whole range, so that the true gap is longer than what is told.
 */
export function longestGap(sorted: readonly Answer[], fromMs: number, untilMs: number): Gap {
  let last = sorted.findLast((one) => one.atMs <= fromMs)?.atMs ?? fromMs;
  let lengthMs = 0;
  let endMs = fromMs;
  let open = true;
  const take = (atMs: number) => {
    if (atMs - last > lengthMs) [lengthMs, endMs] = [atMs - last, atMs];
    last = atMs;
  };
  for (const { atMs } of sorted) {
    if (atMs <= fromMs || atMs > untilMs) continue;
    take(atMs);
    open = false;
  }
  take(untilMs);
  return { lengthMs, endMs, open };
}

/** Answers per second in (fromMs, untilMs]; 0 for a range of no length. */
export function ratePerSecond(answers: readonly Answer[], fromMs: number, untilMs: number): number {
  if (untilMs <= fromMs) return 0;
  const inside = answers.filter((one) => one.atMs > fromMs && one.atMs <= untilMs).length;
  return (inside * 1000) / (untilMs - fromMs);
}

export const RECOVERY_WINDOW_MS = 1_000;
/** Of the throughput before the fault. A machine that runs other things too is never as even as this is strict. */
export const RECOVERED_SHARE = 0.5;
const RECOVERY_STEP_MS = 50;

/**
 * The earliest time from `fromMs` on at which the following second has an answer of every
 * partition and at least half of the rate before the fault; null when there is none until
 * `untilMs`.
 */
export function recoveredAt(
  sorted: readonly Answer[],
  range: { readonly fromMs: number; readonly untilMs: number },
  partitions: number,
  beforePerSecond: number,
): number | null {
  const answers = sorted.filter((one) => one.atMs > range.fromMs);
  const counts = new Map<number, number>();
  const needed = (beforePerSecond * RECOVERED_SHARE * RECOVERY_WINDOW_MS) / 1000;
  let begin = 0;
  let end = 0;
  for (let atMs = range.fromMs; atMs + RECOVERY_WINDOW_MS <= range.untilMs; atMs += RECOVERY_STEP_MS) {
    for (; end < answers.length && answers[end]!.atMs <= atMs + RECOVERY_WINDOW_MS; end++) {
      const { partition } = answers[end]!;
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    for (; begin < end && answers[begin]!.atMs <= atMs; begin++) {
      const { partition } = answers[begin]!;
      const left = counts.get(partition)! - 1;
      if (left === 0) counts.delete(partition);
      else counts.set(partition, left);
    }
    if (counts.size === partitions && end - begin >= needed) return atMs;
  }
  return null;
}

export interface Election {
  readonly partition: number;
  readonly node: number;
  readonly term: number;
  readonly atMs: number;
}

/** A partition whose leader a fault took away: who led it, in which term, and when that was. */
export interface LeaderHit {
  readonly partition: number;
  readonly leader: number;
  readonly term: number;
  readonly atMs: number;
}

export interface LeaderlessTime {
  readonly hit: LeaderHit;
  readonly election: Election | null;
  readonly lengthMs: number | null;
}

/** For each hit the time until a later term had a leader, and that election; null when none was seen. */
export function leaderlessTimes(hits: readonly LeaderHit[], elections: readonly Election[]): LeaderlessTime[] {
  const sorted = elections.toSorted((a, b) => a.term - b.term);
  return hits.map((hit) => {
    const election = sorted.find((one) => one.partition === hit.partition && one.term > hit.term) ?? null;
    // A hand-over may be won in the very moment that its node is told to stop.
    const lengthMs = election === null ? null : Math.max(0, election.atMs - hit.atMs);
    return { hit, election, lengthMs };
  });
}

const MAX_BUCKETS = 600;
const MIN_BUCKET_MS = 100;

/** Answers and errors over time, for a chart: at most 600 buckets of at least 100 ms. */
export function timelineOf(
  operations: readonly Operation[],
  range: { readonly fromMs: number; readonly untilMs: number },
): { readonly bucketMs: number; readonly answered: number[]; readonly failed: number[] } {
  const lengthMs = Math.max(0, range.untilMs - range.fromMs);
  const bucketMs = Math.max(MIN_BUCKET_MS, Math.ceil(lengthMs / MAX_BUCKETS / MIN_BUCKET_MS) * MIN_BUCKET_MS);
  const buckets = Math.max(1, Math.ceil(lengthMs / bucketMs));
  const answered = Array.from({ length: buckets }, () => 0);
  const failed = Array.from({ length: buckets }, () => 0);
  for (const { returnedAt, outcome } of operations) {
    if (returnedAt < range.fromMs || returnedAt > range.untilMs) continue;
    const bucket = Math.min(buckets - 1, Math.floor((returnedAt - range.fromMs) / bucketMs));
    const counts = outcome === 'ok' || outcome === 'conflict' ? answered : failed;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { bucketMs, answered, failed };
}
