import type { DriverName } from './drivers/driver.ts';
import type { Figure } from './figures.ts';
import { measure, median, type Measurement } from './measure.ts';
import type { System } from './systems/system.ts';
import type { LoadSpec } from './worker/load.ts';

export interface Comparison {
  readonly figure: string;
  readonly unit: 'ops/s' | 'ms';
  readonly ours: number;
  readonly theirs: number;
  /** Better than 1 means that we are ahead: ours/theirs for rates, theirs/ours for latencies. */
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly atLeast: number | null;
  readonly theirDriver: DriverName;
  readonly runs: { readonly ours: readonly Measurement[]; readonly theirs: Record<string, readonly Measurement[]> };
}

export interface Pacing {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** Measures a figure on both systems in alternation, so that a machine whose speed drifts is fair to both. */
export async function compare(
  prkdb: System,
  etcd: System,
  figure: Figure,
  pacing: Pacing,
  ratePerSecond: number | null = null,
): Promise<Comparison> {
  const load: LoadSpec = {
    ...figure.load,
    ratePerSecond,
    seconds: pacing.seconds,
    warmUpSeconds: pacing.warmUpSeconds,
  };
  const ours: Measurement[] = [];
  const theirs = new Map<DriverName, Measurement[]>(figure.theirs.map((d) => [d, []]));
  for (let round = 0; round < pacing.rounds; round++) {
    ours.push(await measure(prkdb, figure.ours, load));
    for (const [driver, runs] of theirs) runs.push(await measure(etcd, driver, load));
  }
  const value = (m: Measurement): number => (figure.by === 'throughput' ? m.perSecond : m.p99Ms);
  const better = (a: number, b: number): boolean => (figure.by === 'throughput' ? a > b : a < b);
  let best: [DriverName, Measurement[]] | null = null;
  for (const entry of theirs) {
    if (best === null || better(median(entry[1].map(value)), median(best[1].map(value)))) best = entry;
  }
  const [theirDriver, theirRuns] = best!;
  const ratioOf = (a: number, b: number): number => (figure.by === 'throughput' ? a / b : b / a);
  const ratios = ours.map((m, i) => ratioOf(value(m), value(theirRuns[i]!)));
  return {
    figure: figure.name,
    unit: figure.by === 'throughput' ? 'ops/s' : 'ms',
    ours: median(ours.map(value)),
    theirs: median(theirRuns.map(value)),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    atLeast: figure.atLeast,
    theirDriver,
    runs: { ours, theirs: Object.fromEntries(theirs) },
  };
}
