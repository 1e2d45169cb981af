import type { Sample } from '../../electron/contract/model.ts';

/** A hole in the samples longer than this is a gap: it is hatched, not joined. */
export const GAP_MS = 2_500;

/** A point of the charts; a null breaks the line. */
export interface Point {
  readonly timeMs: number;
  readonly writesPerSecond: number | null;
  readonly readsPerSecond: number | null;
  readonly writeP50Ms: number | null;
  readonly writeP99Ms: number | null;
  readonly committed: number | null;
  readonly applied: number | null;
  readonly lag: number | null;
}

/** The smallest latency the logarithmic axis can show. */
export const LEAST_LATENCY_MS = 0.1;

function pointOf(sample: Sample): Point {
  const latency = (value: number | null) => (value === null ? null : Math.max(LEAST_LATENCY_MS, value));
  return {
    timeMs: sample.timeMs,
    writesPerSecond: sample.writesPerSecond,
    readsPerSecond: sample.readsPerSecond,
    writeP50Ms: latency(sample.writeP50Ms),
    writeP99Ms: latency(sample.writeP99Ms),
    committed: sample.committed,
    applied: sample.applied,
    lag: Math.max(0, sample.committed - sample.applied),
  };
}

function mergePoints(points: readonly Point[]): Point {
  const last = points.at(-1);
  if (last === undefined) throw new RangeError('Nothing to merge.');
  const present = (pick: (point: Point) => number | null) => points.map(pick).filter((value) => value !== null);
  const mean = (values: number[]) =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  const most = (values: number[]) => (values.length === 0 ? null : Math.max(...values));
  return {
    ...last,
    writesPerSecond: mean(present((point) => point.writesPerSecond)),
    readsPerSecond: mean(present((point) => point.readsPerSecond)),
    writeP50Ms: mean(present((point) => point.writeP50Ms)),
    writeP99Ms: most(present((point) => point.writeP99Ms)),
    lag: most(present((point) => point.lag)),
  };
}

/**
 * The samples from just before fromMs to toMs as points, at most about `maxPoints`:
 * rates averaged, the worst p99 and lag kept. Buckets are aligned to absolute time, so
 * that points do not change as the window moves. A gap becomes a point of nulls.
 */
export function chartPoints(
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
  maxPoints: number,
  gapMs = GAP_MS,
): Point[] {
  const first = Math.max(0, samples.findIndex((sample) => sample.timeMs >= fromMs) - 1);
  const within = samples.slice(first).filter((sample) => sample.timeMs <= toMs);
  const bucketMs = within.length <= maxPoints ? 0 : (toMs - fromMs) / maxPoints;
  const points: Point[] = [];
  let bucket: Point[] = [];
  const flush = () => {
    if (bucket.length > 0) points.push(mergePoints(bucket));
    bucket = [];
  };
  for (const [i, sample] of within.entries()) {
    const before = within[i - 1];
    const isGap = before !== undefined && sample.timeMs - before.timeMs > gapMs;
    const newBucket =
      bucketMs === 0 ||
      before === undefined ||
      Math.floor(before.timeMs / bucketMs) !== Math.floor(sample.timeMs / bucketMs);
    if (isGap || newBucket) flush();
    if (isGap) points.push(breakAt((before.timeMs + sample.timeMs) / 2));
    bucket.push(pointOf(sample));
  }
  flush();
  return points;
}

function breakAt(timeMs: number): Point {
  return {
    timeMs,
    writesPerSecond: null,
    readsPerSecond: null,
    writeP50Ms: null,
    writeP99Ms: null,
    committed: null,
    applied: null,
    lag: null,
  };
}

/** Stretches of [fromMs, toMs] without samples, from the first sample ever on. */
export function dataGaps(
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
  gapMs = GAP_MS,
): { fromMs: number; toMs: number }[] {
  const gaps: { fromMs: number; toMs: number }[] = [];
  const add = (a: number, b: number) => {
    if (b - a <= gapMs || b <= fromMs || a >= toMs) return;
    gaps.push({ fromMs: Math.max(a, fromMs), toMs: Math.min(b, toMs) });
  };
  for (const [i, sample] of samples.entries()) {
    const before = samples[i - 1];
    if (before !== undefined) add(before.timeMs, sample.timeMs);
  }
  const last = samples.at(-1);
  if (last !== undefined) add(last.timeMs, toMs);
  return gaps;
}

/** The sample that held at a time: the last one not after it, if it is near enough to speak for it. */
export function sampleAt(samples: readonly Sample[], timeMs: number, gapMs = GAP_MS): Sample | null {
  const found = samples.findLast((sample) => sample.timeMs <= timeMs);
  return found === undefined || timeMs - found.timeMs > gapMs ? null : found;
}
