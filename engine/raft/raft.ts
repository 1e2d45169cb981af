import { isSettled } from './dismissal.ts';
import { campaign, countOwnVote } from './election.ts';
import { DriverOrderError } from './errors.ts';
import { tickFollower } from './follower.ts';
import { tickLeader } from './leader.ts';
import { propose } from './proposal.ts';
import { isVoter } from './membership.ts';
import { beginReadRound, readRoundDue, requestRead } from './reads.ts';
import { applyMembership, leaveJointWhenDue, proposeMembership } from './reconfiguration.ts';
import { maybeCommit, replicate } from './replication.ts';
import { becomeFollower } from './roles.ts';
import { compact, considerSnapshot, restoreSnapshot, snapshotFinished } from './snapshot.ts';
import { RaftState } from './state.ts';
import { step } from './step.ts';
import { transferLeadership } from './transfer.ts';
import { NONE, Role } from './types.ts';
import type {
  Entry,
  HardState,
  LogIndex,
  LogPoint,
  Membership,
  MembershipTarget,
  Message,
  NodeId,
  PersistMark,
  ProposeMembershipResult,
  ProposeResult,
  RaftConfig,
  RaftCore,
  RaftStatus,
  Ready,
  Term,
  TransferRefusal,
} from './types.ts';

/**
 * Data of the committed entries in one ready, unless a single entry is bigger. Applying them is
 * the longest piece of work in a round, and everything else of the node waits for it: a member
 * that catches up must still answer in time for the groups that it is in step with.
 */
export const MAX_COMMITTED_BYTES_PER_READY = 256 * 1024;

/** One member of one Raft group. Pure: see `RaftCore` and `Ready` for how it is driven. */
export class Raft implements RaftCore {
  readonly id: NodeId;
  readonly #state: RaftState;
  /** What the last ready with a hard state told, and what a new one is compared with. */
  #told: HardState;
  /** What the last one told that had to be synced: the driver may have dropped those since. */
  #written: HardState;

  /** Throws InvalidInitialStateError when what was recovered contradicts itself. */
  constructor(config: RaftConfig) {
    this.id = config.id;
    this.#state = new RaftState(config);
    this.#told = config.initial.hardState;
    this.#written = this.#told;
  }

  get role(): Role {
    return this.#state.role;
  }

  get term(): Term {
    return this.#state.term;
  }

  get leader(): NodeId {
    return this.#state.leader;
  }

  get commitIndex(): LogIndex {
    return this.#state.log.commitIndex;
  }

  get appliedIndex(): LogIndex {
    return this.#state.log.appliedIndex;
  }

  get lastIndex(): LogIndex {
    return this.#state.log.lastIndex;
  }

  get snapshotIndex(): LogIndex {
    return this.#state.log.snapshotIndex;
  }

  get membership(): Membership {
    return this.#state.membership;
  }

  get dismissed(): boolean {
    return this.#state.dismissed;
  }

  logTerm(index: LogIndex): Term | undefined {
    return this.#state.log.term(index);
  }

  tick(): void {
    const state = this.#state;
    state.nowTick++;
    if (state.leadership === null) tickFollower(state);
    else tickLeader(state, state.leadership);
  }

