import { InvalidInitialStateError } from './errors.ts';
import { NO_ENTRIES } from './messages.ts';
import { EntryType } from './types.ts';
import type { Entry, InitialState, LogIndex, LogPoint, LogReader, Term } from './types.ts';

/** What an entry costs in memory beyond its data; so that empty entries do not count as free. */
const ENTRY_OVERHEAD_BYTES = 64;

/** How much is read at a time to look for membership changes. */
const SCAN_BYTES = 1024 * 1024;

/**
 * The log of one group: its tail in memory, the rest behind a LogReader.
 *
 *     snapshotIndex ... | on disk only | applied, cached | not applied | not persisted |
 *                       first          offset            appliedIndex  persistedIndex  lastIndex
 *
 * Invariants:
 * - appliedIndex <= handedOutIndex <= min(commitIndex, persistedIndex)
 * - persistedIndex <= takenIndex <= lastIndex; what is between them is on its way to the disk
 * - everything after appliedIndex or persistedIndex that this process appended is in memory;
 *   so the reader is asked for indexes up to persistedIndex only
 * - commitIndex <= lastIndex; nothing up to commitIndex is ever replaced
 */
export class RaftLog {
  snapshotIndex: LogIndex;
  snapshotTerm: Term;
  lastIndex: LogIndex;
  lastTerm: Term;
  commitIndex: LogIndex;
  appliedIndex: LogIndex;
  /** Handed to the caller to be applied. */
  handedOutIndex: LogIndex;
  /** Handed to the caller to be persisted. */
  takenIndex: LogIndex;
  /** Durable here, and no write on its way to the disk replaces it. */
  persistedIndex: LogIndex;
  readonly #reader: LogReader;
  readonly #maxCachedBytes: number;
  readonly #tail: Entry[] = [];
  /** The index of the tail's first entry, or of the next one to come. */
  #offset: LogIndex;
  /** Of those tail entries that are applied and only kept for followers. */
  #cachedBytes = 0;
  /** Committed entries up to here were looked at for membership changes, and the last one found. */
  #scannedTo: LogIndex = 0;
  #confChangeAt: LogIndex = 0;

  constructor(initial: InitialState, reader: LogReader, maxCachedBytes: number) {
    const commitIndex = Math.max(initial.hardState.commitIndex, initial.appliedIndex, initial.snapshotIndex);
    if (commitIndex > initial.lastIndex) {
      throw new InvalidInitialStateError(
        `the log ends at ${initial.lastIndex} but entries up to ${commitIndex} were committed or applied: ` +
          'a part of the log is missing',
      );
    }
    if (initial.appliedIndex < initial.snapshotIndex) {
      throw new InvalidInitialStateError(
        `the log begins after ${initial.snapshotIndex} but only ${initial.appliedIndex} entries were applied: ` +
          'the state machine is older than its log',
      );
    }
    this.snapshotIndex = initial.snapshotIndex;
    this.snapshotTerm = initial.snapshotTerm;
    this.lastIndex = initial.lastIndex;
    this.lastTerm = initial.lastTerm;
    this.commitIndex = commitIndex;
    this.appliedIndex = initial.appliedIndex;
    this.handedOutIndex = initial.appliedIndex;
    this.takenIndex = initial.lastIndex;
    this.persistedIndex = initial.lastIndex;
    this.#reader = reader;
    this.#maxCachedBytes = maxCachedBytes;
    this.#offset = initial.lastIndex + 1;
  }

  get firstIndex(): LogIndex {
    return this.snapshotIndex + 1;
  }

