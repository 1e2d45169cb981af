import type { Leadership } from './leadership.ts';
import { isVoter } from './membership.ts';
import { timeoutNow } from './messages.ts';
import type { Progress } from './progress.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';
import { NONE } from './types.ts';
import type { NodeId, TransferRefusal } from './types.ts';

/** What a leader keeps while it hands over. */
export interface Transfer {
  readonly to: NodeId;
  readonly startedAtTick: number;
  /** The receiver was told to stand. */
  told: boolean;
}

/** Leadership transfer (Raft dissertation, section 3.10); see `RaftCore.transferLeadership`. */
export function transferLeadership(state: RaftState, to: NodeId): TransferRefusal {
  const { leadership } = state;
  if (leadership === null) return 'notLeader';
  if (to === state.id) return null;
  if (leadership.transfer !== null) return leadership.transfer.to === to ? null : 'transferring';
  const peer = leadership.peer(to);
  if (peer === undefined || !isVoter(state.membership, to)) return 'notVoter';
  if (peer.lastHeardTick <= state.nowTick - state.config.electionTicksMax) return 'notHeardFrom';
  leadership.transfer = { to, startedAtTick: state.nowTick, told: false };
  state.outbox.emit({ kind: 'transferStarted', to, term: state.term });
  leadership.replicationDue = true;
  tellWhenCaughtUp(state, leadership, peer);
  return null;
}

/**
 * Only a member with the whole log is told to stand: nobody else could win. Its entries
 * count once they are durable there, which is what `matchIndex` means.
 */
export function tellWhenCaughtUp(state: RaftState, leadership: Leadership, peer: Progress): void {
  const { transfer } = leadership;
  if (transfer === null || transfer.to !== peer.id || transfer.told) return;
  if (peer.matchIndex < state.log.lastIndex) return;
  transfer.told = true;
  state.send(timeoutNow(state.id, peer.id, state.term));
}

/** A word that was lost, or came while the receiver had a membership change to apply, is said again. */
export function tellAgain(state: RaftState, { transfer }: Leadership): void {
  if (transfer?.told === true) state.send(timeoutNow(state.id, transfer.to, state.term));
}

/**
 * An attempt that takes an election timeout has failed; clients shall not wait longer for it.
 * A leader that was removed does not go on then.
 */
export function expireTransfer(state: RaftState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer === null || state.nowTick - transfer.startedAtTick < state.config.electionTicksMax) return;
  cancelTransfer(state, leadership, transfer.told ? 'it did not stand in time' : 'it did not catch up in time');
  if (isVoter(state.membership, state.id)) return;
  becomeFollower(state, state.term, NONE, 'it was removed from the group and nobody took over');
}

export function cancelTransfer(state: RaftState, leadership: Leadership, reason: string): void {
  const { transfer } = leadership;
  if (transfer === null) return;
  leadership.transfer = null;
  state.outbox.emit({ kind: 'transferFailed', to: transfer.to, term: state.term, reason });
}
