import type { LogIndex } from './types.ts';

/**
 * The appends on their way to one follower, oldest first, limited by count and by
 * bytes. Indexes in it only grow. A ring that starts small and doubles: most groups
 * are idle and their windows nearly empty.
 *
 * The count begins at one and grows by one with each answer that brought the follower forward
 * (RFC 5681, slow start), so a whole window is out after a few round trips. Sent at once on the
 * first answer, it makes a storm where messages overtake each other: what arrives early is
 * refused, a late refusal empties the window, a late answer fills it again, and each round has
 * more messages than the one before.
 */
export class Inflights {
  readonly maxCount: number;
  readonly maxBytes: number;
  #lastIndexes: number[] = [];
  #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;
  #limit = 1;

  constructor(maxCount: number, maxBytes: number) {
    this.maxCount = maxCount;
    this.maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The append that fills the window may exceed the bytes, or one bigger than them could never be sent. */
  get full(): boolean {
    return this.#count >= this.#limit || this.#bytes >= this.maxBytes;
  }

  /** Records an append whose last entry is `lastIndex`. Only while not full. */
  add(lastIndex: LogIndex, sizeBytes: number): void {
    if (this.#count === this.#lastIndexes.length) this.#grow();
    const at = (this.#start + this.#count) % this.#lastIndexes.length;
    this.#lastIndexes[at] = lastIndex;
    this.#sizes[at] = sizeBytes;
    this.#count++;
    this.#bytes += sizeBytes;
  }

  /** Everything up to `index` has been answered for. */
  freeTo(index: LogIndex): void {
    while (this.#count > 0 && this.#lastIndexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) % this.#lastIndexes.length;
      this.#count--;
    }
  }

  /** The follower came forward by an answer. */
  widen(): void {
    if (this.#limit < this.maxCount) this.#limit++;
  }

  /** Nothing is on its way that counts, and the window begins anew. */
  clear(): void {
    this.#limit = 1;
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const oldLength = this.#lastIndexes.length;
    const lastIndexes: number[] = Array.from({ length: Math.max(4, oldLength * 2) }, () => 0);
    const sizes = lastIndexes.slice();
    for (let i = 0; i < this.#count; i++) {
      const from = (this.#start + i) % oldLength;
      lastIndexes[i] = this.#lastIndexes[from]!;
      sizes[i] = this.#sizes[from]!;
    }
    this.#lastIndexes = lastIndexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}
