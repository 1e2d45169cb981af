import type { StoryEvent } from '../../electron/contract/model.ts';
import { formatCount } from '../ui/format.ts';
import { isFault } from './window.ts';

export interface Marker {
  readonly id: string;
  readonly timeMs: number;
  readonly kind: 'fault' | 'election' | 'handover';
  /** Short words beside the flag; null where there is no room or nothing new to say. */
  readonly label: string | null;
}

/** Flags nearer than this, in px, are drawn as one. */
const NEAR_PX = 7;

function kindOf(event: StoryEvent): Marker['kind'] | null {
  if (isFault(event)) return 'fault';
  if (event.kind === 'elected') return 'election';
  return event.kind === 'handover' ? 'handover' : null;
}

/** The sentence up to its first stop: "n1 killed by you". */
function faultLabel(event: StoryEvent): string {
  const text = event.parts.map((part) => part.text).join('');
  return (text.split(/[.(,:]/, 1)[0] ?? text).trim();
}

/**
 * What crosses the charts within the window, oldest first. The latest fault is named,
 * and the last election after it with its offset.
 */
export function chartMarkers(events: readonly StoryEvent[], fromMs: number, toMs: number, pxPerMs: number): Marker[] {
  const within = events.filter((event) => event.timeMs >= fromMs && event.timeMs <= toMs);
  const fault = within.findLast(isFault);
  const lastElection = fault && within.findLast((event) => event.kind === 'elected' && event.storyId === fault.id);
  const markers: Marker[] = [];
  for (const event of within) {
    const kind = kindOf(event);
    if (kind === null) continue;
    const label =
      event === fault
        ? faultLabel(event)
        : event === lastElection && event.offsetMs !== null && event.partition !== null
          ? `p${event.partition} elected +${formatCount(event.offsetMs)} ms`
          : null;
    const near = markers.findLastIndex(
      (marker) => marker.kind === kind && (event.timeMs - marker.timeMs) * pxPerMs < NEAR_PX,
    );
    const kept = markers[near];
    if (kept === undefined) markers.push({ id: event.id, timeMs: event.timeMs, kind, label });
    else if (label !== null) markers[near] = { ...kept, label };
  }
  return markers;
}
