/** Changes that must be seen at once still share one update when they come together. */
const URGENT_DELAY_MS = 15;
const MIN_INTERVAL_MS = 100;
/** Even when nothing but the age of the words changes, a watcher hears this often that they are fresh. */
const HEARTBEAT_MS = 1_000;

/**
 * Decides when a watcher's view is due: at once after an urgent change, else at most
 * ten times a second and only when its content changed.
 */
export class Pacer<V> {
  readonly #view: () => V;
  readonly #contentOf: (view: V) => string;
  readonly #emit: (view: V) => void;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;
  #dueMs = Infinity;
  #urgent = false;
  #emittedMs = -Infinity;
  #fingerprint = '';
  #content = '';

  constructor(options: {
    readonly view: () => V;
    /** Two views with the same content need not both be sent. */
    readonly contentOf: (view: V) => string;
    readonly emit: (view: V) => void;
    readonly now: () => number;
  }) {
    this.#view = options.view;
    this.#contentOf = options.contentOf;
    this.#emit = options.emit;
    this.#now = options.now;
  }

  /** Something may have changed; another `fingerprint` than before makes it urgent. */
  changed(fingerprint: string): void {
    const nowMs = this.#now();
    if (fingerprint !== this.#fingerprint) {
      this.#fingerprint = fingerprint;
      this.#urgent = true;
      this.#schedule(nowMs + URGENT_DELAY_MS);
    } else {
      this.#schedule(Math.max(nowMs, this.#emittedMs + MIN_INTERVAL_MS));
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #schedule(dueMs: number): void {
    if (this.#timer !== null) {
      if (dueMs >= this.#dueMs) return;
      clearTimeout(this.#timer);
    }
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, dueMs - this.#now()));
  }

  #fire(): void {
    this.#timer = null;
    const view = this.#view();
    const content = this.#contentOf(view);
    const nowMs = this.#now();
    if (!this.#urgent && content === this.#content && nowMs - this.#emittedMs < HEARTBEAT_MS) return;
    this.#urgent = false;
    this.#content = content;
    this.#emittedMs = nowMs;
    this.#emit(view);
  }
}
