import type { Inflights } from './inflights.ts';
import type { LogIndex, NodeId, ProgressStatus } from './types.ts';

/**
 * A leader's knowledge of one follower. Always `matchIndex < nextIndex`.
 *
 * - probe: where the logs agree is not known. One append at a time, and the next one
 *   only after an answer to it or to a heartbeat.
 * - replicate: they agree at `nextIndex - 1` if nothing was lost. Appends are pipelined
 *   and `nextIndex` runs ahead of the answers, as far as the in-flight window allows.
 * - snapshot: its next entry is no longer in the log, and the driver sends it a snapshot.
 *   Nothing is appended meanwhile.
 */
export class Progress {
  readonly id: NodeId;
  /**
   * The change that made it a member, if this leader saw it. One that was removed and comes back
   * may have been deleted in between: a late answer from before says nothing of its log of now.
   */
  readonly life: LogIndex;
  matchIndex: LogIndex = 0;
  nextIndex: LogIndex;
  state: ProgressStatus['state'] = 'probe';
  readonly inflights: Inflights;
  /** Probe only: the one append is out. */
  probeSent = false;
  /** Replicate only: an empty append is due, to learn whether what is in flight has arrived. */
  checkDue = false;
  /** The tick at which the follower was last heard from. */
  lastHeardTick: number;
  /** The newest read round that the follower has confirmed. */
  ackedReadRound = 0;
  /** While the follower is known to lag: the index it has to reach to be in step again; else 0. */
  behindUntil: LogIndex = 0;

  constructor(id: NodeId, life: LogIndex, nextIndex: LogIndex, inflights: Inflights, nowTick: number) {
    this.id = id;
    this.life = life;
    this.nextIndex = nextIndex;
    this.inflights = inflights;
    this.lastHeardTick = nowTick;
  }

  /** Goes back to what is certain. Whatever was in flight is sent again. */
  becomeProbe(): void {
    this.state = 'probe';
    this.nextIndex = this.matchIndex + 1;
    this.inflights.clear();
    this.probeSent = false;
    this.checkDue = false;
  }

  becomeReplicate(): void {
    this.state = 'replicate';
    this.nextIndex = this.matchIndex + 1;
    this.inflights.clear();
    this.probeSent = false;
    this.checkDue = false;
  }

  becomeSnapshot(): void {
    this.state = 'snapshot';
    this.inflights.clear();
    this.checkDue = false;
  }

  /** The follower has everything up to `index` by a snapshot, or (0) the attempt failed. */
  snapshotFinished(index: LogIndex): void {
    this.becomeProbe();
    if (index >= this.nextIndex) this.nextIndex = index + 1;
    // A failed one is tried again when the follower is next heard from, not at once and for ever.
    this.probeSent = index === 0;
  }

  /**
   * The follower's log equals ours up to `index`; ours begins after `snapshotIndex`. Answers
   * may come late and out of order.
   */
  accepted(index: LogIndex, snapshotIndex: LogIndex): void {
    const forward = index > this.matchIndex;
    if (forward) this.matchIndex = index;
    if (this.nextIndex <= this.matchIndex) this.nextIndex = this.matchIndex + 1;
    if (this.state === 'replicate') {
      this.inflights.freeTo(index);
      if (forward) this.inflights.widen();
    } else if (index === this.matchIndex && index >= snapshotIndex) {
      this.becomeReplicate();
    }
  }

  /**
   * The follower refused the append after `refused` and may agree at `candidate`.
   * Returns false for the answer to an append that has been superseded.
   */
  rejected(refused: LogIndex, candidate: LogIndex): boolean {
    if (this.state === 'snapshot') return false;
    if (this.state === 'replicate') {
      if (refused <= this.matchIndex) return false;
      this.becomeProbe();
      return true;
    }
    if (this.nextIndex - 1 !== refused) return false;
    const next = candidate + 1 < refused ? candidate + 1 : refused;
    this.nextIndex = next > this.matchIndex ? next : this.matchIndex + 1;
    this.probeSent = false;
    return true;
  }

  /** The leader's last index is `lastIndex` and this follower is not in step with it. */
  markBehind(lastIndex: LogIndex): void {
    if (this.behindUntil === 0) this.behindUntil = lastIndex;
  }

  status(recentlyActive: boolean): ProgressStatus {
    return {
      id: this.id,
      matchIndex: this.matchIndex,
      nextIndex: this.nextIndex,
      state: this.state,
      inFlight: this.inflights.count,
      recentlyActive,
    };
  }
}
