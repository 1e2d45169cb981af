import type { LogTimes } from '../types.ts';
import { wordsOf, type Words } from './request-codec.ts';

/*
 * Requests of one thread to another and the answers, in memory that both see: nothing is allocated
 * or cloned, and the reader sleeps in a futex, not in an event loop. Words of eight bytes:
 *
 *   control:  `Control` as 32-bit integers, `Total` as 64-bit integers
 *   the ring: records, each a word with its kind or length and then a request (request-codec.ts)
 *
 * Positions count words and wrap at 2^32; a record lies in one piece.
 */

const Control = {
  /** Counts what the writer says to the reader, so that none of it is missed: this is what it sleeps on. */
  Signal: 0,
  /** Position after the last record; the writer's. */
  Head: 1,
  /** Position up to which the ring may be overwritten; the reader's. */
  Tail: 2,
  Closed: 3,
  /** Number of the last request that the reader has answered, modulo 2^32. */
  Answered: 8,
} as const;

const Total = { Transactions: 5, TransactionNs: 6, SyncNs: 7 } as const;

const CONTROL_BYTES = 64;

/** In place of a length: the ring goes on at its beginning. */
const WRAPPED = 0;
/** In place of a length: the request comes as a message. */
const APART = -1;

/** `words` is a power of two. */
export function createRing(words: number): SharedArrayBuffer {
  return new SharedArrayBuffer(CONTROL_BYTES + words * 8);
}

/** What the reader has counted, as it is whenever it is asked. */
export class RingTotals implements LogTimes {
  readonly #totals: BigInt64Array;

  constructor(ring: SharedArrayBuffer) {
    this.#totals = new BigInt64Array(ring, 0, CONTROL_BYTES / 8);
  }

  get transactions(): number {
    return Number(Atomics.load(this.#totals, Total.Transactions));
  }

  get transactionMs(): number {
    return Number(Atomics.load(this.#totals, Total.TransactionNs)) / 1e6;
  }

  get syncMs(): number {
    return Number(Atomics.load(this.#totals, Total.SyncNs)) / 1e6;
  }
}

/** The end that requests are put in at. */
export class RingWriter {
  /** What a request is written into, where `reserve` says. */
  readonly words: Words;
  readonly #control: Int32Array;
  readonly #mask: number;
  #head: number;
  #listens = true;

  constructor(ring: SharedArrayBuffer) {
    this.words = wordsOf(ring, CONTROL_BYTES);
    this.#control = new Int32Array(ring, 0, CONTROL_BYTES / 4);
    this.#mask = this.words.numbers.length - 1;
    this.#head = Atomics.load(this.#control, Control.Head);
  }

  /** Where a request of up to so many words may be written; undefined while there is no room for it. */
  reserve(words: number): number | undefined {
    const { numbers } = this.words;
    const needed = words + 1;
    let free = numbers.length - ((this.#head - Atomics.load(this.#control, Control.Tail)) >>> 0);
    let at = this.#head & this.#mask;
    const untilEnd = numbers.length - at;
    if (needed > untilEnd) {
      free -= untilEnd;
      if (needed > free) return undefined;
      numbers[at] = WRAPPED;
      this.#head = (this.#head + untilEnd) | 0;
      at = 0;
    }
    return needed > free ? undefined : at + 1;
  }

  /** Hands over the request that was written from `at`, which was reserved last, to before `end`. */
  publish(at: number, end: number): void {
    this.words.numbers[at - 1] = end - at + 1;
    this.#advance(end - at + 1);
  }

  /** Says, where `at` was reserved last, that the next request comes as a message, which was sent already. */
  publishApart(at: number): void {
    this.words.numbers[at - 1] = APART;
    this.#advance(1);
  }

  /** Number of the last request that was answered, modulo 2^32. */
  get answered(): number {
    return Atomics.load(this.#control, Control.Answered);
  }

  /**
   * Calls `take` for answers, each time in a turn of the event loop of its own, until `ignore`.
   * What it throws is what this rejects with.
   */
  async listen(take: () => void): Promise<void> {
    while (this.#listens) {
      const seen = this.answered;
      take();
      await Atomics.waitAsync(this.#control, Control.Answered, seen).value;
    }
  }

  /** No answer will come any more, or nobody cares. */
  ignore(): void {
    this.#listens = false;
    Atomics.notify(this.#control, Control.Answered);
  }

  /** Nothing follows. */
  close(): void {
    Atomics.store(this.#control, Control.Closed, 1);
    this.#signal();
  }

  #advance(words: number): void {
    this.#head = (this.#head + words) | 0;
    Atomics.store(this.#control, Control.Head, this.#head);
    this.#signal();
  }

  #signal(): void {
    Atomics.add(this.#control, Control.Signal, 1);
    Atomics.notify(this.#control, Control.Signal, 1);
  }
}

/** A record of the ring: where its request begins, or that it comes apart. */
export type RingRecord = { readonly at: number; readonly words: number } | 'apart';

/** The other end. It may block: not for a thread that has anything else to do. */
export class RingReader {
  readonly words: Words;
  readonly #control: Int32Array;
  readonly #totals: BigInt64Array;
  readonly #mask: number;
  #position: number;

  constructor(ring: SharedArrayBuffer) {
    this.words = wordsOf(ring, CONTROL_BYTES);
    this.#control = new Int32Array(ring, 0, CONTROL_BYTES / 4);
    this.#totals = new BigInt64Array(ring, 0, CONTROL_BYTES / 8);
    this.#mask = this.words.numbers.length - 1;
    this.#position = Atomics.load(this.#control, Control.Tail);
  }

  /** Sleeps until there is a record; false when there will be none any more. */
  wait(): boolean {
    for (;;) {
      // Read before looking: what is said in between then ends the sleep at once.
      const seen = Atomics.load(this.#control, Control.Signal);
      if (Atomics.load(this.#control, Control.Head) !== this.#position) return true;
      if (Atomics.load(this.#control, Control.Closed) !== 0) return false;
      Atomics.wait(this.#control, Control.Signal, seen);
    }
  }

  /** The next record, if there is one. It stays valid until `release`. */
  take(): RingRecord | undefined {
    while (Atomics.load(this.#control, Control.Head) !== this.#position) {
      const at = this.#position & this.#mask;
      const length = this.words.numbers[at] as number;
      if (length === WRAPPED) {
        this.#position = (this.#position + this.words.numbers.length - at) | 0;
        continue;
      }
      this.#position = (this.#position + (length === APART ? 1 : length)) | 0;
      return length === APART ? 'apart' : { at: at + 1, words: length - 1 };
    }
    return undefined;
  }

  /** What was taken may be overwritten. */
  release(): void {
    Atomics.store(this.#control, Control.Tail, this.#position);
  }

  /** Everything up to and including this request is done. */
  answer(id: number): void {
    Atomics.store(this.#control, Control.Answered, id);
    Atomics.notify(this.#control, Control.Answered);
  }

  /** Adds to the totals that the other end reads. */
  count(transactionMs: number, syncMs: number): void {
    Atomics.add(this.#totals, Total.Transactions, 1n);
    Atomics.add(this.#totals, Total.TransactionNs, BigInt(Math.round(transactionMs * 1e6)));
    Atomics.add(this.#totals, Total.SyncNs, BigInt(Math.round(syncMs * 1e6)));
  }
}
