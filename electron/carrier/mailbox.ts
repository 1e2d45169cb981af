/**
 * The messages of one subscription on their way to a reader that may be slow. While
 * the reader keeps up each message goes out as it is; while it does not, messages are
 * merged into one, so what waits is bounded by what `merge` keeps.
 */
export class Mailbox<M> {
  readonly #merge: (waiting: M, next: M) => M;
  readonly #send: (message: M) => void;
  readonly #congested: () => boolean;
  #waiting: { message: M } | null = null;

  constructor(options: { merge: (waiting: M, next: M) => M; send: (message: M) => void; congested: () => boolean }) {
    this.#merge = options.merge;
    this.#send = options.send;
    this.#congested = options.congested;
  }

  put(message: M): void {
    this.#waiting = { message: this.#waiting === null ? message : this.#merge(this.#waiting.message, message) };
    this.flush();
  }

  /** To be called whenever the reader may have caught up. */
  flush(): void {
    if (this.#waiting === null || this.#congested()) return;
    const { message } = this.#waiting;
    this.#waiting = null;
    this.#send(message);
  }
}
