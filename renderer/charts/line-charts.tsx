import { memo } from 'react';
import { Area, ComposedChart, Line, XAxis, YAxis } from 'recharts';
import type { Band, PlotLayout } from './layout.ts';
import type { Point } from './series.ts';
import type { ValueAxis } from './value-axis.ts';

interface LineChartProps {
  readonly points: readonly Point[];
  readonly axis: ValueAxis;
  readonly layout: PlotLayout;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The charts draw lines only: grid, ticks and time are drawn once for all of them, by the overlay. */
function frame(layout: PlotLayout, band: Band) {
  return {
    width: layout.width,
    height: band.height,
    margin: { top: 0, bottom: 0, left: layout.left, right: layout.width - layout.right },
    style: { position: 'absolute', left: 0, top: band.top } as const,
    accessibilityLayer: false,
  };
}

function timeAxis(fromMs: number, toMs: number) {
  return { dataKey: 'timeMs', type: 'number', domain: [fromMs, toMs], allowDataOverflow: true, hide: true } as const;
}

function valueAxis(axis: ValueAxis) {
  return { domain: [...axis.domain], allowDataOverflow: true, hide: true };
}

const first = {
  stroke: 'var(--series-1)',
  strokeWidth: 1.5,
  dot: false,
  activeDot: false,
  isAnimationActive: false,
  type: 'linear',
} as const;

const second = { ...first, stroke: 'var(--series-2)', strokeWidth: 1.4, strokeDasharray: '4 3' } as const;

/** Writes (first series) and reads (second) per second. */
export const ThroughputChart = memo(function ThroughputChart({ points, axis, layout, fromMs, toMs }: LineChartProps) {
  return (
    <ComposedChart {...frame(layout, layout.throughput)} data={points}>
      <XAxis {...timeAxis(fromMs, toMs)} />
      <YAxis {...valueAxis(axis)} />
      <Area {...first} dataKey="writesPerSecond" fill="var(--series-1-fill)" fillOpacity={1} />
      <Line {...second} dataKey="readsPerSecond" />
    </ComposedChart>
  );
});

/** p50 (first series) and p99 (second) of writes, on a logarithmic scale. */
export const LatencyChart = memo(function LatencyChart({ points, axis, layout, fromMs, toMs }: LineChartProps) {
  return (
    <ComposedChart {...frame(layout, layout.latency)} data={points}>
      <XAxis {...timeAxis(fromMs, toMs)} />
      <YAxis {...valueAxis(axis)} scale="log" />
      <Line {...first} dataKey="writeP50Ms" />
      <Line {...second} dataKey="writeP99Ms" />
    </ComposedChart>
  );
});

/** Committed (first series) and applied (second) entries of all partitions, with the lag between them below. */
export const CommitChart = memo(function CommitChart({ points, axis, layout, fromMs, toMs }: LineChartProps) {
  const mostLag = Math.max(1, ...points.map((point) => point.lag ?? 0));
  return (
    <ComposedChart {...frame(layout, layout.commit)} data={points}>
      <XAxis {...timeAxis(fromMs, toMs)} />
      <YAxis yAxisId="entries" {...valueAxis(axis)} />
      <YAxis yAxisId="lag" hide domain={[0, mostLag * 5]} />
      {/* One path: a bar a point costs more than all the lines together. */}
      <Area
        yAxisId="lag"
        dataKey="lag"
        type="step"
        stroke="none"
        fill="var(--text-3)"
        fillOpacity={0.45}
        dot={false}
        activeDot={false}
        isAnimationActive={false}
      />
      <Line {...first} yAxisId="entries" dataKey="committed" />
      <Line {...second} yAxisId="entries" dataKey="applied" />
    </ComposedChart>
  );
});
