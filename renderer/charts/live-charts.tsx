import { memo, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { Sample, StoryEvent } from '../../electron/contract/model.ts';
import { ChartLabels } from './chart-labels.tsx';
import { dataGaps, chartPoints, sampleAt, type Point } from './series.ts';
import { electionCount, leaderlessSpans, longestGapMs, termLanes } from './lanes.ts';
import { leastPlotHeight, plotLayout, type PlotLayout } from './layout.ts';
import { CommitChart, LatencyChart, ThroughputChart } from './line-charts.tsx';
import { chartMarkers } from './markers.ts';
import { Overlay } from './overlay.tsx';
import { chartsSummary } from './summary.ts';
import { useCursor } from './use-cursor.ts';
import { commitAxis, latencyAxis, throughputAxis, type ValueAxis } from './value-axis.ts';
import type { ChartWindow } from './window.ts';
import styles from './live-charts.module.css';

/** Points a chart draws at most: about one for two pixels. */
const PX_PER_POINT = 2;

export interface LiveChartsProps {
  readonly partitions: number;
  readonly nodeNames: ReadonlyMap<number, string>;
  readonly samples: readonly Sample[];
  readonly events: readonly StoryEvent[];
  readonly window: ChartWindow;
  /** A hole in the samples longer than this is a gap. */
  readonly gapMs: number;
  /** Whether the window ends now. */
  readonly following: boolean;
}

interface Lines {
  readonly points: readonly Point[];
  readonly axes: { readonly throughput: ValueAxis; readonly latency: ValueAxis; readonly commit: ValueAxis };
  readonly layout: PlotLayout;
  readonly fromMs: number;
  readonly toMs: number;
}

const LineCharts = memo(function LineCharts({ axes, ...rest }: Lines) {
  return (
    <>
      <ThroughputChart {...rest} axis={axes.throughput} />
      <LatencyChart {...rest} axis={axes.latency} />
      <CommitChart {...rest} axis={axes.commit} />
    </>
  );
});

/** While the window follows, samples after its end change nothing that is drawn: drawing lines is what costs most. */
function drawsTheSame(before: LiveChartsProps, after: LiveChartsProps): boolean {
  return (
    before.window.fromMs === after.window.fromMs &&
    before.window.toMs === after.window.toMs &&
    (before.samples === after.samples || (before.following && after.following)) &&
    before.events === after.events &&
    before.partitions === after.partitions &&
    before.nodeNames === after.nodeNames &&
    before.gapMs === after.gapMs
  );
}

/** Four charts on one time axis, under markers that cross them all and one cursor. */
export const LiveCharts = memo(function LiveCharts({
  partitions,
  nodeNames,
  samples,
  events,
  window,
  gapMs,
  following,
}: LiveChartsProps) {
  const plot = useRef<HTMLDivElement>(null);
  const size = useSize(plot);
  const layout = useMemo(() => plotLayout(size.width, size.height, partitions), [size, partitions]);
  const { fromMs, toMs } = window;
  const maxPoints = Math.max(50, Math.floor((layout.right - layout.left) / PX_PER_POINT));
  const lines = useMemo((): Lines => {
    const points = chartPoints(samples, fromMs, toMs, maxPoints, gapMs);
    const axes = { throughput: throughputAxis(points), latency: latencyAxis(points), commit: commitAxis(points) };
    return { points, axes, layout, fromMs, toMs };
  }, [samples, fromMs, toMs, maxPoints, gapMs, layout]);
  const { axes } = lines;
  // In a pass of their own, after what else the same moment changes.
  const drawn = useDeferredValue(lines);
  const lanes = useMemo(
    () => termLanes(samples, events, fromMs, toMs, partitions),
    [samples, events, fromMs, toMs, partitions],
  );
  const spans = useMemo(() => leaderlessSpans(lanes), [lanes]);
  const gaps = useMemo(() => dataGaps(samples, fromMs, toMs, gapMs), [samples, fromMs, toMs, gapMs]);
  const pxPerMs = (layout.right - layout.left) / (toMs - fromMs);
  const markers = useMemo(() => chartMarkers(events, fromMs, toMs, pxPerMs), [events, fromMs, toMs, pxPerMs]);
  const longestGap = longestGapMs(lanes);
  const elections = electionCount(lanes);
  const cursor = useCursor(layout, fromMs, toMs);
  const shown =
    cursor.timeMs === null
      ? (samples.findLast((sample) => sample.timeMs <= toMs) ?? null)
      : sampleAt(samples, cursor.timeMs, gapMs);

  return (
    <div className={styles.body} style={{ minHeight: leastPlotHeight(partitions) }}>
      <ChartLabels
        layout={layout}
        sample={shown}
        events={events}
        window={window}
        elections={elections}
        longestGapMs={longestGap}
        cursorMs={cursor.timeMs}
      />
      <div className={styles.plot} ref={plot}>
        {size.width > 0 && (
          <>
            <div role="img" aria-label={chartsSummary(window, samples, elections, longestGap)}>
              <LineCharts {...drawn} />
              <Overlay
                {...{ layout, axes, fromMs, toMs, following, lanes, nodeNames, gaps, markers }}
                leaderless={spans}
              />
            </div>
            <div
              className={styles.cursorArea}
              role="slider"
              tabIndex={0}
              aria-label="Chart cursor"
              aria-orientation="horizontal"
              aria-valuemin={0}
              aria-valuemax={Math.round((toMs - fromMs) / 1000)}
              aria-valuenow={Math.round(((cursor.timeMs ?? toMs) - fromMs) / 1000)}
              aria-valuetext={cursor.words(shown)}
              {...cursor.handlers}
            >
              {cursor.x !== null && <span className={styles.cursor} style={{ left: cursor.x }} />}
            </div>
          </>
        )}
        {samples.length === 0 && (
          <p className={styles.empty}>Throughput, latency, terms and log positions appear here once a node answers.</p>
        )}
      </div>
    </div>
  );
}, drawsTheSame);

function useSize(element: React.RefObject<HTMLDivElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    const observer = new ResizeObserver((entries) => {
      const box = entries.at(-1)?.contentRect;
      if (box !== undefined) setSize({ width: Math.floor(box.width), height: Math.floor(box.height) });
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
