import type { GroupId } from '../config/ids.ts';
import type { Entry, LogIndex, NodeId, RaftCore, RaftEvent, Term } from '../raft/types.ts';
import { NONE, Role } from '../raft/types.ts';
import { encodeCommand, type Mutation } from '../storage/codec.ts';
import type { MutationResult } from '../storage/types.ts';
import { ChangeRing } from './change-ring.ts';
import { LogSize } from './compaction.ts';
import type { WantedMembers } from './routing.ts';
import type { Failure, PendingRead, PendingWrite, ReadConsistency } from './types.ts';

/** Mutations in one log entry, and their bytes: enough to share its cost, small enough to replicate at once. */
const MAX_COMMAND_MUTATIONS = 1024;
const MAX_COMMAND_BYTES = 1024 * 1024;

/**
 * Entries of writes on their way to being committed. More than one keeps disk and
 * network busy at the same time; beyond that, waiting writes share the next entry.
 * See `#mayPropose`.
 */
const MAX_PIPELINED_COMMANDS = 4;

/** Bytes of writes that may wait for a place in the log. */
const MAX_QUEUED_BYTES = 32 * 1024 * 1024;

const MUTATION_OVERHEAD_BYTES = 64;

/** What a write takes of a log entry, roughly: a transaction as much as all of its parts. */
export function mutationBytes({ key, value, parts }: Mutation): number {
  const ownBytes = key.length + value.length + MUTATION_OVERHEAD_BYTES;
  return parts === undefined ? ownBytes : parts.reduce((sum, part) => sum + mutationBytes(part), ownBytes);
}

interface Proposed {
  readonly index: LogIndex;
  readonly term: Term;
  readonly atMs: number;
  readonly writes: readonly PendingWrite[];
}

interface ReadRound {
  readonly round: number;
  readonly reads: readonly PendingRead[];
}

interface WaitingRead {
  readonly index: LogIndex;
  readonly reads: readonly PendingRead[];
}

/** One Raft group of this node: the core, and the requests that wait for it. */
export class Group {
  readonly id: GroupId;
  readonly core: RaftCore;
  /** The replica that should lead while everything is well. */
  preferredLeader: NodeId = NONE;
  /** Who should take part, by the routing table. */
  wanted: WantedMembers | null = null;
  /** The store will look at it in its next round. */
  touched = false;
  /** This replica was given up: nothing moves it any more. */
  closed = false;
  /** Synced writes asked of the log and not yet confirmed. */
  pendingPersists = 0;
  electionsWon = 0;
  readonly logSize = new LogSize();
  /** What has changed lately, for those who watch. */
  readonly changes: ChangeRing;
  /** When this replica last heard its leader; for the age of stale reads. */
  leaderHeardAtMs: number;
  /** Since when this replica knows of no leader; null while it knows one. */
  #leaderlessSinceMs: number | null;

  #queue: PendingWrite[] = [];
  #queuedBytes = 0;
  /** Of the last command that was proposed for its time alone. */
  #timeIndex: LogIndex = 0;
  /**
   * One for each index at most, few at a time. Neither here nor below a Map: the table that one has
   * outgrown keeps the next one alive, and with it all that has passed through it, once it is old.
   */
  readonly #proposed: Proposed[] = [];
  #newReads: PendingRead[] = [];
  #readRounds: ReadRound[] = [];
  #nextReadRound: number;
  #waitingReads: WaitingRead[] = [];

  /**
   * `firstReadRound` is drawn anew at every start: a late answer to a read of this node's
   * former process must not be taken for the answer to one of now.
   */
  constructor(id: GroupId, core: RaftCore, nowMs: number, firstReadRound: number, changes = new ChangeRing(1)) {
    this.changes = changes;
    this.id = id;
    this.core = core;
    this.#nextReadRound = firstReadRound;
    this.leaderHeardAtMs = nowMs;
    this.#leaderlessSinceMs = nowMs;
  }

  /** How long the group was without a leader when this happened, ms, as this replica knows it: each gap counts by itself. */
  leaderlessMs(event: RaftEvent, nowMs: number): number {
    const isGap = event.kind === 'leaderLost' || event.kind === 'steppedDown' || event.kind === 'electionStarted';
    if (isGap) this.#leaderlessSinceMs ??= nowMs;
    const leaderlessMs = this.#leaderlessSinceMs === null ? 0 : Math.round(nowMs - this.#leaderlessSinceMs);
    if (event.kind === 'leaderKnown' || event.kind === 'electionWon') this.#leaderlessSinceMs = null;
    return leaderlessMs;
  }

  get isLeader(): boolean {
    return this.core.role === Role.Leader;
  }

  /** What a request that needs the leader is told here, or null when this is the leader. */
  leaderFailure(): Failure | null {
    if (this.isLeader) return null;
    return this.core.leader === NONE
      ? { ok: false, reason: 'noLeader' }
      : { ok: false, reason: 'notLeader', leader: this.core.leader };
  }