  /** The term of an entry; 0 before the first one; undefined when it is compacted or not there yet. */
  term(index: LogIndex): Term | undefined {
    if (index === this.lastIndex) return this.lastTerm;
    if (index === this.snapshotIndex) return this.snapshotTerm;
    if (index > this.lastIndex || index < this.snapshotIndex) return undefined;
    if (index >= this.#offset) return this.#tail[index - this.#offset]!.term;
    return this.#reader.term(index);
  }

  /** Whether `slice` has this entry at hand and need not read it. */
  isInMemory(index: LogIndex): boolean {
    return index >= this.#offset;
  }

  matches(index: LogIndex, term: Term): boolean {
    return this.term(index) === term;
  }

  /** Whether a log that ends so is at least as up-to-date as this one (Raft paper, section 5.4.1). */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /**
   * The last index up to `from` whose term is at most `term`: where a log that has
   * `term` can agree with this one at the latest. Terms never fall along a log, so a
   * binary search finds it, however long the diverged part is.
   */
  lastIndexWithin(from: LogIndex, term: Term): LogIndex {
    let low = this.snapshotIndex;
    let high = Math.min(from, this.lastIndex);
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if ((this.term(middle) ?? 0) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Entries in `[from, to)`, at least one if there is one, as many as fit; may stop early where memory begins. */
  slice(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] {
    if (from >= to) return NO_ENTRIES;
    if (from < this.#offset) return this.#reader.entries(from, Math.min(to, this.#offset), maxBytes);
    const start = from - this.#offset;
    const limit = to - this.#offset;
    let end = start;
    let bytes = 0;
    while (end < limit) {
      bytes += this.#tail[end]!.data.length;
      if (bytes > maxBytes && end > start) break;
      end++;
    }
    return this.#tail.slice(start, end);
  }

  /** Bytes of data in `[from, to)`, which must not have been applied yet. */
  dataBytes(from: LogIndex, to: LogIndex): number {
    let bytes = 0;
    for (let index = Math.max(from, this.#offset); index < to; index++) {
      bytes += this.#tail[index - this.#offset]!.data.length;
    }
    return bytes;
  }

  push(entry: Entry): void {
    this.#tail.push(entry);
    this.lastIndex = entry.index;
    this.lastTerm = entry.term;
  }

  /** The first of these entries that this log has not, or has with another term; undefined when it has all. */
  firstNew(entries: readonly Entry[]): Entry | undefined {
    for (const entry of entries) if (!this.matches(entry.index, entry.term)) return entry;
    return undefined;
  }

  /** Drops `index` and all after it. Never reaches below the commit index. */
  truncateFrom(index: LogIndex): void {
    this.lastTerm = this.term(index - 1) ?? 0;
    this.lastIndex = index - 1;
    if (index >= this.#offset) {
      this.#tail.length = index - this.#offset;
    } else {
      this.#tail.length = 0;
      this.#offset = index;
    }
    if (this.takenIndex >= index) this.takenIndex = index - 1;
    if (this.persistedIndex >= index) this.persistedIndex = index - 1;
  }

  commitTo(index: LogIndex): void {
    const bounded = Math.min(index, this.lastIndex);
    if (bounded > this.commitIndex) this.commitIndex = bounded;
  }

  get hasUntaken(): boolean {
    return this.takenIndex < this.lastIndex;
  }

  /** Entries nobody has been asked to persist yet. They are on their way from here on. */
  takeUnpersisted(): readonly Entry[] {
    if (!this.hasUntaken) return NO_ENTRIES;
    const entries = this.#tail.slice(this.takenIndex + 1 - this.#offset);
    this.takenIndex = this.lastIndex;
    return entries;
  }

  get hasApplicable(): boolean {
    return this.handedOutIndex < this.commitIndex && this.handedOutIndex < this.persistedIndex;
  }

  /** Committed entries that are persisted here and were not handed out yet. */
  takeApplicable(maxBytes: number): readonly Entry[] {
    if (!this.hasApplicable) return NO_ENTRIES;
    const end = Math.min(this.commitIndex, this.persistedIndex) + 1;
    const entries = this.slice(this.handedOutIndex + 1, end, maxBytes);
    this.handedOutIndex += entries.length;
    return entries;
  }

  get end(): LogPoint {
    return { index: this.lastIndex, term: this.lastTerm };
  }

  /** The last entry up to `index` that is known to be committed; none when it is no longer in the log. */
  committedUpTo(index: LogIndex): LogPoint {
    const last = Math.min(index, this.commitIndex);
    const term = this.term(last) ?? 0;
    return { index: term === 0 ? 0 : last, term };
  }

  /** Whether a membership change is known to be committed and not applied. Asked by candidates only. */
  hasUnappliedConfChange(): boolean {
    while (this.#confChangeAt <= this.appliedIndex) {
      const from = Math.max(this.appliedIndex, this.#scannedTo) + 1;
      if (from > this.commitIndex) return false;
      const entries = this.slice(from, this.commitIndex + 1, SCAN_BYTES);
      const found = entries.find((entry) => entry.type === EntryType.ConfChange);
      this.#scannedTo = found?.index ?? from + entries.length - 1;
      this.#confChangeAt = found?.index ?? 0;
    }
    return true;
  }

  appliedTo(index: LogIndex): void {
    for (let i = Math.max(this.appliedIndex + 1, this.#offset); i <= index; i++) {
      this.#cachedBytes += this.#tail[i - this.#offset]!.data.length + ENTRY_OVERHEAD_BYTES;
    }
    this.appliedIndex = index;
    if (this.#cachedBytes > this.#maxCachedBytes) this.#evict();
  }

  /** Forgets the entries up to `index`, which are applied. */
  compactTo(index: LogIndex): void {
    const term = this.term(index);
    if (term === undefined) return;
    this.snapshotIndex = index;
    this.snapshotTerm = term;
    if (index >= this.#offset) this.#dropCached(index + 1 - this.#offset);
  }

  /** The state machine was replaced by that of `point`: the log is empty and begins after it. */
  restore(point: LogPoint): void {
    this.#tail.length = 0;
    this.#cachedBytes = 0;
    this.#offset = point.index + 1;
    this.snapshotIndex = point.index;
    this.snapshotTerm = point.term;
    this.lastIndex = point.index;
    this.lastTerm = point.term;
    this.commitIndex = point.index;
    this.appliedIndex = point.index;
    this.handedOutIndex = point.index;
    this.takenIndex = point.index;
    this.persistedIndex = point.index;
  }

  /** Well below the limit at once, so that the shift of the array is rare. */
  #evict(): void {
    const target = this.#maxCachedBytes * 0.75;
    let count = 0;
    let bytes = this.#cachedBytes;
    while (bytes > target && this.#offset + count <= this.appliedIndex) {
      bytes -= this.#tail[count]!.data.length + ENTRY_OVERHEAD_BYTES;
      count++;
    }
    this.#dropCached(count);
  }

  /** The first `count` entries of the tail, which are applied. */
  #dropCached(count: number): void {
    for (let i = 0; i < count; i++) this.#cachedBytes -= this.#tail[i]!.data.length + ENTRY_OVERHEAD_BYTES;
    this.#tail.splice(0, count);
    this.#offset += count;
  }
}
