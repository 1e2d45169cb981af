import type { ReadAnswer } from './types.ts';

/** An answer takes a round trip; one that is lost is asked for again. */
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * Whether the routing table that this node knows was in force not long ago. One that was cut off
 * may know an old table and lead a group nevertheless: it would take members back that were let
 * go since, and whose nodes may be gone for good.
 */
export class FreshTable {
  readonly #maxAgeMs: number;
  readonly #catchUp: (deadlineMs: number, respond: (answer: ReadAnswer) => void) => void;
  #confirmedMs = -Infinity;
  #isAsking = false;

  /** `catchUp` calls back when all is applied here that the system group had committed when it was called. */
  constructor(maxAgeMs: number, catchUp: (deadlineMs: number, respond: (answer: ReadAnswer) => void) => void) {
    this.#maxAgeMs = maxAgeMs;
    this.#catchUp = catchUp;
  }

  /** Asks when it is not known; then a later call may find it so. */
  isKnown(nowMs: number): boolean {
    if (nowMs - this.#confirmedMs <= this.#maxAgeMs) return true;
    if (this.#isAsking) return false;
    this.#isAsking = true;
    this.#catchUp(nowMs + ANSWER_TIMEOUT_MS, ({ ok }) => {
      this.#isAsking = false;
      if (ok) this.#confirmedMs = nowMs;
    });
    return false;
  }
}
