/** Values read in one turn of the event loop: some milliseconds of work, from the database. */
const MAX_TURN_BYTES = 4 * 1024 * 1024;

/**
 * Spreads what reads look up over turns of the event loop. One confirmation may release the reads of
 * many callers at once; looked up together, they would let nothing else move for as long as that takes.
 */
export class LookPace {
  #turnBytes = 0;
  #isScheduled = false;
  #waiting: (() => void)[] = [];
  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#turnBytes = 0;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    let at = 0;
    for (; at < waiting.length && !this.isSpent; at++) waiting[at]!();
    if (at < waiting.length) this.#waiting = waiting.slice(at).concat(this.#waiting);
    this.#schedule();
  };

  /** Nothing more is to be looked up in this turn. */
  get isSpent(): boolean {
    return this.#turnBytes >= MAX_TURN_BYTES;
  }

  /** So much was looked up. */
  spend(sizeBytes: number): void {
    this.#turnBytes += sizeBytes;
    this.#schedule();
  }

  /** Calls back once, in a later turn. */
  later(look: () => void): void {
    this.#waiting.push(look);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }
}
