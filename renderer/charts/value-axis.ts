import { decades, formatDecade, formatShort, innerTicks, linearTicks } from './scale.ts';
import { LEAST_LATENCY_MS, type Point } from './series.ts';

/** What one chart's value axis shows, and where it puts a value: 0 at the bottom, 1 at the top. */
export interface ValueAxis {
  readonly domain: readonly [number, number];
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

export function throughputAxis(points: readonly Point[]): ValueAxis {
  const most = Math.max(0, ...points.map((point) => Math.max(point.writesPerSecond ?? 0, point.readsPerSecond ?? 0)));
  const ticks = linearTicks(most, 2);
  const top = ticks.at(-1) ?? 1;
  return { domain: [0, top], ticks: ticks.map((value) => ({ at: value / top, label: formatShort(value) })) };
}

/** Logarithmic, in whole decades. */
export function latencyAxis(points: readonly Point[]): ValueAxis {
  const values = points.flatMap((point) => [point.writeP50Ms, point.writeP99Ms].filter((value) => value !== null));
  const ticks = decades(values);
  const low = Math.log10(ticks[0] ?? LEAST_LATENCY_MS);
  const high = Math.log10(ticks.at(-1) ?? 1000);
  return {
    domain: [10 ** low, 10 ** high],
    ticks: ticks.map((value) => ({ at: (Math.log10(value) - low) / (high - low), label: formatDecade(value) })),
  };
}

/** Around what is shown: sums only grow, so 0 would flatten them. Room below is for the bars of the lag. */
export function commitAxis(points: readonly Point[]): ValueAxis {
  const values = points.flatMap((point) => [point.committed, point.applied].filter((value) => value !== null));
  const least = values.length === 0 ? 0 : Math.min(...values);
  const high = values.length === 0 ? 1 : Math.max(...values, least + 1);
  const low = least - (high - least) * 0.15;
  const ticks = innerTicks(Math.max(0, low), high, 3);
  const step = (ticks[1] ?? high) - (ticks[0] ?? low);
  return {
    domain: [low, high],
    ticks: ticks.map((value) => ({ at: (value - low) / (high - low), label: formatShort(value, step) })),
  };
}
