const QUIET_MS = 10_000;
const MAX_REMEMBERED = 100;
/** Of all reasons together: callers from many addresses must not push everything else out of log and events. */
const MAX_REPORTS = 20;

/**
 * Passes on why streams are refused, the same reason once in a while: a peer with a wrong
 * configuration tries again every few seconds, and a port scan may try often.
 */
export class RefusalReporter {
  readonly #report: (reason: string) => void;
  readonly #reportedAtMs = new Map<string, number>();
  #windowStartMs = 0;
  #reports = 0;

  constructor(report: (reason: string) => void) {
    this.#report = report;
  }

  report(reason: string): void {
    const nowMs = performance.now();
    // The source port differs from attempt to attempt and says nothing.
    const key = reason.replace(/:\d+: /, ': ');
    const lastMs = this.#reportedAtMs.get(key);
    if (lastMs !== undefined && nowMs - lastMs < QUIET_MS) return;
    if (nowMs - this.#windowStartMs >= QUIET_MS) {
      this.#windowStartMs = nowMs;
      this.#reports = 0;
    }
    if (++this.#reports > MAX_REPORTS) return;
    this.#reportedAtMs.delete(key);
    if (this.#reportedAtMs.size >= MAX_REMEMBERED) {
      const oldest = this.#reportedAtMs.keys().next();
      if (oldest.done !== true) this.#reportedAtMs.delete(oldest.value);
    }
    this.#reportedAtMs.set(key, nowMs);
    this.#report(reason);
  }
}
