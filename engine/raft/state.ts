import type { Leadership } from './leadership.ts';
import { RaftLog } from './log.ts';
import { isVoter } from './membership.ts';
import { Outbox } from './outbox.ts';
import { PendingWrites } from './persistence.ts';
import { ForwardedReads } from './readonly.ts';
import { NONE, Role } from './types.ts';
import type { LogIndex, LogPoint, Membership, Message, NodeId, RaftConfig, Term } from './types.ts';

/**
 * Everything one member of a group knows. It holds no rules: those are in the modules
 * named after the roles, which all work on this.
 */
export class RaftState {
  readonly config: RaftConfig;
  readonly id: NodeId;
  /** In force: as of the last change that was applied. Replaced as a whole, never altered. */
  membership: Membership;
  /** The entry or snapshot that brought it since this member started; 0 when none did. */
  membershipIndex: LogIndex = 0;
  readonly log: RaftLog;
  readonly writes: PendingWrites;
  readonly outbox = new Outbox();
  readonly forwardedReads = new ForwardedReads();
  term: Term;
  votedFor: NodeId;
  leader: NodeId = NONE;
  role: Role;
  /** The driver has asked this member to stand for nothing. */
  rests = false;
  /** Ticks since this member started: the only clock here. */
  nowTick = 0;
  ticksSinceLeader = 0;
  electionTicksLeft = 0;
  /** The answers to the election (or pre-vote) that this member holds now. */
  readonly votes = new Map<NodeId, boolean>();
  /** Numbers the elections held, so that a late answer to an earlier pre-vote is told apart. */
  electionRound = 0;
  /** The leader has said that this member was removed and is not needed any more. */
  dismissed = false;
  /** In which life the leader of this term has appended to this member; see `Progress`. */
  life: LogIndex = 0;
  /** Where the log begins since the state machine was replaced, until a ready has told it. */
  restored: LogPoint | null = null;
  /** Not null exactly while `role` is leader. */
  leadership: Leadership | null = null;

  constructor(config: RaftConfig) {
    const { initial } = config;
    this.config = config;
    this.id = config.id;
    this.membership = initial.membership;
    this.log = new RaftLog(initial, config.log, config.maxCachedBytes);
    this.writes = new PendingWrites(initial.hardState);
    this.term = initial.hardState.term;
    this.votedFor = initial.hardState.votedFor;
    this.role = this.restingRole;
    this.resetElectionTimer();
  }

  /** What this member is while it follows. */
  get restingRole(): Role {
    return isVoter(this.membership, this.id) ? Role.Follower : Role.Learner;
  }

  /** A new draw at every wait, so that two members that collided once do not collide forever (section 5.2). */
  resetElectionTimer(): void {
    const { electionTicksMin, electionTicksMax, random } = this.config;
    this.electionTicksLeft = electionTicksMin + Math.floor(random() * (electionTicksMax - electionTicksMin + 1));
  }

  /**
   * Sends at once, unless this member's term is not durable yet: nothing may speak for
   * a term that a crash could take back.
   */
  send(message: Message): void {
    if (this.writes.durableTerm === this.term) this.outbox.sendNow(message);
    else this.outbox.sendAfterPersist(message);
  }

  setRole(role: Role, reason: string): void {
    if (this.role === role) return;
    this.role = role;
    this.outbox.emit({ kind: 'roleChanged', role, term: this.term, leader: this.leader, reason });
  }

  /** Reads that the former leader was asked about can no longer be confirmed by it. */
  setLeader(leader: NodeId): void {
    if (this.leader === leader) return;
    this.leader = leader;
    if (this.forwardedReads.size > 0) {
      for (const requestId of this.forwardedReads.takeAll()) this.outbox.rejectRead(requestId);
    }
    if (leader !== NONE && leader !== this.id) this.outbox.emit({ kind: 'leaderKnown', leader, term: this.term });
  }

  setTerm(term: Term): void {
    this.term = term;
    this.votedFor = NONE;
    this.life = 0;
  }

  /** Replaces the end of the log; `index` is past the commit index. */
  truncateFrom(index: LogIndex): void {
    this.log.truncateFrom(index);
    this.writes.truncateFrom(index);
    this.outbox.dropAcknowledgementsFrom(index);
  }

  /** The disk has owed a confirmation for this many ticks: this member cannot do its part. */
  diskStalledFor(ticks: number): boolean {
    return this.writes.stalledFor(ticks, this.nowTick);
  }

  /**
   * A replica that was given up and has come back fetches its log from the beginning. What it
   * had acknowledged counts as stored here, so until it has that again it must help nobody into
   * office, itself included: the memberships that it meets on the way are of the past, and in
   * some of them its vote would be enough. With a log that is as up-to-date as its own was (Raft
   * paper, section 5.4.1) it also knows that its removal is committed, for the leader that took
   * it back had applied that.
   */
  get hasItsOwnBack(): boolean {
    const { index, term } = this.config.initial.givenUpAt;
    return this.log.lastTerm > term || (this.log.lastTerm === term && this.log.lastIndex >= index);
  }

  /**
   * Not while a vote for itself could not become durable soon. And whoever knows that a
   * membership change is committed counts by it or not at all: were it to win by the
   * membership before, the group could have moved on by one more change, to a majority that
   * shares nobody with this one.
   */
  get mayStand(): boolean {
    if (!this.hasItsOwnBack) return false;
    if (!isVoter(this.membership, this.id) || this.rests || this.diskStalledFor(this.config.electionTicksMin)) {
      return false;
    }
    return !this.log.hasUnappliedConfChange();
  }
}
