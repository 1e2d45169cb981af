import { replaceEqualDeep } from '@tanstack/react-query';
import type { ApiError } from '../../../electron/contract/contract.ts';
import type { PartitionLive } from '../../../electron/contract/model.ts';

/** Arrows show what happened within this. */
export const LOOK_BACK_MS = 700;

/** A partition at one moment, and how it was LOOK_BACK_MS earlier. */
export interface Moment {
  readonly live: PartitionLive;
  readonly before: PartitionLive | null;
}

export interface FeedState {
  readonly moment: Moment | null;
  /** performance.now() when the last message came; null before the first. */
  readonly receivedAtMs: number | null;
  readonly error: ApiError | null;
}

export const noFeed: FeedState = { moment: null, receivedAtMs: null, error: null };

/** Keeps what came within LOOK_BACK_MS, and gives the newest with the oldest of that. Unchanged parts keep their identity. */
export class RecentMoments {
  #recent: PartitionLive[] = [];

  take(message: PartitionLive): Moment {
    const last = this.#recent.at(-1);
    const live = last === undefined ? message : replaceEqualDeep(last, message);
    this.#recent = [...this.#recent.filter((one) => live.timeMs - one.timeMs <= LOOK_BACK_MS), live];
    const before = this.#recent[0];
    return { live, before: before === undefined || before === live ? null : before };
  }
}

/** Mere figures wait for this: faster than that nobody reads them. */
export const FIGURES_MS = 250;

/** Whether a later message tells more than new figures: a role, a term, a vote, a state, a cut, an event. */
export function isNews(held: PartitionLive | null, next: PartitionLive): boolean {
  return held === null || kindOf(held) !== kindOf(next);
}

function kindOf(live: PartitionLive): string {
  const { leader, term } = live.partition;
  const replicas = live.replicas.map(
    ({ node, state, word }) => `${node}${state}${word?.role ?? ''}${word?.term ?? ''}/${word?.votedFor ?? ''}`,
  );
  const event = live.events.at(-1);
  return `${leader}/${term}|${replicas.join(';')}|${live.cuts.length}|${event?.timeMs ?? 0}${event?.kind ?? ''}`;
}
