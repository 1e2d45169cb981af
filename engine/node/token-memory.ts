import type { TokenSource } from '../store/index.ts';

const CATCH_UP_EVERY_MS = 250;

export interface TokenMemoryOptions {
  readonly tokens: Pick<TokenSource, 'all' | 'onChange'>;
  /** Whether the data directory says that the cluster has tokens. */
  readonly noted: boolean;
  /** Whether this node joined a cluster just now, which may have had tokens before. */
  readonly joined: boolean;
  /** Calls back when this node has applied all that the system group had committed, or cannot know. */
  readonly catchUp: (done: (isCaughtUp: boolean) => void) => void;
  /** Notes in the data directory whether the cluster has tokens. */
  readonly note: (hasTokens: boolean) => void;
}

/**
 * Remembers that a cluster has tokens, apart from the state machine: a node that has lost
 * its state, or has joined just now, knows none until it has caught up, and must not serve
 * everybody meanwhile. Closed by its owner.
 */
export class TokenMemory {
  readonly #options: TokenMemoryOptions;
  #noted: boolean;
  /** What this node has applied has everything that was there when it started. */
  #isCurrent: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TokenMemoryOptions) {
    this.#options = options;
    this.#noted = options.noted;
    this.#isCurrent = !options.noted && !options.joined;
    options.tokens.onChange(() => this.#learn());
    if (!this.#isCurrent) this.#timer = setInterval(() => this.#catchUp(), CATCH_UP_EVERY_MS);
    this.#learn();
  }

  /** Whether there may be tokens although this node knows none. */
  get mayBeMore(): boolean {
    return !this.#isCurrent;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #catchUp(): void {
    this.#options.catchUp((isCaughtUp) => {
      if (!isCaughtUp || this.#isCurrent) return;
      this.#isCurrent = true;
      this.close();
      this.#learn();
    });
  }

  #learn(): void {
    const hasTokens = this.#options.tokens.all.size > 0;
    if (hasTokens === this.#noted || (!hasTokens && !this.#isCurrent)) return;
    this.#noted = hasTokens;
    this.#options.note(hasTokens);
  }
}
