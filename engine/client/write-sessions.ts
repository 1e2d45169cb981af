import { MAX_UNACKNOWLEDGED_WRITES } from '../config/limits.ts';
import { DeadlineExceededError } from './errors.ts';

/**
 * What this client has under way with one partition: its writes are numbered, and the
 * partition applies each number once. A number is finished when its write will not be sent
 * again; up to the first that is not, the partition may forget the answers.
 */
export class WriteSession {
  /** As the partition gave it. */
  readonly id: number;
  readonly partition: number;
  #next = 1;
  #acknowledged = 0;
  readonly #finished = new Set<number>();
  #waiting: (() => void)[] = [];

  constructor(partition: number, id: number) {
    this.partition = partition;
    this.id = id;
  }

  /** Every write up to this one is finished. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether one more write would be further ahead of the first unfinished one than the partition takes. */
  get isFull(): boolean {
    return this.#next - this.#acknowledged > MAX_UNACKNOWLEDGED_WRITES;
  }

  /** Numbers a write that begins now. */
  begin(): number {
    return this.#next++;
  }

  finish(sequence: number): void {
    if (sequence === this.#acknowledged + 1) this.#acknowledged = sequence;
    else this.#finished.add(sequence);
    while (this.#finished.size > 0 && this.#finished.delete(this.#acknowledged + 1)) this.#acknowledged++;
    if (this.#waiting.length === 0 || this.isFull) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** Resolves when there was room for a moment. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** More than a call needs to settle once its time is up. */
const GRACE_MS = 1000;

/** Asks a partition for a session. Rejects with a PrkDbError. */
export type OpenSession = (partition: number, timeoutMs: number) => Promise<number>;

/** One session for each partition that this client writes to, opened with the first write. */
export class WriteSessions {
  readonly #open: OpenSession;
  readonly #sessions = new Map<number, WriteSession>();
  readonly #opening = new Map<number, Promise<void>>();

  constructor(open: OpenSession) {
    this.#open = open;
  }

  /** The session of a partition when a write may begin at once. */
  ready(partition: number): WriteSession | undefined {
    const session = this.#sessions.get(partition);
    return session?.isFull === false ? session : undefined;
  }

  /** The same, waiting for it. Rejects with why there is none, or with the signal's reason. */
  async wait(partition: number, deadlineMs: number, signal: AbortSignal | undefined): Promise<WriteSession> {
    for (;;) {
      signal?.throwIfAborted();
      const ready = this.ready(partition);
      if (ready !== undefined) return ready;
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) {
        throw new DeadlineExceededError(
          `Too many earlier writes to partition ${partition} are still unanswered. Nothing was written. Try again, or allow more time.`,
          'none',
        );
      }
      const session = this.#sessions.get(partition);
      const asksItself = session === undefined && !this.#opening.has(partition);
      try {
        // Who asks is told by the call itself why there is no session, at the end of the same time.
        const waitMs = asksItself ? leftMs + GRACE_MS : leftMs;
        await within(session?.room() ?? this.#opened(partition, leftMs), waitMs, signal);
      } catch (error) {
        // Another's attempt may have had less time than this one.
        if (asksItself) throw error;
      }
    }
  }

  /** The partition does not know this session any more. */
  expired(session: WriteSession): void {
    if (this.#sessions.get(session.partition) === session) this.#sessions.delete(session.partition);
  }

  /** Asks once, however many wait for it. */
  #opened(partition: number, timeoutMs: number): Promise<void> {
    let opening = this.#opening.get(partition);
    if (opening === undefined) {
      opening = this.#open(partition, timeoutMs)
        .then((id) => void this.#sessions.set(partition, new WriteSession(partition, id)))
        .finally(() => this.#opening.delete(partition));
      this.#opening.set(partition, opening);
    }
    return opening;
  }
}

/** Waits for `done` until it is settled, the time is up, or the signal aborts; only `done` itself rejects. */
async function within(done: Promise<void>, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([done, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
