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
