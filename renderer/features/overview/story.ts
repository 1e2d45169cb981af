import type { StoryEvent } from '../../../electron/contract/model.ts';
import { isFault } from '../../charts/window.ts';
import { sentence } from '../events/event-filter.ts';

/** A fault is told as a story for this long after it; then it is one event among others. */
export const STORY_MS = 120_000;

export interface Story {
  readonly fault: StoryEvent;
  /** The fault and what followed from it, oldest first. */
  readonly events: readonly StoryEvent[];
}

/** The story that is going on: of the latest fault, while it is fresh or pinned open by `untilMs`. */
export function currentStory(events: readonly StoryEvent[], nowMs: number): Story | null {
  const fault = events.findLast(isFault);
  if (fault === undefined || nowMs - fault.timeMs > STORY_MS) return null;
  return { fault, events: events.filter((event) => event.id === fault.id || event.storyId === fault.id) };
}

/** Most sentences read out at once; the rest is a count. */
const MOST_SPOKEN = 3;

/** What a screen reader is told of events that came together. */
export function announcement(events: readonly StoryEvent[]): string {
  const spoken = events.slice(-MOST_SPOKEN).map(sentence);
  const more = events.length - spoken.length;
  return [...(more > 0 ? [`${more} more events.`] : []), ...spoken].join(' ');
}
