import type { PartitionLive, RaftEvent } from '../../../electron/contract/model.ts';
import type { RaftRecord } from '../../../electron/contract/recording.ts';
import { eventKey, NOTICED_MS, type Recording } from './recording.ts';

/** Longer than this without any record is time in which nobody looked. */
const GAP_MS = 6_000;
/** An event that was heard so much later was told again, not seen. */
const LATE_MS = 2_000;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface TermBand extends Span {
  readonly term: number;
  /** 0 while there is none. */
  readonly leader: number;
}

export interface Mark {
  /** When it happened, or when its outcome can be seen first. */
  readonly timeMs: number;
  readonly kind: 'fault' | 'election';
  readonly text: string;
}

/** What the scrubber draws of a recording. */
export interface Timeline {
  /** When something was recorded: between spans nobody looked. */
  readonly spans: readonly Span[];
  readonly bands: readonly TermBand[];
  readonly marks: readonly Mark[];
  /** Each moment at which something changed, ascending. */
  readonly steps: readonly number[];
}

export const noTimeline: Timeline = { spans: [], bands: [], marks: [], steps: [] };

export function timelineOf(recording: Recording): Timeline {
  const spans: Span[] = [];
  const bands: TermBand[] = [];
  const steps: number[] = [];
  for (const { records } of recording) {
    const startMs = records[0]?.timeMs;
    if (startMs === undefined) continue;
    const endMs = records.at(-1)?.timeMs ?? startMs;
    const before = spans.at(-1);
    const goesOn = before !== undefined && startMs - before.toMs < GAP_MS;
    if (goesOn) spans[spans.length - 1] = { ...before, toMs: endMs };
    else spans.push({ fromMs: startMs, toMs: endMs });
    for (const record of records) {
      if (record.kind === 'start' || record.kind === 'alive') continue;
      // A segment that goes on with the one before repeats what is known: that is no change.
      if (goesOn && record.timeMs === startMs) continue;
      if (steps.at(-1) !== record.timeMs) steps.push(record.timeMs);
    }
    addBands(bands, records, goesOn, endMs);
  }
  return { spans, bands, steps, marks: marksOf(recording) };
}

function addBands(bands: TermBand[], records: readonly RaftRecord[], goesOn: boolean, endMs: number): void {
  let open = goesOn ? bands.at(-1) : undefined;
  for (const record of records) {
    if (record.kind !== 'partition') continue;
    const { term, leader } = record.view;
    if (open !== undefined && open.term === term && open.leader === leader) continue;
    if (open !== undefined) bands[bands.length - 1] = { ...open, toMs: record.timeMs };
    open = { fromMs: record.timeMs, toMs: endMs, term, leader };
    bands.push(open);
  }
  if (open !== undefined) bands[bands.length - 1] = { ...open, toMs: endMs };
}

function marksOf(recording: Recording): Mark[] {
  const marks: Mark[] = [];
  const told = new Set<string>();
  const states = new Map<number, string>();
  /** Elections whose winner the partition was not judged to have yet. */
  let won: { readonly mark: number; readonly event: RaftEvent } | null = null;
  for (const record of recording.flatMap(({ records }) => records)) {
    if (record.kind === 'event') {
      const { event } = record;
      const key = eventKey(event);
      const isNews = !told.has(key) && record.timeMs - event.timeMs < LATE_MS;
      told.add(key);
      if (!isNews || event.kind !== 'electionWon') continue;
      won = { mark: marks.length, event };
      marks.push({ timeMs: record.timeMs, kind: 'election', text: `n${event.node} won term ${event.term}` });
    } else if (record.kind === 'partition') {
      const mark = won === null ? undefined : marks[won.mark];
      if (won !== null && mark !== undefined && record.view.leader === won.event.node) {
        // The mark leads to where its outcome can be seen.
        if (record.timeMs - mark.timeMs < LATE_MS) marks[won.mark] = { ...mark, timeMs: record.timeMs };
        won = null;
      }
      for (const { node, state, sinceMs, endedBy } of record.replicas) {
        const before = states.get(node);
        states.set(node, state);
        const fault = before === undefined || before === state ? null : faultText(node, state, endedBy);
        if (fault === null) continue;
        const lateMs = record.timeMs - sinceMs;
        const timeMs = lateMs >= 0 && lateMs < NOTICED_MS ? sinceMs : record.timeMs;
        marks.push({ timeMs, kind: 'fault', text: fault });
      }
    }
  }
  return marks.sort((a, b) => a.timeMs - b.timeMs);
}

type Replica = PartitionLive['replicas'][number];

function faultText(node: number, state: Replica['state'], endedBy: Replica['endedBy']): string | null {
  switch (state) {
    case 'dead':
      return endedBy === 'none' ? `n${node} ended` : `n${node} killed`;
    case 'paused':
      return `n${node} paused`;
    case 'partitioned':
      return `n${node} cut off`;
    case 'stopped':
      return `n${node} stopped`;
    case 'live':
    case 'suspect':
      return null;
  }
}

/** The number of the last step at or before a moment; -1 before the first. */
export function stepAt(steps: readonly number[], timeMs: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? Infinity) <= timeMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The step nearest to a moment; null when there is none. */
export function nearestStep(steps: readonly number[], timeMs: number): number | null {
  const at = stepAt(steps, timeMs);
  const before = steps[at];
  const after = steps[at + 1];
  if (before === undefined) return after ?? null;
  if (after === undefined) return before;
  return timeMs - before <= after - timeMs ? before : after;
}

/** The step so many further; stays at either end. Null without any steps. */
export function stepFrom(steps: readonly number[], timeMs: number, by: number): number | null {
  const at = stepAt(steps, timeMs);
  // Between two steps, back leads to the one before.
  const from = by < 0 && steps[at] !== undefined && steps[at] < timeMs ? at + 1 : at;
  return steps[Math.max(0, Math.min(steps.length - 1, from + by))] ?? null;
}

/** The next mark after a moment, or the last one before it. */
export function markFrom(marks: readonly Mark[], timeMs: number, by: 1 | -1): Mark | null {
  return (by > 0 ? marks.find((mark) => mark.timeMs > timeMs) : marks.findLast((mark) => mark.timeMs < timeMs)) ?? null;
}
