import type { Sample } from '../../contract/model.ts';

/**
 * At most maxPoints samples that tell the same story: rates are averaged, the worst
 * p99 is kept, totals are the latest, and a partition that was without a leader at any
 * moment of a merged stretch stays without one, so that no outage is thinned away.
 */
export function thinSamples(samples: readonly Sample[], maxPoints: number): Sample[] {
  const [first] = samples;
  if (first === undefined || samples.length <= maxPoints) return [...samples];
  // By time and not by number: what is long past was thinned before.
  const spanMs = samples.at(-1)!.timeMs - first.timeMs;
  const placeOf = ({ timeMs }: Sample): number =>
    Math.min(maxPoints - 1, Math.floor(((timeMs - first.timeMs) / spanMs) * maxPoints));
  return [...Map.groupBy(samples, placeOf).values()].map(merge);
}

function merge(samples: readonly Sample[]): Sample {
  const last = samples.at(-1)!;
  return {
    timeMs: last.timeMs,
    writesPerSecond: average(samples.map((s) => s.writesPerSecond)),
    readsPerSecond: average(samples.map((s) => s.readsPerSecond)),
    writeP50Ms: average(samples.map((s) => s.writeP50Ms)),
    writeP99Ms: highest(samples.map((s) => s.writeP99Ms)),
    committed: last.committed,
    applied: last.applied,
    terms: last.terms,
    leaders: last.leaders.map((leader, partition) =>
      samples.some((sample) => sample.leaders[partition] === 0) ? 0 : leader,
    ),
  };
}

function average(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
