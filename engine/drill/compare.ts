import type { DrillReport } from './report.ts';

export interface Comparison {
  readonly measure: string;
  readonly unit: 'ms' | 'per second' | 'count';
  /** Null where a report does not know. */
  readonly first: number | null;
  readonly second: number | null;
  /** Whether the second is better or worse by more than a tenth; null when that cannot be said. */
  readonly change: 'better' | 'worse' | 'same' | null;
}

const NOTICEABLE = 0.1;

/** Two reports measure by measure. */
export function compareReports(first: DrillReport, second: DrillReport): Comparison[] {
  const row = (
    measure: string,
    unit: Comparison['unit'],
    of: (report: DrillReport) => number | null,
    lessIsBetter = true,
  ): Comparison => {
    const [a, b] = [of(first), of(second)];
    return { measure, unit, first: a, second: b, change: changeOf(a, b, lessIsBetter) };
  };
  return [
    row('Unavailable window', 'ms', (r) => r.timings.unavailableMs),
    row('Time without a leader', 'ms', (r) => r.timings.leaderlessMs),
    row('No client had an answer', 'ms', (r) => r.timings.silentMs),
    row('Throughput back after', 'ms', (r) => r.timings.recoveredMs),
    row('Throughput before', 'per second', (r) => r.throughput.beforePerSecond, false),
    row('Throughput during', 'per second', (r) => r.throughput.duringPerSecond, false),
    row('Throughput after', 'per second', (r) => r.throughput.afterPerSecond, false),
    row('Retried', 'count', (r) => r.operations.retried),
    row('Failed', 'count', (r) => r.operations.failed),
    row('Acknowledged writes lost', 'count', (r) => r.consistency.acknowledgedWritesLost),
  ];
}

function changeOf(first: number | null, second: number | null, lessIsBetter: boolean): Comparison['change'] {
  if (first === null || second === null) return null;
  if (Math.abs(second - first) <= NOTICEABLE * Math.max(first, second)) return 'same';
  return second < first === lessIsBetter ? 'better' : 'worse';
}
