/**
 * The vocabulary of the consensus core. Terms, indexes and ids are safe integers;
 * 0 means "none" for all three, so real nodes and real entries count from 1.
 */

export type NodeId = number;
export type Term = number;
export type LogIndex = number;

/** No node: no leader known, no vote given. */
export const NONE: NodeId = 0;

export const EntryType = { Normal: 0, ConfChange: 1 } as const;
export type EntryType = (typeof EntryType)[keyof typeof EntryType];

/** One entry of the replicated log. `data` is opaque here and never copied or changed. */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/**
 * What must survive a crash besides the entries (Raft paper, figure 2, "persistent
 * state"). `commitIndex` is kept to start faster; losing it loses nothing.
 */
export interface HardState {
  readonly term: Term;
  readonly votedFor: NodeId;
  readonly commitIndex: LogIndex;
}

/**
 * Who takes part in a group. In a joint configuration (Raft paper, section 6) a
 * decision needs a majority of `voters` and a majority of `votersOutgoing`;
 * outside of one, `votersOutgoing` is empty. Lists are sorted and without repeats; only
 * in a joint configuration may a node be in two of them.
 *
 * A membership takes effect when its entry is applied, not when it is appended. That is
 * safe because of three rules together: a leader has at most one change that it has not
 * applied; nobody stands while it knows of a committed change that it has not applied; and
 * what is known to be committed is as durable as the entries that came after it. So whoever
 * wins an election is at most one change behind any other member, and two configurations
 * next to each other have no disjoint majorities.
 */
