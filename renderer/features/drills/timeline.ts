import type { DrillReport } from '../../../electron/contract/drills.ts';

interface LaneOutage {
  readonly fromOffsetMs: number;
  /** Infinity when no leader came any more. */
  readonly toOffsetMs: number;
}

/** The partitions that lost their leader, each with the times it had none. */
export function lanesOf(report: DrillReport): { readonly partition: number; readonly outages: LaneOutage[] }[] {
  return [...Map.groupBy(report.outages, (one) => one.partition)]
    .map(([partition, outages]) => ({
      partition,
      outages: outages.map(({ fromOffsetMs, lengthMs }) => ({
        fromOffsetMs,
        toOffsetMs: lengthMs === null ? Number.POSITIVE_INFINITY : fromOffsetMs + lengthMs,
      })),
    }))
    .toSorted((a, b) => a.partition - b.partition);
}

const STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120];

/** Whole seconds around the fault, at most so many. */
export function secondTicks(fromMs: number, toMs: number, most: number): number[] {
  const step = (STEPS_S.find((s) => (toMs - fromMs) / (s * 1000) <= most) ?? 300) * 1000;
  const first = Math.ceil(fromMs / step) * step;
  // -0 is 0 for who reads it.
  return Array.from({ length: Math.floor((toMs - first) / step) + 1 }, (_, i) => first + i * step + 0);
}

/** A round number that the highest value does not pass: one digit with zeros, or 1.5 of them. */
export function topOf(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((n) => n * power).find((top) => top >= highest) ?? 10 * power;
}

/** The buckets as whole seconds from the fault on; those before it are negative. */
export function perSecond(
  timeline: DrillReport['timeline'],
): { readonly second: number; readonly answered: number; readonly failed: number }[] {
  const rows = new Map<number, { second: number; answered: number; failed: number }>();
  for (const [i, answered] of timeline.answered.entries()) {
    const second = Math.floor((timeline.firstOffsetMs + i * timeline.bucketMs) / 1000);
    const row = rows.get(second) ?? { second, answered: 0, failed: 0 };
    row.answered += answered;
    row.failed += timeline.failed[i] ?? 0;
    rows.set(second, row);
  }
  return [...rows.values()];
}
