/** A sync that takes this many election timeouts means that the disk hangs. */
const STALL_ELECTION_TIMEOUTS = 4;
const MIN_STALL_MS = 1_000;

/**
 * Notices a disk that does not come back. Heartbeats do not depend on the disk, so
 * without this a leader whose disk hangs would stay in office and commit nothing.
 */
export class DiskWatch {
  readonly #stallMs: number;
  readonly #inFlight = new Map<number, number>();
  #nextTicket = 1;
  #stalled = false;
  #checkedAtMs = Infinity;
  #wokeAtMs = -Infinity;

  constructor(electionTimeoutMs: number) {
    this.#stallMs = Math.max(MIN_STALL_MS, STALL_ELECTION_TIMEOUTS * electionTimeoutMs);
  }

  get stalled(): boolean {
    return this.#stalled;
  }

  begin(nowMs: number): number {
    const ticket = this.#nextTicket++;
    this.#inFlight.set(ticket, nowMs);
    return ticket;
  }

  /** True when this ended a stall. */
  end(ticket: number): boolean {
    this.#inFlight.delete(ticket);
    const recovered = this.#stalled && this.#inFlight.size === 0;
    if (recovered) this.#stalled = false;
    return recovered;
  }

  /**
   * True at the moment a stall is noticed. To be called often: a process that stood still itself,
   * since it was paused, has not heard yet what its disk answered meanwhile.
   */
  check(nowMs: number): boolean {
    if (nowMs - this.#checkedAtMs >= this.#stallMs) this.#wokeAtMs = nowMs;
    this.#checkedAtMs = nowMs;
    if (this.#stalled) return false;
    // Writes complete in order, so the first one in flight is the oldest.
    const oldest = this.#inFlight.values().next();
    if (oldest.done === true || nowMs - Math.max(oldest.value, this.#wokeAtMs) < this.#stallMs) return false;
    this.#stalled = true;
    return true;
  }
}
