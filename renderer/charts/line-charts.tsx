import { memo, type ReactNode } from 'react';
import type { Band, PlotLayout } from './layout.ts';
import { areaPath, linearScale, linePath, logScale, stepAreaPath, type PlotScale } from './paths.ts';
import type { Point } from './series.ts';
import type { ValueAxis } from './value-axis.ts';
import styles from './line-charts.module.css';

interface LineChartProps {
  readonly points: readonly Point[];
  readonly axis: ValueAxis;
  readonly layout: PlotLayout;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The lag's bars fill this share of the chart below the lines. */
const LAG_SHARE = 0.2;

/** The charts draw lines only: grid, ticks and time are drawn once for all of them, by the overlay. */
function Frame({ layout, band, children }: { layout: PlotLayout; band: Band; children: ReactNode }) {
  return (
    <svg
      className={styles.frame}
      style={{ left: layout.left, top: band.top }}
      width={layout.right - layout.left}
      height={band.height}
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

function scaleOf({ layout, fromMs, toMs }: LineChartProps, y: PlotScale['y']): PlotScale {
  const pxPerMs = (layout.right - layout.left) / Math.max(1, toMs - fromMs);
  return { x: (timeMs) => (timeMs - fromMs) * pxPerMs, y };
}

/** Writes (first series) and reads (second) per second. */
export const ThroughputChart = memo(function ThroughputChart(props: LineChartProps) {
  const { points, axis, layout } = props;
  const { height } = layout.throughput;
  const scale = scaleOf(props, linearScale(axis.domain, height));
  return (
    <Frame layout={layout} band={layout.throughput}>
      <path className={styles.area} d={areaPath(points, (point) => point.writesPerSecond, scale, height)} />
      <path className={styles.first} d={linePath(points, (point) => point.writesPerSecond, scale)} />
      <path className={styles.second} d={linePath(points, (point) => point.readsPerSecond, scale)} />
    </Frame>
  );
});

/** p50 (first series) and p99 (second) of writes, on a logarithmic scale. */
export const LatencyChart = memo(function LatencyChart(props: LineChartProps) {
  const { points, axis, layout } = props;
  const scale = scaleOf(props, logScale(axis.domain, layout.latency.height));
  return (
    <Frame layout={layout} band={layout.latency}>
      <path className={styles.first} d={linePath(points, (point) => point.writeP50Ms, scale)} />
      <path className={styles.second} d={linePath(points, (point) => point.writeP99Ms, scale)} />
    </Frame>
  );
});

/** Committed (first series) and applied (second) entries of all partitions, with the lag between them below. */
export const CommitChart = memo(function CommitChart(props: LineChartProps) {
  const { points, axis, layout } = props;
  const { height } = layout.commit;
  const scale = scaleOf(props, linearScale(axis.domain, height));
  let mostLag = 1;
  for (const { lag } of points) mostLag = Math.max(mostLag, lag ?? 0);
  const lagScale = { ...scale, y: linearScale([0, mostLag / LAG_SHARE], height) };
  return (
    <Frame layout={layout} band={layout.commit}>
      <path className={styles.lag} d={stepAreaPath(points, (point) => point.lag, lagScale, height)} />
      <path className={styles.first} d={linePath(points, (point) => point.committed, scale)} />
      <path className={styles.second} d={linePath(points, (point) => point.applied, scale)} />
    </Frame>
  );
});