  /** Takes a write in, or says why not; the answer comes through `write.respond`. */
  enqueueWrite(write: PendingWrite): Failure | null {
    const failure = this.leaderFailure();
    if (failure !== null) return failure;
    if (this.#queuedBytes + write.sizeBytes > MAX_QUEUED_BYTES) return { ok: false, reason: 'overloaded' };
    this.#queue.push(write);
    this.#queuedBytes += write.sizeBytes;
    return null;
  }

  enqueueRead(read: PendingRead, consistency: ReadConsistency): Failure | null {
    if (consistency === 'linearizable') {
      const failure = this.leaderFailure();
      if (failure !== null) return failure;
    } else if (this.core.leader === NONE) {
      return { ok: false, reason: 'noLeader' };
    }
    this.#newReads.push(read);
    return null;
  }

  /** Moves queued writes into the log, as many to an entry as fit. */
  proposeQueued(nowMs: number, wallMs: number): void {
    while (this.#queue.length > 0 && this.#mayPropose()) {
      const failure = this.leaderFailure();
      if (failure !== null) {
        // Nothing of these reached the log, so the callers may safely go elsewhere.
        this.#failQueue(failure);
        return;
      }
      const writes = this.#takeForOneCommand(nowMs);
      if (writes.length === 0) return;
      const data = encodeCommand(
        writes.map((w) => w.mutation),
        wallMs,
      );
      const proposal = this.core.propose(data);
      if (!proposal.accepted) {
        this.#queue = [...writes, ...this.#queue];
        for (const write of writes) this.#queuedBytes += write.sizeBytes;
        if (proposal.reason !== 'notLeader') return;
        this.#failQueue(
          proposal.leader === NONE
            ? { ok: false, reason: 'noLeader' }
            : { ok: false, reason: 'notLeader', leader: proposal.leader },
        );
        return;
      }
      this.#pushedOut(proposal.index);
      this.#proposed.push({ index: proposal.index, term: proposal.term, atMs: nowMs, writes });
    }
  }

