import { memo } from 'react';
import { Area, Bar, CartesianGrid, ComposedChart, Line, XAxis, YAxis } from 'recharts';
import type { Band, PlotLayout } from './layout.ts';
import { decades, formatDecade, formatShort, innerTicks, linearTicks } from './scale.ts';
import { LEAST_LATENCY_MS, type Point } from './series.ts';

/** Room for half a tick label above and below the plot itself. */
const BLEED = 7;
const TICK = { fontSize: 10.5, fill: 'var(--text-3)' } as const;
const GRID = 'var(--grid)';

interface LineChartProps {
  readonly points: readonly Point[];
  readonly layout: PlotLayout;
  readonly fromMs: number;
  readonly toMs: number;
}

/** All three charts share the axis below, so each draws only its own scale. */
function frame(layout: PlotLayout, band: Band) {
  return {
    width: layout.width,
    height: band.height + 2 * BLEED,
    margin: { top: BLEED, bottom: BLEED, left: 0, right: layout.width - layout.right },
    style: { position: 'absolute', left: 0, top: band.top - BLEED } as const,
    accessibilityLayer: false,
  };
}

function timeAxis(fromMs: number, toMs: number) {
  return {
    dataKey: 'timeMs',
    type: 'number',
    domain: [fromMs, toMs],
    allowDataOverflow: true,
    hide: true,
  } as const;
}

const valueAxis = {
  tick: TICK,
  tickLine: false,
  axisLine: false,
  tickSize: 0,
  tickMargin: 7,
  interval: 0,
  allowDataOverflow: true,
} as const;

const first = {
  stroke: 'var(--series-1)',
  strokeWidth: 1.5,
  dot: false,
  activeDot: false,
  isAnimationActive: false,
  type: 'linear',
} as const;

const second = {
  ...first,
  stroke: 'var(--series-2)',
  strokeWidth: 1.4,
  strokeDasharray: '4 3',
} as const;

/** Writes (first series) and reads (second) per second. */
export const ThroughputChart = memo(function ThroughputChart({ points, layout, fromMs, toMs }: LineChartProps) {
  const most = Math.max(0, ...points.map((point) => Math.max(point.writesPerSecond ?? 0, point.readsPerSecond ?? 0)));
  const ticks = linearTicks(most, 2);
  return (
    <ComposedChart {...frame(layout, layout.throughput)} data={points}>
      <CartesianGrid vertical={false} stroke={GRID} />
      <XAxis {...timeAxis(fromMs, toMs)} />
      <YAxis
        {...valueAxis}
        width={layout.left}
        domain={[0, ticks.at(-1) ?? 1]}
        ticks={ticks}
        tickFormatter={(value: number) => formatShort(value)}
      />
      <Area {...first} dataKey="writesPerSecond" fill="var(--series-1-fill)" fillOpacity={1} />
      <Line {...second} dataKey="readsPerSecond" />
    </ComposedChart>
  );
});

/** p50 (first series) and p99 (second) of writes, on a logarithmic scale. */
export const LatencyChart = memo(function LatencyChart({ points, layout, fromMs, toMs }: LineChartProps) {
  const values = points.flatMap((point) => [point.writeP50Ms, point.writeP99Ms].filter((value) => value !== null));
  const ticks = decades(values);
  return (
    <ComposedChart {...frame(layout, layout.latency)} data={points}>
      <CartesianGrid vertical={false} stroke={GRID} />
      <XAxis {...timeAxis(fromMs, toMs)} />
      <YAxis
        {...valueAxis}
        width={layout.left}
        scale="log"
        domain={[ticks[0] ?? LEAST_LATENCY_MS, ticks.at(-1) ?? 1000]}
        ticks={ticks}
        tickFormatter={formatDecade}
      />
      <Line {...first} dataKey="writeP50Ms" />
      <Line {...second} dataKey="writeP99Ms" />
    </ComposedChart>
  );
});

/** Committed (first series) and applied (second) entries of all partitions, with the lag between them as bars. */
export const CommitChart = memo(function CommitChart({ points, layout, fromMs, toMs }: LineChartProps) {
  const values = points.flatMap((point) => [point.committed, point.applied].filter((value) => value !== null));
  const low = values.length === 0 ? 0 : Math.min(...values);
  const high = values.length === 0 ? 1 : Math.max(...values, low + 1);
  const room = (high - low) * 0.15;
  const ticks = innerTicks(low, high, 3);
  const mostLag = Math.max(1, ...points.map((point) => point.lag ?? 0));
  return (
    <ComposedChart {...frame(layout, layout.commit)} data={points} barCategoryGap={1}>
      <CartesianGrid vertical={false} stroke={GRID} />
      <XAxis {...timeAxis(fromMs, toMs)} />
      <YAxis
        {...valueAxis}
        yAxisId="entries"
        width={layout.left}
        domain={[low - room, high]}
        ticks={ticks}
        tickFormatter={(value: number) => formatShort(value, (ticks[1] ?? high) - (ticks[0] ?? low))}
      />
      <YAxis yAxisId="lag" hide domain={[0, mostLag * 5]} />
      <Bar
        yAxisId="lag"
        dataKey="lag"
        fill="var(--text-3)"
        fillOpacity={0.45}
        isAnimationActive={false}
        maxBarSize={6}
      />
      <Line {...first} yAxisId="entries" dataKey="committed" />
      <Line {...second} yAxisId="entries" dataKey="applied" />
    </ComposedChart>
  );
});
