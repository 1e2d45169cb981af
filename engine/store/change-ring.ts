import type { KvChange } from '../storage/types.ts';

const MAX_CHANGES = 8192;
/** Of all rings of a node together, and of one at least. */
const NODE_BYTES = 32 * 1024 * 1024;
const MIN_BYTES = 128 * 1024;
const CHANGE_BYTES = 128;
/** Changes that were let go are cut off when there are so many: not one by one. */
const CUT_AT = 1024;

/**
 * The newest changes of one partition, for those who watch it: each revision once, in order,
 * without a gap. Every replica has the same ones, since revisions are counted by the state
 * machine; how far back a replica remembers is its own affair.
 */
export class ChangeRing {
  /** The change of revision `#floor + 1` is at `#from`. */
  #rows: KvChange[] = [];
  #from = 0;
  #floor = 0;
  #bytes = 0;
  #closed = false;
  readonly #listeners = new Set<() => void>();
  readonly #maxBytes: number;

  /** `rings`: how many there are on this node. */
  constructor(rings: number) {
    this.#maxBytes = Math.max(MIN_BYTES, Math.floor(NODE_BYTES / Math.max(1, rings)));
  }

  /** A watcher that has seen this revision can go on; one that has seen less has missed something. */
  get floor(): number {
    return this.#floor;
  }

  /** The newest revision. */
  get revision(): number {
    return this.#floor + this.#rows.length - this.#from;
  }

  /** The replica is gone from this node: nothing comes any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** What the state machine has just changed. */
  add(changes: readonly KvChange[]): void {
    if (changes.length === 0) return;
    for (const row of changes) {
      this.#rows.push(row);
      this.#bytes += bytesOf(row);
    }
    const size = () => this.#rows.length - this.#from;
    while (size() > MAX_CHANGES || (this.#bytes > this.#maxBytes && size() > 1)) {
      this.#bytes -= bytesOf(this.#rows[this.#from]!);
      this.#from++;
      this.#floor++;
    }
    if (this.#from > CUT_AT) {
      this.#rows.splice(0, this.#from);
      this.#from = 0;
    }
    this.#tell();
  }

  /** The state is another one, and nobody here has seen how it came to be. */
  reset(revision: number): void {
    this.#rows = [];
    this.#from = 0;
    this.#floor = revision;
    this.#bytes = 0;
    this.#tell();
  }

  /** The changes after a revision that is not below the floor, oldest first. */
  after(revision: number, limit: number): readonly KvChange[] {
    const start = this.#from + revision - this.#floor;
    return this.#rows.slice(start, start + limit);
  }

  /** Calls back when there is something new; returns the way to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function bytesOf({ key, valueSizeBytes }: KvChange): number {
  return CHANGE_BYTES + key.length + valueSizeBytes;
}
