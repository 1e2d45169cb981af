import { decodeConfChange, encodeConfChange } from './confchange-codec.ts';
import { applyConfChange, enterChange } from './confchange.ts';
import { beginDismissal, dismiss, isSettled } from './dismissal.ts';
import { DriverOrderError } from './errors.ts';
import type { Leadership } from './leadership.ts';
import { isJoint, isVoter } from './membership.ts';
import { append as appendMessage } from './messages.ts';
import { append, hasRoom } from './proposal.ts';
import { broadcastHeartbeat, releaseConfirmedReads } from './reads.ts';
import { maybeCommit } from './replication.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';
import { cancelTransfer, transferLeadership } from './transfer.ts';
import { EntryType, NONE, Role } from './types.ts';
import type {
  Entry,
  LogIndex,
  Membership,
  MembershipTarget,
  Message,
  NodeId,
  ProposeMembershipResult,
} from './types.ts';

/** Membership changes as the members of a group live through them; the arithmetic is in confchange.ts. */

/** See `RaftCore.proposeMembership`. */
export function proposeMembership(state: RaftState, target: MembershipTarget): ProposeMembershipResult {
  const { leadership, log, membership, term } = state;
  const refused = (reason: Refusal['reason'], detail: string): Refusal => {
    return { accepted: false, reason, leader: state.leader, detail };
  };
  if (leadership === null) return refused('notLeader', 'this member does not lead the group');
  if (leadership.transfer !== null) {
    return refused('transferring', `leadership is being handed to node ${leadership.transfer.to}`);
  }
  if (isJoint(membership)) return refused('joint', 'the change before this one is not complete');
  // A change under an older term's configuration could be overtaken by one that this leader
  // does not know to be committed (braft#182).
  if (log.commitIndex < leadership.termStart) {
    return refused('noOwnCommit', 'the leader is new and has not committed an entry of its own term');
  }
  if (leadership.pendingConfIndex > log.appliedIndex) {
    return refused('pending', 'the change before this one is not applied');
  }
  const outcome = enterChange(membership, target);
  if (!outcome.ok) return refused('invalid', outcome.reason);
  const behind = outcome.membership.voters.find((id) => !isVoter(membership, id) && !isCaughtUp(state, leadership, id));
  if (behind !== undefined) {
    return refused('notCaughtUp', `node ${behind} has to be a learner that is nearly in step before it can vote`);
  }
  const { voters, learners } = membership;
  const { membership: next } = outcome;
  const data = encodeConfChange({ kind: 'enter', from: { voters, learners }, target: next });
  if (!hasRoom(state, leadership, data)) return refused('tooManyUncommitted', 'too much waits for its commit');
  const index = append(state, leadership, EntryType.ConfChange, data);
  leadership.pendingConfIndex = index;
  return { accepted: true, index, term };
}

type Refusal = Extract<ProposeMembershipResult, { accepted: false }>;

/**
 * A voter that has the log to fetch first could not help to commit anything: until it has
 * it, the group would stand with one failure less (dissertation, section 4.2.1). Nor could one
 * vote that has not even the entry that made it a learner.
 */
function isCaughtUp(state: RaftState, leadership: Leadership, id: NodeId): boolean {
  const peer = leadership.peer(id);
  const { electionTicksMax, maxPromotionLagEntries } = state.config;
  if (peer === undefined || peer.state !== 'replicate') return false;
  if (peer.lastHeardTick <= state.nowTick - electionTicksMax) return false;
  if (peer.matchIndex < leadership.pendingConfIndex) return false;
  return state.log.lastIndex - peer.matchIndex <= maxPromotionLagEntries;
}

/**
 * Whoever leads while the group is joint ends it, once all that came before is applied; so
 * that no change of leader leaves the group in between (etcd#12136). Asked for again with
 * every heartbeat, since a transfer can stand against it.
 */
export function leaveJointWhenDue(state: RaftState, leadership: Leadership): void {
  if (!isJoint(state.membership)) return;
  const { log } = state;
  if (leadership.transfer !== null || log.commitIndex < leadership.termStart) return;
  if (leadership.pendingConfIndex > log.appliedIndex) return;
  leadership.pendingConfIndex = append(state, leadership, EntryType.ConfChange, encodeConfChange({ kind: 'leave' }));
}

