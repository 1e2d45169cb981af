import type { ClusterSummary, StoryEvent } from '../../../electron/contract/model.ts';
import { formatCount, formatTime, plural } from '../../ui/format.ts';
import { sentence } from './event-filter.ts';

/** Time since the fault: "0 ms" for the fault itself, "+1,184 ms" after it, "" without one. */
export function formatOffset(event: StoryEvent): string {
  if (event.offsetMs === null) return '';
  return event.offsetMs === 0 ? '0 ms' : `+${formatCount(event.offsetMs)} ms`;
}

/** The feed as lines of text, oldest first, under a line that says whose it is: what a bug report needs. */
export function eventsAsText(summary: ClusterSummary, events: readonly StoryEvent[]): string {
  const sorted = events.toSorted((a, b) => a.timeMs - b.timeMs);
  const first = sorted[0];
  if (first === undefined) return '';
  const about = [
    `Cluster ${summary.name}`,
    plural(summary.nodeCount, 'node'),
    plural(summary.partitionCount, 'partition'),
    `replication factor ${summary.replicationFactor}`,
    localDate(first.timeMs),
  ].join(', ');
  const width = Math.max(...sorted.map((event) => formatOffset(event).length));
  const lines = sorted.map((event) =>
    [formatTime(event.timeMs), formatOffset(event).padStart(width), sentence(event)].join('  '),
  );
  return [about, ...lines, ''].join('\n');
}

/** The feed as JSON, oldest first, events as the contract has them. */
export function eventsAsJson(summary: ClusterSummary, events: readonly StoryEvent[]): string {
  const sorted = events.toSorted((a, b) => a.timeMs - b.timeMs);
  const { name, kind, nodeCount, partitionCount, replicationFactor } = summary;
  return `${JSON.stringify({ cluster: { name, kind, nodeCount, partitionCount, replicationFactor }, events: sorted }, null, 2)}\n`;
}

function localDate(timeMs: number): string {
  const date = new Date(timeMs);
  const minutesEast = -date.getTimezoneOffset();
  const sign = minutesEast < 0 ? '-' : '+';
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  const zone = `UTC${sign}${two(Math.abs(minutesEast) / 60)}:${two(Math.abs(minutesEast) % 60)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} (${zone})`;
}