  campaign(): void {
    campaign(this.#state, 'it was asked to campaign');
  }

  propose(data: Uint8Array): ProposeResult {
    return propose(this.#state, data);
  }

  proposeMembership(target: MembershipTarget): ProposeMembershipResult {
    return proposeMembership(this.#state, target);
  }

  readIndex(requestId: number): boolean {
    return requestRead(this.#state, requestId);
  }

  step(message: Message): void {
    step(this.#state, message);
  }

  rest(reason: string): void {
    const state = this.#state;
    state.rests = true;
    if (state.role === Role.Follower || state.role === Role.Learner) return;
    becomeFollower(state, state.term, NONE, reason);
  }

  wake(): void {
    this.#state.rests = false;
  }

  transferLeadership(to: NodeId): TransferRefusal {
    return transferLeadership(this.#state, to);
  }

  hasReady(): boolean {
    const { leadership, log, outbox } = this.#state;
    if (leadership !== null && (leadership.replicationDue || readRoundDue(this.#state, leadership))) return true;
    if (this.#state.restored !== null) return true;
    return !outbox.isEmpty || log.hasUntaken || log.hasApplicable || this.#differsFrom(this.#told);
  }

  #differsFrom(other: HardState): boolean {
    const { term, votedFor, log } = this.#state;
    return term !== other.term || votedFor !== other.votedFor || log.commitIndex !== other.commitIndex;
  }

  /**
   * `messagesAfterPersist` may rest on writes of earlier readies too. So a driver with
   * several readies on their way to the disk sends them, in order, once all writes up to
   * this ready are synced; also when this ready itself has nothing to persist.
   */
  ready(): Ready {
    const state = this.#state;
    const { leadership, log, outbox, term, votedFor } = state;
    if (leadership !== null) {
      if (readRoundDue(state, leadership)) beginReadRound(state, leadership);
      if (leadership.replicationDue) replicate(state, leadership);
    }
    const entries = log.takeUnpersisted();
    const { restored } = state;
    state.restored = null;
    const mustSync =
      restored !== null || entries.length > 0 || term !== this.#told.term || votedFor !== this.#told.votedFor;
    let hardState: HardState | null = null;
    // Entries never get to the disk without the commit index known when they came: who has an
    // entry after a committed membership change shall know after a crash that it is committed.
    if (this.#differsFrom(mustSync ? this.#written : this.#told)) {
      hardState = { term, votedFor, commitIndex: log.commitIndex };
      this.#told = hardState;
      if (mustSync) this.#written = hardState;
    }
    const last = entries[entries.length - 1];
    const mark: PersistMark = { term, votedFor, lastIndex: last?.index ?? 0, lastTerm: last?.term ?? 0 };
    if (mustSync) state.writes.add(mark, state.nowTick);
    return {
      restored,
      hardState,
      entries,
      mustSync,
      messages: outbox.takeMessages(),
      messagesAfterPersist: outbox.takeAfterPersist(),
      snapshotsDue: outbox.takeSnapshotsDue(),
      committed: log.takeApplicable(MAX_COMMITTED_BYTES_PER_READY),
      readStates: outbox.takeReadStates(),
      rejectedReads: outbox.takeRejectedReads(),
      events: outbox.takeEvents(),
      mark,
    };
  }

  /** Confirms this ready and all before it. A mark that is not pending changes nothing. */
  persisted(mark: PersistMark): void {
    const state = this.#state;
    const durableTo = state.writes.confirm(mark);
    if (durableTo === undefined) return;
    if (durableTo > state.log.persistedIndex) state.log.persistedIndex = durableTo;
    if (state.leadership !== null) maybeCommit(state, state.leadership);
    else countOwnVote(state);
  }

  applyMembership(entry: Entry): Membership {
    return applyMembership(this.#state, entry);
  }

  /** Throws DriverOrderError for entries that no ready has handed out. */
  applied(index: LogIndex): void {
    const { log, leadership } = this.#state;
    if (index <= log.appliedIndex) return;
    if (index > log.handedOutIndex) {
      throw new DriverOrderError(`entry ${index} was applied, but only ${log.handedOutIndex} were handed out`);
    }
    log.appliedTo(index);
    if (leadership !== null) leaveJointWhenDue(this.#state, leadership);
  }

  compact(index: LogIndex): LogPoint | null {
    return compact(this.#state, index);
  }

  considerSnapshot(leader: NodeId, term: Term, point: LogPoint): boolean {
    return considerSnapshot(this.#state, leader, term, point);
  }

  restoreSnapshot(leader: NodeId, point: LogPoint, membership: Membership): void {
    restoreSnapshot(this.#state, leader, point, membership);
  }

  snapshotFinished(peer: NodeId, index: LogIndex): void {
    snapshotFinished(this.#state, peer, index);
  }

  peerUnreachable(peer: NodeId): void {
    const { leadership, log } = this.#state;
    const progress = leadership?.peer(peer);
    // A snapshot has a connection of its own, and the driver tells how that ends.
    if (leadership === null || progress === undefined || progress.state === 'snapshot') return;
    progress.becomeProbe();
    progress.markBehind(log.lastIndex);
    leadership.replicationDue = true;
  }

  status(): RaftStatus {
    const state = this.#state;
    const { leadership, log } = state;
    const isLeader = leadership !== null;
    const activeSince = state.nowTick - state.config.electionTicksMax;
    return {
      id: state.id,
      role: state.role,
      term: state.term,
      votedFor: state.votedFor,
      leader: state.leader,
      commitIndex: log.commitIndex,
      appliedIndex: log.appliedIndex,
      firstIndex: log.firstIndex,
      lastIndex: log.lastIndex,
      persistedIndex: log.persistedIndex,
      membership: state.membership,
      electionTicksLeft: isLeader ? 0 : state.electionTicksLeft,
      ticksSinceLeader: isLeader ? 0 : state.ticksSinceLeader,
      transferringTo: leadership?.transfer?.to ?? NONE,
      // One that has removed itself awaits nothing that would tell.
      membershipSettled: leadership !== null && isVoter(state.membership, state.id) && isSettled(state, leadership),
      progress: leadership?.peers.map((peer) => peer.status(peer.lastHeardTick > activeSince)) ?? [],
    };
  }
}
