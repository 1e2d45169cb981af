import { useEffect, useId, useRef, useState } from 'react';
import type { DrillReport } from '../../../electron/contract/drills.ts';
import { formatCount } from '../../ui/format.ts';
import { timelineWords } from './drill-words.ts';
import { lanesOf, perSecond, secondTicks, topOf } from './timeline.ts';
import styles from './report-timeline.module.css';

const LEFT = 46;
const RIGHT = 10;
const TOP = 26;
const PLOT = 132;
const LANE = 12;
const LANES_GAP = 14;
/** More partitions than these are told by the table below the chart. */
const MOST_LANES = 16;

/** Answers a second from before the fault to the end, with the times without a leader on the same axis. */
export function ReportTimeline({ report }: { report: DrillReport }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  const hatch = useId();
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(280, Math.round(entry.contentRect.width)));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { timeline, timings, fault } = report;
  const { bucketMs, firstOffsetMs, answered, failed } = timeline;
  const lastOffsetMs = firstOffsetMs + bucketMs * answered.length;
  const x = (offsetMs: number) =>
    LEFT + ((offsetMs - firstOffsetMs) / (lastOffsetMs - firstOffsetMs)) * (width - LEFT - RIGHT);
  const rate = (count: number) => (count * 1000) / bucketMs;
  const top = topOf(Math.max(...answered.map(rate), ...failed.map(rate)));
  const y = (value: number) => TOP + PLOT * (1 - Math.min(1, value / top));
  const lanes = lanesOf(report).slice(0, MOST_LANES);
  const bottom = TOP + PLOT + (lanes.length === 0 ? 0 : LANES_GAP + lanes.length * LANE);
  const height = bottom + 20;
  const barWidth = Math.max(1, x(firstOffsetMs + bucketMs) - x(firstOffsetMs) - 1);
  return (
    <div ref={box} className={styles.box}>
      <svg className={styles.chart} width={width} height={height} role="img" aria-label={timelineWords(report)}>
        <defs>
          <pattern id={hatch} width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <path d="M0 0v4" className={styles.hatch} />
          </pattern>
        </defs>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <path className={styles.grid} d={`M${LEFT} ${y(top * share)}H${width - RIGHT}`} />
            <text x={LEFT - 7} y={y(top * share) + 3.5} textAnchor="end">
              {formatCount(top * share)}
            </text>
          </g>
        ))}
        {secondTicks(firstOffsetMs, lastOffsetMs, Math.max(2, Math.floor(width / 80))).map((offsetMs) => (
          <g key={offsetMs}>
            <path className={styles.grid} d={`M${x(offsetMs)} ${TOP}V${bottom}`} />
            <text x={x(offsetMs)} y={bottom + 14} textAnchor="middle">
              {offsetMs > 0 ? '+' : offsetMs < 0 ? '−' : ''}
              {Math.abs(offsetMs / 1000)} s
            </text>
          </g>
        ))}
        <rect
          className={styles.broken}
          x={x(0)}
          y={TOP}
          width={Math.max(1, x(fault.healedOffsetMs) - x(0))}
          height={bottom - TOP}
        />
        {answered.map((count, i) => {
          const offsetMs = firstOffsetMs + i * bucketMs;
          const high = y(rate(count));
          const bad = failed[i] ?? 0;
          return (
            <g key={offsetMs}>
              {count > 0 && (
                <rect
                  className={styles.answered}
                  x={x(offsetMs)}
                  y={high}
                  width={barWidth}
                  height={TOP + PLOT - high}
                />
              )}
              {bad > 0 && (
                <rect className={styles.failed} x={x(offsetMs)} y={TOP + PLOT - 4} width={barWidth} height={4} />
              )}
            </g>
          );
        })}
        {lanes.map(({ partition, outages }, i) => {
          const laneTop = TOP + PLOT + LANES_GAP + i * LANE;
          return (
            <g key={partition}>
              <text x={LEFT - 7} y={laneTop + 8.5} textAnchor="end">
                p{partition}
              </text>
              <rect className={styles.lane} x={LEFT} y={laneTop} width={width - LEFT - RIGHT} height={LANE - 2} />
              {outages.map(({ fromOffsetMs, toOffsetMs }) => (
                <rect
                  key={fromOffsetMs}
                  className={styles.leaderless}
                  fill={`url(#${hatch})`}
                  x={x(fromOffsetMs)}
                  y={laneTop + 0.5}
                  width={Math.max(2, x(Math.min(toOffsetMs, lastOffsetMs)) - x(fromOffsetMs))}
                  height={LANE - 3}
                />
              ))}
            </g>
          );
        })}
        <path className={styles.faultLine} d={`M${x(0)} 15V${bottom}`} />
        <rect className={styles.faultFlag} x={x(0) - 6} y="3" width="12" height="12" rx="2" />
        <path className={styles.faultCross} d={`M${x(0) - 2.5} 6.5l5 5M${x(0) + 2.5} 6.5l-5 5`} />
        <text className={styles.faultLabel} x={x(0) - 10} y="12.6" textAnchor="end">
          {report.scenario === 'rolling-restart' ? 'restarts begin' : fault.title}
        </text>
        {timings.recoveredMs !== null && (
          <g>
            <path className={styles.backLine} d={`M${x(timings.recoveredMs)} 15V${bottom}`} />
            <text x={x(timings.recoveredMs) + 6} y="12.6">
              back +{formatCount(Math.round(timings.recoveredMs))} ms
            </text>
          </g>
        )}
      </svg>
      <details className={styles.table}>
        <summary>View as table</summary>
        <table>
          <caption className="sr-only">Operations by second, counted from the fault</caption>
          <thead>
            <tr>
              <th scope="col">Second</th>
              <th scope="col">Answered</th>
              <th scope="col">Failed</th>
            </tr>
          </thead>
          <tbody>
            {perSecond(timeline).map((row) => (
              <tr key={row.second}>
                <th scope="row">{row.second}</th>
                <td>{formatCount(row.answered)}</td>
                <td>{formatCount(row.failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}
