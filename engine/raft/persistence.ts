import type { HardState, LogIndex, NodeId, PersistMark, Term } from './types.ts';

interface PendingWrite {
  readonly mark: PersistMark;
  readonly takenAtTick: number;
  /**
   * The last entry this write makes durable for good. Lowered when a newer leader
   * replaces entries while the write is on its way, because a later write undoes that
   * part. An entry that is replaced and comes back (the leader of a third term has
   * it) travels in a newer write: comparing index and term alone would take the old
   * write's confirmation for the new one's.
   */
  durableTo: LogIndex;
}

/** The writes on their way to the disk, oldest first, and what is durable already. */
export class PendingWrites {
  durableTerm: Term;
  durableVote: NodeId;
  readonly #writes: PendingWrite[] = [];

  constructor(recovered: HardState) {
    this.durableTerm = recovered.term;
    this.durableVote = recovered.votedFor;
  }

  add(mark: PersistMark, nowTick: number): void {
    this.#writes.push({ mark, takenAtTick: nowTick, durableTo: mark.lastIndex });
  }

  /** The entries from `index` on are being replaced. */
  truncateFrom(index: LogIndex): void {
    for (const write of this.#writes) if (write.durableTo >= index) write.durableTo = index - 1;
  }

  /**
   * This write and all before it are durable. Returns the index up to which the log
   * is, 0 when they held no entries, and undefined for a mark that is not pending: one
   * confirmed before, or of a ready that had nothing to persist.
   */
  confirm(mark: PersistMark): LogIndex | undefined {
    const at = this.#writes.findIndex((write) => write.mark === mark);
    if (at < 0) return undefined;
    let durableTo = 0;
    for (let i = 0; i <= at; i++) durableTo = Math.max(durableTo, this.#writes[i]!.durableTo);
    this.#writes.splice(0, at + 1);
    this.durableTerm = mark.term;
    this.durableVote = mark.votedFor;
    return durableTo;
  }

  /** Whether the disk has owed a confirmation for this many ticks. */
  stalledFor(ticks: number, nowTick: number): boolean {
    const oldest = this.#writes[0];
    return oldest !== undefined && nowTick - oldest.takenAtTick >= ticks;
  }
}
