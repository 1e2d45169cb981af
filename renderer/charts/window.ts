import type { StoryEvent } from '../../electron/contract/model.ts';
import { formatClock } from '../ui/format.ts';

export const ranges = [
  { value: '10s', label: '10 s', spanMs: 10_000 },
  { value: '2m', label: '2 min', spanMs: 120_000 },
  { value: '15m', label: '15 min', spanMs: 900_000 },
  { value: '1h', label: '1 h', spanMs: 3_600_000 },
  { value: '6h', label: '6 h', spanMs: 21_600_000 },
  { value: '24h', label: '24 h', spanMs: 86_400_000 },
] as const;
export type RangeName = (typeof ranges)[number]['value'];

/** The charts look at a fault for this long, unless pinned. */
export const ZOOM_MS = 60_000;
const ZOOM_SPAN_MS = 10_000;
/** Where the fault stands in the zoomed window. */
const ZOOM_AFTER_MS = 6_000;

export interface ChartWindow {
  readonly fromMs: number;
  readonly toMs: number;
  /** The fault that the window is zoomed to. */
  readonly zoomedTo: StoryEvent | null;
  /** Its end moves with time. */
  readonly follows: boolean;
}

export interface WindowChoice {
  readonly range: RangeName;
  /** Stands still at this time; null follows. */
  readonly pausedAtMs: number | null;
  /** Stays on this fault until released. */
  readonly pinnedId: string | null;
  /** Faults that were looked away from. */
  readonly dismissedId: string | null;
  /** Faults before this are history: nobody waits for them. */
  readonly sinceMs: number;
}

/** Whether an event begins a story, rather than following from one. */
export function isFault(event: StoryEvent): boolean {
  return (event.kind === 'fault' || event.kind === 'paused') && (event.storyId === null || event.storyId === event.id);
}

/** The fault that the charts should look at now. */
export function zoomFault(events: readonly StoryEvent[], nowMs: number, choice: WindowChoice): StoryEvent | null {
  if (choice.pinnedId !== null) {
    const pinned = events.find((event) => event.id === choice.pinnedId);
    if (pinned !== undefined) return pinned;
  }
  const latest = events.findLast(isFault);
  if (latest === undefined || latest.id === choice.dismissedId || latest.timeMs < choice.sinceMs) return null;
  return nowMs - latest.timeMs < ZOOM_MS ? latest : null;
}

/** A step back or forth moves the window by half its length. */
const STEP_SHARE = 0.5;

/** As near to the end as this share of the window, it may as well follow. */
const NEAR_END_SHARE = 0.1;

/** Where the window stands after a step; null follows, since what comes next is not there yet. */
export function stepWindow(
  window: Pick<ChartWindow, 'fromMs' | 'toMs'>,
  direction: -1 | 1,
  endMs: number,
): number | null {
  const spanMs = window.toMs - window.fromMs;
  const toMs = window.toMs + direction * spanMs * STEP_SHARE;
  return toMs >= endMs - spanMs * NEAR_END_SHARE ? null : toMs;
}

/** "23/11/2026 14:00:00 to 15:00:00": what is looked back at. */
export function windowWords({ fromMs, toMs }: Pick<ChartWindow, 'fromMs' | 'toMs'>): string {
  const day = (timeMs: number): string => new Date(timeMs).toLocaleDateString('en-GB');
  const from = `${day(fromMs)} ${formatClock(fromMs)}`;
  return day(fromMs) === day(toMs) ? `${from} to ${formatClock(toMs)}` : `${from} to ${day(toMs)} ${formatClock(toMs)}`;
}

/** A window that follows moves a few pixels at a time: what it shows is drawn anew with each move. */
const STEPS_A_WINDOW = 120;
const MAX_STEP_MS = 2_000;

/**
 * What stretch of time the charts show. After a fault: the 10 s around it, entered as
 * they happen. Otherwise the chosen range up to `nowMs`, or up to the pause.
 */
export function chartWindow(events: readonly StoryEvent[], nowMs: number, choice: WindowChoice): ChartWindow {
  if (choice.pausedAtMs === null) {
    const fault = zoomFault(events, nowMs, choice);
    if (fault !== null) {
      const toMs = Math.min(Math.max(nowMs, fault.timeMs), fault.timeMs + ZOOM_AFTER_MS);
      return { fromMs: toMs - ZOOM_SPAN_MS, toMs, zoomedTo: fault, follows: toMs === nowMs };
    }
  }
  const spanMs = ranges.find((range) => range.value === choice.range)?.spanMs ?? 120_000;
  const stepMs = Math.min(MAX_STEP_MS, spanMs / STEPS_A_WINDOW);
  const toMs = choice.pausedAtMs ?? Math.floor(nowMs / stepMs) * stepMs;
  return { fromMs: toMs - spanMs, toMs, zoomedTo: null, follows: choice.pausedAtMs === null };
}