export interface Membership {
  readonly voters: readonly NodeId[];
  readonly votersOutgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/** What a membership change leads to; in any order, nobody twice. */
export interface MembershipTarget {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

export const MessageType = {
  PreVote: 1,
  PreVoteResponse: 2,
  Vote: 3,
  VoteResponse: 4,
  Append: 5,
  AppendResponse: 6,
  Heartbeat: 7,
  HeartbeatResponse: 8,
  ReadIndex: 9,
  ReadIndexResponse: 10,
  TimeoutNow: 11,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/**
 * One message between two members of a group. One flat shape for all types, so that
 * the hot paths stay monomorphic; a field that a type does not use is 0, false or empty.
 *
 * | field        | PreVote, Vote                            | their Responses                         | Append                 | AppendResponse                     | Heartbeat (Response) | ReadIndex (Response)  |
 * |--------------|------------------------------------------|-----------------------------------------|------------------------|------------------------------------|----------------------|-----------------------|
 * | `index`      | last log index                           |                                         | index before `entries` | highest matched, or the refused    |                      | read index (Response) |
 * | `logTerm`    | last log term                            | term at `commit`                        | term at `index`        | on reject: term at `rejectHint`    |                      |                       |
 * | `commit`     | known to be committed                    | known to be, up to the candidate's last | leader's commit index  |                                    | min(commit, match)   |                       |
 * | `reject`     |                                          | no                                      |                        | the log did not match              |                      | leader cannot serve   |
 * | `rejectHint` | term at `commit`                         |                                         |                        | where the follower's log may match |                      |                       |
 * | `context`    | round                                    | round                                   | life (`Progress`)      | life (echoed)                      | read round (echoed)  | caller's request id   |
 * | `transfer`   | the leader asks for this election (Vote) |                                         |                        |                                    |                      |                       |
 *
 * A Heartbeat with `reject` dismisses a member that was removed.
 * TimeoutNow carries nothing: the leader asks the receiver to stand at once.
 */
export interface Message {
  readonly type: MessageType;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
  readonly index: LogIndex;
  readonly logTerm: Term;
  readonly commit: LogIndex;
  readonly reject: boolean;
  readonly rejectHint: LogIndex;
  readonly context: number;
  readonly transfer: boolean;
  readonly entries: readonly Entry[];
}

export const Role = {
  Follower: 'follower',
  PreCandidate: 'preCandidate',
  Candidate: 'candidate',
  Leader: 'leader',
  Learner: 'learner',
} as const;
export type Role = (typeof Role)[keyof typeof Role];

/**
 * Where the core reads entries that it no longer keeps in memory. Asked only for
 * indexes that were reported as persisted. Synchronous; a failure throws and is
 * fatal for the group.
 */
export interface LogReader {
  /** Entries in `[from, to)`, as many as fit `maxBytes` of data, but at least one. */
  entries(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[];
  /** The term of one persisted entry; undefined when it is not in the log. */
  term(index: LogIndex): Term | undefined;
}

/** The last entry that a snapshot covers, or that a log begins after; 0 and 0 when there is none. */
export interface LogPoint {
  readonly index: LogIndex;
  readonly term: Term;
}

/** What a group knows when it starts: all of it from disk, or the genesis of a new group. */
export interface InitialState {
  readonly hardState: HardState;
  /**
   * As of `appliedIndex`: what the state machine has stored with it, or the genesis of the
   * group. Empty for a replica that was told to join and knows nothing: it stays silent
   * until the log, or a snapshot, says who the members are.
   */
  readonly membership: Membership;
  /** The entry the log begins after (0, 0 while nothing was compacted). */
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** What the state machine has applied; committed by definition. */
  readonly appliedIndex: LogIndex;
  /**
   * Where the log of this replica ended when it was given up, if it was: entries up to there may
   * have been committed by its acknowledgement. 0 and 0 for one that never was.
   */
  readonly givenUpAt: LogPoint;
}

export interface RaftConfig {
  readonly id: NodeId;
  readonly initial: InitialState;
  readonly log: LogReader;
  /** Uniform in [0, 1). Injected, so that a seed replays a run. */
  readonly random: () => number;
  /** Ticks between a leader's heartbeats. */
  readonly heartbeatTicks: number;
  /** An election timeout is drawn from [min, max] ticks, anew for every wait. */
  readonly electionTicksMin: number;
  readonly electionTicksMax: number;
  /** Limits of the entries in one Append and of the appends in flight to one follower. */
  readonly maxAppendBytes: number;
  readonly maxInflightAppends: number;
  readonly maxInflightBytes: number;
  /** Proposals are refused while this many bytes wait for their commit. */
  readonly maxUncommittedBytes: number;
  /** A learner becomes a voter only when it lacks no more entries than this. */
  readonly maxPromotionLagEntries: number;
  /** Applied entries kept in memory for followers that are nearly in step. */
  readonly maxCachedBytes: number;
}

/** A released read: once `appliedIndex >= index`, the caller may answer `requestId`. */
export interface ReadState {
  readonly requestId: number;
  readonly index: LogIndex;
}

/** Something an observer wants to hear about; never an input to a decision. */
export type RaftEvent =
  | {
      readonly kind: 'roleChanged';
      readonly role: Role;
      readonly term: Term;
      readonly leader: NodeId;
      readonly reason: string;
    }
  | { readonly kind: 'leaderKnown'; readonly leader: NodeId; readonly term: Term }
  | { readonly kind: 'leaderLost'; readonly leader: NodeId; readonly term: Term }
  | { readonly kind: 'electionStarted'; readonly term: Term; readonly preVote: boolean }
  | { readonly kind: 'voteGranted'; readonly candidate: NodeId; readonly term: Term; readonly preVote: boolean }
  | {
      readonly kind: 'voteRejected';
      readonly candidate: NodeId;
      readonly term: Term;
      readonly preVote: boolean;
      readonly reason: string;
    }
  | { readonly kind: 'electionWon'; readonly term: Term; readonly voters: readonly NodeId[] }
  | { readonly kind: 'electionLost'; readonly term: Term; readonly preVote: boolean; readonly reason: string }
  | { readonly kind: 'steppedDown'; readonly term: Term; readonly reason: string }
  | { readonly kind: 'caughtUp'; readonly peer: NodeId; readonly index: LogIndex }
  | { readonly kind: 'compacted'; readonly index: LogIndex }
  | { readonly kind: 'snapshotNeeded'; readonly peer: NodeId; readonly nextIndex: LogIndex }
  | { readonly kind: 'snapshotRestored'; readonly leader: NodeId; readonly index: LogIndex }
  /** This member has applied a change: who decides from here on. */
  | {
      readonly kind: 'membershipChanged';
      readonly index: LogIndex;
      readonly voters: readonly NodeId[];
      readonly votersOutgoing: readonly NodeId[];
      readonly learners: readonly NodeId[];
    }
  /** A committed change that changes nothing: another was committed before it. */
  | { readonly kind: 'membershipRefused'; readonly index: LogIndex; readonly reason: string }
  | { readonly kind: 'transferStarted'; readonly to: NodeId; readonly term: Term }
  | { readonly kind: 'transferFailed'; readonly to: NodeId; readonly term: Term; readonly reason: string };

/**
 * What the caller must do after a round, in this order:
 *
 * 1. Send `messages` at once, and begin to send a snapshot to each of `snapshotsDue`.
 * 2. When `restored` is not null, the log drops everything and begins after that point;
 *    this belongs into the same write, before the rest. Persist `hardState` (when not null) and `entries` (replacing everything from
 *    `entries[0].index` on) in one atomic, synced write. When `mustSync` is false,
 *    nothing here needs to be durable and nothing need be written: the next hard state that
 *    comes with `mustSync` says it again.
 * 3. After the sync, and never before it: send `messagesAfterPersist` and call
 *    `persisted(ready.mark)`. Several readies may be on their way to the disk;
 *    they are persisted and reported in the order they were taken.
 * 4. Apply `committed` in order, then call `applied(index)`. They are persisted
 *    locally already: an entry is never applied ahead of the own log. An entry of
 *    `EntryType.ConfChange` is given to `applyMembership` at its place in that order, and
 *    the state machine stores the membership that this returns in the same transaction as
 *    the applied index.
 * 5. Answer `readStates` once their index is applied; fail `rejectedReads`.
 */
export interface Ready {
  /** Not null after `restoreSnapshot`: where the log begins from now on. */
  readonly restored: LogPoint | null;
  readonly hardState: HardState | null;
  readonly entries: readonly Entry[];
  readonly mustSync: boolean;
  readonly messages: readonly Message[];
  readonly messagesAfterPersist: readonly Message[];
  /** Followers whose next entry is no longer in the log; each is named once until `snapshotFinished`. */
  readonly snapshotsDue: readonly NodeId[];
  readonly committed: readonly Entry[];
  readonly readStates: readonly ReadState[];
  /** Reads that can no longer be confirmed (the leader changed): ask again. */
  readonly rejectedReads: readonly number[];
  readonly events: readonly RaftEvent[];
  readonly mark: PersistMark;
}

/** Names what one ready asked to persist; handed back to `persisted`. */
export interface PersistMark {
  readonly term: Term;
  readonly votedFor: NodeId;
  /** Last entry of this ready's `entries`, or 0 and 0. */
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}

export type ProposeResult =
  | { readonly accepted: true; readonly index: LogIndex; readonly term: Term }
  | {
      readonly accepted: false;
      /** The last two pass: the same member may accept later. */
      readonly reason: 'notLeader' | 'tooManyUncommitted' | 'transferring';
      readonly leader: NodeId;
    };

export type ProposeMembershipResult =
  | { readonly accepted: true; readonly index: LogIndex; readonly term: Term }
  | {
      readonly accepted: false;
      /**
       * - notLeader: ask `leader`
       * - pending: an earlier change, or what an earlier leader may have left, is not applied yet
       * - joint: an earlier change is not complete; the leader completes it by itself
       * - noOwnCommit: nothing of this leader's own term is committed yet
       * - notCaughtUp: who is to become a voter is not a learner nearly in step
       * - transferring, tooManyUncommitted: as for `propose`
       * - invalid: such a membership cannot be, or is there already
       *
       * All but the first and the last pass.
       */
      readonly reason:
        | 'notLeader'
        | 'pending'
        | 'joint'
        | 'noOwnCommit'
        | 'notCaughtUp'
        | 'transferring'
        | 'tooManyUncommitted'
        | 'invalid';
      readonly leader: NodeId;
      /** A sentence for people, without a full stop. */
      readonly detail: string;
    };

/** Why leadership cannot be handed to a member, or null: the transfer has begun. */
export type TransferRefusal = 'notLeader' | 'notVoter' | 'notHeardFrom' | 'transferring' | null;

export interface ProgressStatus {
  readonly id: NodeId;
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly inFlight: number;
  readonly recentlyActive: boolean;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly votedFor: NodeId;
  readonly leader: NodeId;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly persistedIndex: LogIndex;
  readonly membership: Membership;
  /** Ticks until this member campaigns; 0 for a leader. */
  readonly electionTicksLeft: number;
  /** Ticks since this follower last heard from its leader; 0 for a leader. */
  readonly ticksSinceLeader: number;
  /** Whom this leader is handing its leadership to; NONE while it is not. */
  readonly transferringTo: NodeId;
  /**
   * A leader, and a majority knows durably of every membership change that it has applied: whoever
   * is no member by `membership` is needed by nobody any more. See dismissal.ts.
   */
  readonly membershipSettled: boolean;
  /** A leader's view of the other members; empty for everyone else. */
  readonly progress: readonly ProgressStatus[];
}

/** The core, as the store and the simulator drive it. Implemented by `Raft` in raft.ts. */
export interface RaftCore {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** The log begins after this entry. */
  readonly snapshotIndex: LogIndex;
  /** As of the last change that was applied. */
  readonly membership: Membership;
  /**
   * The leader has said that this member was removed, and that a majority of those who stay knows
   * it durably: only now may it be deleted. Before, others may need its vote, or what it knows.
   */
  readonly dismissed: boolean;
  /** The term of an entry of the log, or of the one it begins after; undefined for others. */
  logTerm(index: LogIndex): Term | undefined;
  /** Takes in one message. Anything malformed or stale is ignored, never thrown. */
  step(message: Message): void;
  tick(): void;
  /** Starts an election now (pre-vote first), unless already leader or not a voter. */
  campaign(): void;
  /**
   * Gives up leadership (or a candidacy) within the same term, without a successor, and stands
   * for none until `wake`, whoever asks for it: for a node that cannot do its work, such as
   * one whose disk hangs. `reason` is for events.
   */
  rest(reason: string): void;
  wake(): void;
  /**
   * Hands leadership to another voter (Raft dissertation, section 3.10): proposals are
   * refused until it has the whole log and has stood, or for an election timeout at most,
   * after which this leader goes on. Handing over to oneself does nothing. An attempt that
   * runs is left to its end.
   */
  transferLeadership(to: NodeId): TransferRefusal;
  propose(data: Uint8Array): ProposeResult;
  /**
   * Changes who takes part (Raft paper, section 6): through a joint configuration, which the
   * leader leaves by itself, or at once where at most one voter comes or goes. Done when a
   * membership without `votersOutgoing` is applied.
   */
  proposeMembership(target: MembershipTarget): ProposeMembershipResult;
  /**
   * Asks for a linearizable read index; the answer comes as a ReadState or a rejected
   * read with this id. Works on a leader and, by asking it, on a follower. `requestId`
   * is the caller's, unique on this node for the group's lifetime; it is never used to
   * match quorum acknowledgements (those carry an internal counter).
   * Returns false when no leader is known, and then nothing will come.
   */
  readIndex(requestId: number): boolean;
  /** Whether `ready()` would hold anything. */
  hasReady(): boolean;
  ready(): Ready;
  persisted(mark: PersistMark): void;
  /**
   * Takes a committed entry of `EntryType.ConfChange` into effect and returns the membership
   * from it on. Throws CorruptEntryError for data that say nothing, and DriverOrderError for
   * an entry that is not next in the apply order.
   */
  applyMembership(entry: Entry): Membership;
  applied(index: LogIndex): void;
  /**
   * Forgets the entries up to `index`, which the state machine must hold durably; the driver
   * cuts its log there too. Returns where the log begins now; null when that changes nothing.
   */
  compact(index: LogIndex): LogPoint | null;
  /**
   * Whether a snapshot that `leader` offers in `term` is of use here. If so, the driver makes
   * its data durable and calls `restoreSnapshot` without anything in between. If not, that
   * leader has been answered as far as there is something to say.
   */
  considerSnapshot(leader: NodeId, term: Term, point: LogPoint): boolean;
  /**
   * The state machine is now that of `point`, durably, and so is the membership it holds:
   * the one applied up to there, never a newer one (openraft#1808). Throws DriverOrderError
   * unless the snapshot was just considered.
   */
  restoreSnapshot(leader: NodeId, point: LogPoint, membership: Membership): void;
  /** A snapshot up to `index` has reached this peer, or (0) has not. Ends what `snapshotsDue` began. */
  snapshotFinished(peer: NodeId, index: LogIndex): void;
  /** A stream to this peer broke: what was in flight may be lost, so probe again. */
  peerUnreachable(peer: NodeId): void;
  status(): RaftStatus;
}