/** See `RaftCore.applyMembership`. */
export function applyMembership(state: RaftState, entry: Entry): Membership {
  const { log, membershipIndex } = state;
  const { index, type } = entry;
  if (type !== EntryType.ConfChange) throw new DriverOrderError(`entry ${index} is no membership change`);
  if (index <= log.appliedIndex || index <= membershipIndex || index > log.handedOutIndex) {
    throw new DriverOrderError(`the membership change at ${index} is not next to be applied`);
  }
  const outcome = applyConfChange(state.membership, decodeConfChange(entry.data));
  if (outcome.ok) adoptMembership(state, outcome.membership, index);
  else state.outbox.emit({ kind: 'membershipRefused', index, reason: outcome.reason });
  return state.membership;
}

/** This membership is in force from here on: by the entry at `index`, or by a snapshot up to there. */
export function adoptMembership(state: RaftState, membership: Membership, index: LogIndex): void {
  state.membership = membership;
  state.membershipIndex = index;
  const { voters, votersOutgoing, learners } = membership;
  state.outbox.emit({ kind: 'membershipChanged', index, voters, votersOutgoing, learners });
  if (state.leadership !== null) leadUnder(state, state.leadership);
  else followUnder(state);
}

function followUnder(state: RaftState): void {
  const { role, restingRole } = state;
  if (role === restingRole) return;
  const reason = placeOf(state);
  if (role === Role.Follower || role === Role.Learner) {
    state.resetElectionTimer();
    state.setRole(restingRole, reason);
  } else {
    becomeFollower(state, state.term, NONE, reason);
  }
}

function placeOf({ membership, id }: RaftState): string {
  if (isVoter(membership, id)) return 'it is a voter of the group';
  return membership.learners.includes(id) ? 'it is a learner of the group' : 'it was removed from the group';
}

function leadUnder(state: RaftState, leadership: Leadership): void {
  const { log, membership, outbox } = state;
  const gone = leadership.follow(membership, state.membershipIndex, log.lastIndex + 1, state.nowTick);
  for (const peer of gone) outbox.forgetSnapshot(peer.id);
  beginDismissal(state, leadership, gone);
  const { transfer } = leadership;
  if (transfer !== null && !isVoter(membership, transfer.to)) {
    cancelTransfer(state, leadership, 'it is no voter any more');
  }
  leadership.replicationDue = true;
  maybeCommit(state, leadership);
  releaseConfirmedReads(state, leadership);
  if (!isVoter(membership, state.id)) leaveOffice(state, leadership);
}

/**
 * A leader that is no voter any more hands over, and steps down when there is nobody to hand
 * over to (dissertation, section 4.2.2; etcd#11038). The others may not know yet that its
 * removal is committed, so this is told first.
 */
function leaveOffice(state: RaftState, leadership: Leadership): void {
  if (leadership.transfer !== null) return;
  const successor = bestSuccessor(state, leadership);
  if (successor !== undefined && transferLeadership(state, successor) === null) return;
  broadcastHeartbeat(state, leadership);
  becomeFollower(state, state.term, NONE, placeOf(state));
}

/** The voter with the most of the log, among those that were heard from. */
function bestSuccessor(state: RaftState, leadership: Leadership): NodeId | undefined {
  const since = state.nowTick - state.config.electionTicksMax;
  const candidates = leadership.peers.filter((peer) => {
    return isVoter(state.membership, peer.id) && peer.state === 'replicate' && peer.lastHeardTick > since;
  });
  return candidates.sort((a, b) => b.matchIndex - a.matchIndex)[0]?.id;
}

/**
 * A member that was removed without hearing of it goes on asking for votes, and gets none.
 * The leader answers with what its log lacks up to its removal, as far as that can be told
 * from the end of its log: then it knows, and is quiet.
 */
export function tellRemoved(state: RaftState, leadership: Leadership, message: Message): void {
  if (!isSettled(state, leadership)) return;
  const { log, config, id, term, membershipIndex } = state;
  const from = log.lastIndexWithin(message.index, message.logTerm);
  const fromTerm = log.term(from);
  if (fromTerm === undefined) return;
  // What it lacks is cut away: there is nothing to append, and the dismissal alone is no sign of life.
  if (from > message.index) return dismiss(state, message.from, 0);
  // After a restart it is not known which entry removed it; it is applied, at any rate.
  const upTo = membershipIndex === 0 ? log.appliedIndex : membershipIndex;
  const entries = log.slice(from + 1, upTo + 1, config.maxAppendBytes);
  state.send(appendMessage(id, message.from, term, from, fromTerm, log.commitIndex, entries, 0));
  dismiss(state, message.from, 0);
}
