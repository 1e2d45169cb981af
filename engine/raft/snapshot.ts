import { DriverOrderError } from './errors.ts';
import { appendAccepted, appendRejected } from './messages.ts';
import { adoptMembership } from './reconfiguration.ts';
import { becomeFollower, heardFromLeader } from './roles.ts';
import type { RaftState } from './state.ts';
import type { LogIndex, LogPoint, Membership, NodeId, Term } from './types.ts';

/**
 * Log compaction (Raft paper, section 7). Taking, sending and storing snapshots is the
 * driver's work; here is what they mean for the log.
 */

/** See `RaftCore.compact`. */
export function compact(state: RaftState, index: LogIndex): LogPoint | null {
  const { log } = state;
  if (index <= log.snapshotIndex) return null;
  if (index > log.appliedIndex) {
    throw new DriverOrderError(`the log cannot be cut at ${index}: only ${log.appliedIndex} is applied`);
  }
  log.compactTo(index);
  state.outbox.emit({ kind: 'compacted', index });
  return { index: log.snapshotIndex, term: log.snapshotTerm };
}

/** InstallSnapshot (Raft paper, figure 13), before the data are touched. See `RaftCore.considerSnapshot`. */
export function considerSnapshot(state: RaftState, leader: NodeId, term: Term, point: LogPoint): boolean {
  const { log } = state;
  if (term < state.term) {
    // A deposed leader learns of the newer term as it would from a refused append.
    state.send(appendRejected(state.id, leader, state.term, point.index, 0, 0, 0));
    return false;
  }
  if (term > state.term) becomeFollower(state, term, leader, `node ${leader} leads term ${term}`);
  if (state.leadership !== null) return false;
  heardFromLeader(state, leader);
  // What the log has of it need not be replaced (figure 13, rule 6), and nothing committed may be.
  if (point.index > log.commitIndex && log.matches(point.index, point.term)) log.commitTo(point.index);
  if (point.index > log.commitIndex) return true;
  const known = Math.min(log.commitIndex, log.persistedIndex);
  state.send(appendAccepted(state.id, leader, state.term, known, 0));
  return false;
}

/** See `RaftCore.restoreSnapshot`. */
export function restoreSnapshot(state: RaftState, leader: NodeId, point: LogPoint, membership: Membership): void {
  const { log } = state;
  if (state.leader !== leader || point.index <= log.commitIndex) {
    throw new DriverOrderError(`a snapshot up to ${point.index} was restored without being considered`);
  }
  // Entries on their way to the disk are gone with the old log: their confirmations mean nothing now.
  state.truncateFrom(log.commitIndex + 1);
  log.restore(point);
  state.restored = point;
  state.outbox.emit({ kind: 'snapshotRestored', leader, index: point.index });
  adoptMembership(state, membership, point.index);
  // The data are durable already, so this promises nothing that a crash could take back.
  state.send(appendAccepted(state.id, leader, state.term, point.index, 0));
}

/** See `RaftCore.snapshotFinished`. */
export function snapshotFinished(state: RaftState, peerId: NodeId, index: LogIndex): void {
  const { leadership } = state;
  const peer = leadership?.peer(peerId);
  if (leadership === null || peer?.state !== 'snapshot') return;
  peer.snapshotFinished(index);
  // It may have refused one that it does not need, and what it says of that is not of this life:
  // an append after the last entry asks where its log ends.
  if (index === 0 && peer.life > 0) peer.nextIndex = state.log.lastIndex + 1;
  leadership.replicationDue = true;
}
