import { randomUUID } from 'node:crypto';
import type { Notice } from '../../contract/monitor.ts';

/** Shows a notice outside of any window, as the system does it. False where it cannot. */
export type ShowNotice = (notice: Omit<Notice, 'isShown'>) => boolean;

/** The one way by which a person hears of something, whatever is open and whoever has something to say. */
export class NoticeBoard {
  readonly #show: ShowNotice | null;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<(notices: Notice[]) => void>();

  /** `show`: null where the host has nothing of its own; pages then show it. */
  constructor(show: ShowNotice | null, now: () => number, onError: (error: unknown) => void) {
    this.#show = show;
    this.#now = now;
    this.#onError = onError;
  }

  post(words: Pick<Notice, 'tone' | 'title' | 'text' | 'path'>): void {
    const notice = { id: randomUUID(), timeMs: this.#now(), ...words };
    let isShown = false;
    try {
      isShown = this.#show?.(notice) ?? false;
    } catch (error) {
      // A desktop without a notification service is no reason to say nothing.
      this.#onError(error);
    }
    for (const listener of this.#listeners) listener([{ ...notice, isShown }]);
  }

  /** Returns the way to stop it. */
  watch(listener: (notices: Notice[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
