import type { StoryEvent } from '../../electron/contract/model.ts';
import { formatCount, formatList } from '../ui/format.ts';
import { isFault } from './window.ts';

export interface Marker {
  readonly id: string;
  readonly timeMs: number;
  readonly kind: 'fault' | 'election' | 'handover';
  /** Short words beside the flag; null where there is no room or nothing new to say. */
  readonly label: string | null;
  /** The side of the flag on which the label has room. */
  readonly side: 'left' | 'right';
}

/** Room a label needs, px. */
const LABEL_PX = 160;

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
  const roomLeft = (event: StoryEvent) => (event.timeMs - fromMs) * pxPerMs;
  const roomRight = (event: StoryEvent) => (toMs - event.timeMs) * pxPerMs;
  const side = fault === undefined || roomLeft(fault) >= LABEL_PX ? 'left' : 'right';
  const labelOf = (event: StoryEvent): string | null => {
    if (event === fault) return faultLabel(event);
    if (fault === undefined || event !== lastElection) return null;
    const won = partitionsOf(event);
    if (event.offsetMs === null || won === null) return null;
    // The fault's own label is nearer to what happened: the election's yields to it.
    const clear = side === 'left' || (event.timeMs - fault.timeMs) * pxPerMs >= LABEL_PX;
    return clear && roomRight(event) >= LABEL_PX ? `${won} elected ${formatOffset(event)}` : null;
  };
  const markers: Marker[] = [];
  for (const event of within) {
    const kind = kindOf(event);
    if (kind === null) continue;
    const label = labelOf(event);
    const near = markers.findLastIndex(
      (marker) => marker.kind === kind && (event.timeMs - marker.timeMs) * pxPerMs < NEAR_PX,
    );
    const kept = markers[near];
    if (kept !== undefined && label !== null) markers[near] = { ...kept, label };
    if (kept === undefined) {
      markers.push({ id: event.id, timeMs: event.timeMs, kind, label, side: kind === 'fault' ? side : 'right' });
    }
  }
  return markers;
}

/** Whose election it tells; one event may tell several. */
function partitionsOf(event: StoryEvent): string | null {
  if (event.partition !== null) return `p${event.partition}`;
  const names = event.parts.filter((part) => part.strong && /^p\d+$/.test(part.text)).map((part) => part.text);
  if (names.length === 0) return null;
  return names.length > 2 ? `${names.length} leaders` : formatList(names);
}

function formatOffset(event: StoryEvent): string {
  return `+${formatCount(event.offsetMs ?? 0)} ms`;
}
