import { memo, useId } from 'react';
import { termClass } from '../ui/badge.tsx';
import { cx } from '../ui/cx.ts';
import { formatTime } from '../ui/format.ts';
import { FlagShape } from './flag-shape.tsx';
import type { LaneSegment } from './lanes.ts';
import type { Band, PlotLayout } from './layout.ts';
import type { Marker } from './markers.ts';
import { timeTicks } from './scale.ts';
import type { ValueAxis } from './value-axis.ts';
import styles from './live-charts.module.css';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface OverlayProps {
  readonly layout: PlotLayout;
  readonly axes: { readonly throughput: ValueAxis; readonly latency: ValueAxis; readonly commit: ValueAxis };
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether toMs is now. */
  readonly following: boolean;
  readonly lanes: readonly (readonly LaneSegment[])[];
  readonly nodeNames: ReadonlyMap<number, string>;
  readonly leaderless: readonly Span[];
  readonly gaps: readonly Span[];
  readonly markers: readonly Marker[];
}

/** Lanes lower than this carry no words. */
const LANE_TEXT_PX = 9;
/** A segment narrower than this carries no words. */
const SEGMENT_TEXT_PX = 24;

/** The time axis, the lanes of terms, and what crosses all charts. */
export const Overlay = memo(function Overlay(props: OverlayProps) {
  const { layout, axes, fromMs, toMs, following, lanes, nodeNames, leaderless, gaps, markers } = props;
  const hatch = useId();
  const gapHatch = useId();
  const x = (timeMs: number) => layout.left + ((timeMs - fromMs) / (toMs - fromMs)) * (layout.right - layout.left);
  const crossing = layout.bottom - layout.top;
  const ticks = timeTicks(fromMs, toMs, Math.max(2, Math.floor((layout.right - layout.left) / 96)));
  const nowX = layout.right;
  return (
    <svg className={styles.overlay} width={layout.width} height={layout.height} aria-hidden="true">
      <defs>
        <pattern id={hatch} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v5" className={styles.hatchLine} />
        </pattern>
        <pattern id={gapHatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v6" className={styles.gapLine} />
        </pattern>
      </defs>
      {leaderless.map((span) => (
        <rect
          key={span.fromMs}
          className={styles.band}
          x={x(span.fromMs)}
          y={layout.top}
          width={Math.max(1, x(span.toMs) - x(span.fromMs))}
          height={crossing}
        />
      ))}
      {gaps.map((gap) => (
        <rect
          key={gap.fromMs}
          fill={`url(#${gapHatch})`}
          x={x(gap.fromMs)}
          y={layout.top}
          width={x(gap.toMs) - x(gap.fromMs)}
          height={crossing}
        />
      ))}
      <AxisLines axis={axes.throughput} band={layout.throughput} layout={layout} />
      <AxisLines axis={axes.latency} band={layout.latency} layout={layout} />
      <AxisLines axis={axes.commit} band={layout.commit} layout={layout} />
      {ticks.map((tick) => (
        <g key={tick.timeMs}>
          <path className={styles.grid} d={`M${x(tick.timeMs)} ${layout.top}V${layout.bottom}`} />
          {x(tick.timeMs) < nowX - 62 && x(tick.timeMs) > 24 && (
            <text x={x(tick.timeMs)} y={layout.bottom + 15} textAnchor="middle">
              {tick.label}
            </text>
          )}
        </g>
      ))}
      <text x={nowX} y={layout.bottom + 15} textAnchor="end">
        {following ? 'now' : formatTime(toMs).slice(0, 10)}
      </text>
      <path
        className={styles.base}
        d={`M${layout.left} ${layout.throughput.top + layout.throughput.height}H${layout.right}`}
      />
      <path className={styles.base} d={`M${layout.left} ${layout.bottom}H${layout.right}`} />
      {lanes.map((segments, partition) => (
        <Lane
          // A lane is its partition.
          // eslint-disable-next-line react/no-array-index-key
          key={partition}
          partition={partition}
          segments={segments}
          layout={layout}
          x={x}
          nodeNames={nodeNames}
          hatch={hatch}
          labelled={layout.lanes.laneHeight >= LANE_TEXT_PX}
        />
      ))}
      {markers.map((marker) => (
        <Flag key={marker.id} marker={marker} x={x(marker.timeMs)} layout={layout} />
      ))}
      <path className={styles.now} d={`M${nowX} ${layout.top}V${layout.bottom}`} />
    </svg>
  );
});

function AxisLines({ axis, band, layout }: { axis: ValueAxis; band: Band; layout: PlotLayout }) {
  return axis.ticks.map((tick) => {
    const y = band.top + band.height * (1 - tick.at);
    return (
      <g key={tick.at}>
        <path className={styles.grid} d={`M${layout.left} ${y}H${layout.right}`} />
        <text x={layout.left - 7} y={y + 3.5} textAnchor="end">
          {tick.label}
        </text>
      </g>
    );
  });
}

function Lane({
  partition,
  segments,
  layout,
  x,
  nodeNames,
  hatch,
  labelled,
}: {
  partition: number;
  segments: readonly LaneSegment[];
  layout: PlotLayout;
  x: (timeMs: number) => number;
  nodeNames: ReadonlyMap<number, string>;
  hatch: string;
  labelled: boolean;
}) {
  const top = layout.lanes.top + partition * layout.lanes.laneHeight;
  const height = layout.lanes.drawnHeight;
  return (
    <g>
      {labelled && (
        <text className={styles.laneName} x={layout.left - 7} y={top + height / 2 + 3.4} textAnchor="end">
          p{partition}
        </text>
      )}
      {segments.map((segment) => {
        const left = x(segment.fromMs);
        const width = Math.max(1, x(segment.toMs) - left);
        if (segment.leader === 0) {
          return (
            <rect
              key={segment.fromMs}
              className={styles.noLeader}
              fill={`url(#${hatch})`}
              x={left}
              y={top + 0.5}
              width={width}
              height={Math.max(1, height - 1)}
            />
          );
        }
        const words = segment.began ? `t${segment.term} ${nodeNames.get(segment.leader) ?? ''}` : `t${segment.term}`;
        return (
          <g key={segment.fromMs} className={cx(termClass(segment.term))}>
            <rect className={styles.lane} x={left} y={top} width={width} height={height} rx="1" />
            <rect className={styles.laneEdge} x={left} y={top} width={Math.min(2, width)} height={height} />
            {labelled && width >= SEGMENT_TEXT_PX && (
              <text className={styles.laneTerm} x={left + 6} y={top + height / 2 + 3.4}>
                {words}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function Flag({ marker, x, layout }: { marker: Marker; x: number; layout: PlotLayout }) {
  const atLeft = marker.side === 'left';
  return (
    <g>
      <path className={cx(styles.mark, styles[marker.kind])} d={`M${x} ${layout.top - 1}V${layout.bottom}`} />
      <g transform={`translate(${x} 0)`}>
        <FlagShape kind={marker.kind} />
      </g>
      {marker.label !== null && (
        <text
          className={marker.kind === 'fault' ? styles.faultLabel : styles.markLabel}
          x={atLeft ? x - 10 : x + 10}
          y="12.6"
          textAnchor={atLeft ? 'end' : 'start'}
        >
          {marker.label}
        </text>
      )}
    </g>
  );
}
