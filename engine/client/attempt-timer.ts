/** What is given up when its time is over. */
export interface TimedAttempt {
  /** Infinity: it waits for nothing now. */
  readonly dueMs: number;
  timedOut(): void;
}

/** However many moments are due, the attempts are looked through no more often. */
const SWEEP_GAP_MS = 10;

/**
 * One timer for all attempts of a client: a timer each would be made and thrown away with every
 * call, and hardly ever run out. Attempts are given up when they are due, or at most a gap later.
 */
export class AttemptTimer {
  readonly #attempts: { all(): readonly TimedAttempt[] };
  #timer: NodeJS.Timeout | undefined;
  #firesAtMs = Infinity;

  constructor(attempts: { all(): readonly TimedAttempt[] }) {
    this.#attempts = attempts;
  }

  /** One of the attempts is due then (in milliseconds of `Date.now`). */
  expectBy(dueMs: number): void {
    if (dueMs >= this.#firesAtMs) return;
    clearTimeout(this.#timer);
    this.#firesAtMs = dueMs;
    this.#timer = setTimeout(() => this.#sweep(), Math.max(0, dueMs - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAtMs = Infinity;
  }

  #sweep(): void {
    this.stop();
    const nowMs = Date.now();
    let nextMs = Infinity;
    for (const attempt of this.#attempts.all()) {
      if (attempt.dueMs <= nowMs) attempt.timedOut();
      else if (attempt.dueMs < nextMs) nextMs = attempt.dueMs;
    }
    if (nextMs < Infinity) this.expectBy(Math.max(nextMs, nowMs + SWEEP_GAP_MS));
  }
}
