import { useEffect, useId, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { termClass } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { formatClock, formatCount, formatTime } from '../../ui/format.ts';
import { markFrom, nearestStep, stepAt, stepFrom, type Mark, type Span, type Timeline } from './timeline.ts';
import { clockTicks, gapsIn } from './time-window.ts';
import styles from './scrub.module.css';

const AT_FIRST_PX = 640;
const HEIGHT = 58;
const BAND = { y: 22, height: 14 };
const TICK_APART_PX = 130;
const HEAD_PX = 84;
const TERM_PX = 26;
/** The recording is read a little after it is written. */
const LEAST_GAP_MS = 6_000;

/** The recorded time as terms, faults and elections, and where in it we are. */
export function ScrubTrack({
  timeline,
  window,
  atMs,
  behindText,
  onSeek,
  onToggle,
}: {
  timeline: Timeline;
  window: Span;
  /** Null: live. */
  atMs: number | null;
  behindText: string;
  onSeek: (timeMs: number) => void;
  onToggle: () => void;
}) {
  const hatch = useId();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(AT_FIRST_PX);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(120, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { steps, marks } = timeline;
  const rangeMs = window.toMs - window.fromMs;
  const x = (timeMs: number) => Math.max(0, Math.min(width, ((timeMs - window.fromMs) / rangeMs) * width));
  const shows = (timeMs: number) => timeMs >= window.fromMs && timeMs <= window.toMs;

  const seek = (timeMs: number | null | undefined) => {
    if (timeMs !== null && timeMs !== undefined) onSeek(timeMs);
  };
  const seekTo = (event: PointerEvent) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    seek(nearestStep(steps, window.fromMs + ((event.clientX - left) / width) * rangeMs));
  };
  const from = atMs ?? window.toMs;
  const moves: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => seek(stepFrom(steps, from, -1)),
    ArrowDown: () => seek(stepFrom(steps, from, -1)),
    ArrowRight: () => seek(stepFrom(steps, from, 1)),
    ArrowUp: () => seek(stepFrom(steps, from, 1)),
    PageUp: () => seek(markFrom(marks, from, -1)?.timeMs),
    PageDown: () => seek(markFrom(marks, from, 1)?.timeMs),
    Home: () => seek(steps[0]),
    End: () => seek(steps.at(-1)),
    ' ': onToggle,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move();
  };
  const at = stepAt(steps, from);
  return (
    <div
      ref={box}
      className={styles.track}
      role="slider"
      tabIndex={0}
      aria-label="Time"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, steps.length - 1)}
      aria-valuenow={Math.max(0, at)}
      aria-valuetext={
        atMs === null
          ? 'live'
          : `${formatTime(atMs)}, ${behindText}, step ${formatCount(at + 1)} of ${formatCount(steps.length)}`
      }
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
      }}
    >
      <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
        <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0v6" className={styles.hatch} />
        </pattern>
        {timeline.bands
          .filter((band) => band.toMs > window.fromMs && band.fromMs < window.toMs)
          .map((band) => {
            const left = x(band.fromMs);
            const wide = Math.max(1, x(band.toMs) - left - 1);
            return (
              <g key={band.fromMs} className={termClass(band.term)}>
                <rect
                  className={cx(styles.band, band.leader === 0 && styles.leaderless)}
                  x={left}
                  {...BAND}
                  width={wide}
                  rx={Math.min(2, wide / 2)}
                />
                {wide >= TERM_PX && (
                  <text className={styles.bandText} x={left + 7} y="32.5">
                    {band.leader === 0 ? (wide > 60 ? 'no leader' : '') : `t${band.term}`}
                  </text>
                )}
              </g>
            );
          })}
        {gapsIn(window, timeline.spans, LEAST_GAP_MS).map((gap) => (
          <rect
            key={gap.fromMs}
            fill={`url(#${hatch})`}
            x={x(gap.fromMs)}
            {...BAND}
            width={x(gap.toMs) - x(gap.fromMs)}
          />
        ))}
        {marks
          .filter((mark) => shows(mark.timeMs))
          .map((mark, i) => (
            // eslint-disable-next-line react/no-array-index-key -- two marks may have one moment
            <MarkShape
              key={`${mark.timeMs}-${i}`}
              mark={mark}
              x={x(mark.timeMs)}
              width={width}
              hasText={isAlone(marks, mark, rangeMs / width, x(mark.timeMs) > width - MARK_TEXT_PX)}
            />
          ))}
        {clockTicks(window, width / TICK_APART_PX).map((timeMs) => (
          <text key={timeMs} className={styles.tick} x={Math.max(24, Math.min(width - 24, x(timeMs)))} y="50">
            {formatClock(timeMs)}
          </text>
        ))}
        {atMs !== null && shows(atMs) && <Playhead x={x(atMs)} width={width} text={formatTime(atMs)} />}
      </svg>
    </div>
  );
}

const MARK_TEXT_PX = 110;

/** Whether there is room for a mark's words before the next, or at the right end before the one before it. */
function isAlone(marks: readonly Mark[], mark: Mark, msPerPx: number, isAtEnd: boolean): boolean {
  const other = marks[marks.indexOf(mark) + (isAtEnd ? -1 : 1)];
  return other === undefined || Math.abs(other.timeMs - mark.timeMs) > MARK_TEXT_PX * msPerPx;
}

function MarkShape({ mark, x, width, hasText }: { mark: Mark; x: number; width: number; hasText: boolean }) {
  const isFault = mark.kind === 'fault';
  const toLeft = x > width - MARK_TEXT_PX;
  return (
    <g>
      {isFault ? (
        <>
          <rect className={styles.fault} x={x - 5.5} y="6.5" width="11" height="11" rx="2" />
          <path className={styles.faultCross} d={`m${x - 2.5} 9.5 5 5m0-5-5 5`} />
        </>
      ) : (
        <path className={styles.election} d={`M${x} 8l5 9.2h-10z`} />
      )}
      {hasText && (
        <text className={styles.markText} x={toLeft ? x - 10 : x + 10} y="16" textAnchor={toLeft ? 'end' : 'start'}>
          {mark.text}
        </text>
      )}
    </g>
  );
}

function Playhead({ x, width, text }: { x: number; width: number; text: string }) {
  const middle = Math.max(HEAD_PX / 2, Math.min(width - HEAD_PX / 2, x));
  return (
    <g>
      <path className={styles.line} d={`M${x} 20v18`} />
      <rect className={styles.head} x={middle - HEAD_PX / 2} y="38" width={HEAD_PX} height="18" rx="5" />
      <text className={styles.headText} x={middle} y="51">
        {text}
      </text>
    </g>
  );
}