  /** What is due goes with the time of a command: where nobody writes, the leader proposes one that has nothing else. */
  proposeTime(wallMs: number): void {
    if (!this.isLeader || this.core.appliedIndex < this.#timeIndex) return;
    const proposal = this.core.propose(encodeCommand([], wallMs));
    if (!proposal.accepted) return;
    this.#pushedOut(proposal.index);
    this.#timeIndex = proposal.index;
  }

  /** Starts one ReadIndex round for all reads that came since the last one. */
  startReads(): void {
    if (this.#newReads.length === 0) return;
    const reads = this.#newReads;
    this.#newReads = [];
    const round = this.#nextReadRound++;
    if (this.core.readIndex(round)) this.#readRounds.push({ round, reads });
    else for (const read of reads) answer(read, { ok: false, reason: 'noLeader' });
  }

  readConfirmed(round: number, index: LogIndex): void {
    const reads = this.#takeReadRound(round);
    if (reads !== undefined) this.#waitingReads.push({ index, reads });
  }

  readRejected(round: number): void {
    const reads = this.#takeReadRound(round);
    if (reads === undefined) return;
    const failure = this.leaderFailure() ?? { ok: false, reason: 'noLeader' };
    for (const read of reads) answer(read, failure);
  }

  /** Answers the reads whose index has been applied. */
  releaseReads(): number {
    if (this.#waitingReads.length === 0) return 0;
    const applied = this.core.appliedIndex;
    const still: WaitingRead[] = [];
    let released = 0;
    for (const waiting of this.#waitingReads) {
      if (waiting.index > applied) {
        still.push(waiting);
        continue;
      }
      for (const read of waiting.reads) {
        if (read.respond !== null) released++;
        answer(read, { ok: true, stalenessMs: 0 });
      }
    }
    this.#waitingReads = still;
    return released;
  }

  /**
   * Answers the writes of an applied entry. An entry of another term at an index where
   * we had proposed means that ours was replaced: it can never commit, so nothing was done.
   */
  answerApplied(
    entry: Entry,
    results: readonly MutationResult[],
    onWrite: (write: PendingWrite, proposedMs: number) => void,
  ): void {
    const proposed = this.#takeProposed(entry.index);
    if (proposed === undefined) return;
    if (proposed.term !== entry.term) return this.#replaced(proposed);
    proposed.writes.forEach((write, i) => {
      const result = results[i];
      if (result === undefined || write.respond === null) return;
      onWrite(write, proposed.atMs);
      answerWrite(write, { ok: true, result, index: entry.index });
    });
  }

  /**
   * The state machine was replaced by a leader's: entries were applied that nobody here has
   * seen one by one, so nobody can say what became of the writes that this node proposed.
   */
  stateReplaced(): void {
    for (const { index } of this.#proposed.slice()) this.#pushedOut(index);
  }

  /** Answers what ran out of time. A write already in the log may still commit. */
  expire(nowMs: number): number {
    let expired = 0;
    const failure: Failure = { ok: false, reason: 'deadline' };
    const expireRead = (read: PendingRead): void => {
      if (read.respond === null || read.deadlineMs > nowMs) return;
      expired++;
      answer(read, failure);
    };
    const expireWrite = (write: PendingWrite): void => {
      if (write.respond === null || write.deadlineMs > nowMs) return;
      expired++;
      answerWrite(write, failure);
    };
    for (const write of this.#queue) expireWrite(write);
    for (const { writes } of this.#proposed) writes.forEach(expireWrite);
    this.#newReads.forEach(expireRead);
    for (const { reads } of this.#readRounds) reads.forEach(expireRead);
    for (const { reads } of this.#waitingReads) reads.forEach(expireRead);
    this.#forgetAnswered();
    return expired;
  }

  get pendingWrites(): number {
    return this.#queue.length + this.#proposed.length;
  }

  get hasQueued(): boolean {
    return this.#queue.length > 0 || this.#newReads.length > 0;
  }

  /** Ends everything that waits, with one answer. */
  failAll(failure: Failure): void {
    this.#failQueue(failure);
    // These are in the log: the node that failed cannot say what becomes of them.
    for (const { writes } of this.#proposed) {
      for (const write of writes) answerWrite(write, { ok: false, reason: 'deadline' });
    }
    this.#proposed.length = 0;
    const reads = [this.#newReads, ...[...this.#readRounds, ...this.#waitingReads].map((r) => r.reads)].flat();
    this.#newReads = [];
    this.#readRounds = [];
    this.#waitingReads = [];
    for (const read of reads) answer(read, failure);
  }

  #takeForOneCommand(nowMs: number): PendingWrite[] {
    const writes: PendingWrite[] = [];
    let bytes = 0;
    let taken = 0;
    for (const write of this.#queue) {
      if (
        writes.length >= MAX_COMMAND_MUTATIONS ||
        (writes.length > 0 && bytes + write.sizeBytes > MAX_COMMAND_BYTES)
      ) {
        break;
      }
      taken++;
      this.#queuedBytes -= write.sizeBytes;
      // A caller that has given up must not see its write happen later without need.
      if (write.respond === null) continue;
      if (write.deadlineMs <= nowMs) {
        answerWrite(write, { ok: false, reason: 'deadline' });
        continue;
      }
      writes.push(write);
      bytes += write.sizeBytes;
    }
    this.#queue.splice(0, taken);
    return writes;
  }

  /**
   * An entry costs the same whatever it holds: messages, a log row and a transaction of the state
   * machine on each replica. So a further one goes out while others are on their way only when it
   * carries as much as they do, or is full. A single write never waits for more than those that
   * came shortly before it, and writers that wait for their answers soon share all of their entries.
   */
  #mayPropose(): boolean {
    let commands = 0;
    let writes = 0;
    for (const proposed of this.#proposed) {
      // Only this term's: what an earlier leadership left may wait long for its index.
      if (proposed.term !== this.core.term) continue;
      commands++;
      writes += proposed.writes.length;
    }
    if (commands >= MAX_PIPELINED_COMMANDS) return false;
    return this.#queue.length >= writes || this.#queuedBytes >= MAX_COMMAND_BYTES;
  }

  /**
   * Another entry was committed where an earlier term of ours had proposed these: they were
   * not done and never will be.
   */
  #replaced({ writes }: Proposed): void {
    const failure = this.leaderFailure() ?? { ok: false, reason: 'noLeader' };
    for (const write of writes) answerWrite(write, failure);
  }

  /**
   * These have lost their place in this log, and nothing is committed there yet: another
   * replica may still hold them and bring them back as leader (Raft paper, figure 8), so
   * nobody can say what becomes of them.
   */
  #pushedOut(index: LogIndex): void {
    const proposed = this.#takeProposed(index);
    if (proposed === undefined) return;
    for (const write of proposed.writes) answerWrite(write, { ok: false, reason: 'deadline' });
  }

  #takeProposed(index: LogIndex): Proposed | undefined {
    const at = this.#proposed.findIndex((proposed) => proposed.index === index);
    return at < 0 ? undefined : this.#proposed.splice(at, 1)[0];
  }

  #takeReadRound(round: number): readonly PendingRead[] | undefined {
    const at = this.#readRounds.findIndex((waiting) => waiting.round === round);
    return at < 0 ? undefined : this.#readRounds.splice(at, 1)[0]?.reads;
  }

  #failQueue(failure: Failure): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const write of queue) answerWrite(write, failure);
  }

  /** Read rounds that nobody waits for any more are forgotten; proposed writes stay until their index is applied. */
  #forgetAnswered(): void {
    const isAwaited = ({ reads }: { readonly reads: readonly PendingRead[] }) => reads.some((r) => r.respond !== null);
    this.#readRounds = this.#readRounds.filter(isAwaited);
    this.#waitingReads = this.#waitingReads.filter(isAwaited);
  }
}

function answer(read: PendingRead, with_: Parameters<NonNullable<PendingRead['respond']>>[0]): void {
  const respond = read.respond;
  read.respond = null;
  respond?.(with_);
}

function answerWrite(write: PendingWrite, with_: Parameters<NonNullable<PendingWrite['respond']>>[0]): void {
  const respond = write.respond;
  write.respond = null;
  respond?.(with_);
}
