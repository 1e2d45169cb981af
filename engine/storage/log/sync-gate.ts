/** How often a delayed sync asks whether it is still to wait. */
const POLL_MS = 20;

/**
 * A slow or hung disk, for drills and tests: holds requests back for `delayMs()` each
 * time, as a sync that takes that long would; what arrives meanwhile goes with them.
 */
export class SyncGate<Request> {
  readonly #delayMs: () => number;
  readonly #forward: (request: Request) => void;
  #held: Request[] = [];
  #heldSinceMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: () => number, forward: (request: Request) => void) {
    this.#delayMs = delayMs;
    this.#forward = forward;
  }

  /** Whether a request may pass at once; else it is to be pushed. */
  get isOpen(): boolean {
    return this.#timer === undefined && this.#delayMs() <= 0;
  }

  push(request: Request): void {
    this.#held.push(request);
    if (this.#timer !== undefined) return;
    this.#heldSinceMs = performance.now();
    this.#wait();
  }

  /** Lets everything through at once. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#held = [];
    for (const request of held) this.#forward(request);
  }

  #wait(): void {
    const leftMs = this.#heldSinceMs + this.#delayMs() - performance.now();
    if (leftMs <= 0) {
      this.flush();
      return;
    }
    this.#timer = setTimeout(
      () => {
        this.#wait();
      },
      Math.min(leftMs, POLL_MS),
    );
  }
}
