import type { Leadership } from './leadership.ts';
import type { RaftState } from './state.ts';
import { EntryType } from './types.ts';
import type { LogIndex, ProposeResult } from './types.ts';

/** Appends a proposal to the leader's own log; it goes out with the next ready. */
export function propose(state: RaftState, data: Uint8Array): ProposeResult {
  const { leadership, term } = state;
  if (leadership === null) return { accepted: false, reason: 'notLeader', leader: state.leader };
  if (leadership.transfer !== null) return { accepted: false, reason: 'transferring', leader: state.id };
  if (!hasRoom(state, leadership, data)) return { accepted: false, reason: 'tooManyUncommitted', leader: state.id };
  return { accepted: true, index: append(state, leadership, EntryType.Normal, data), term };
}

/** One proposal is always let in, or one bigger than the limit could never be made. */
export function hasRoom(state: RaftState, { uncommittedBytes }: Leadership, data: Uint8Array): boolean {
  return uncommittedBytes === 0 || uncommittedBytes + data.length <= state.config.maxUncommittedBytes;
}

export function append(state: RaftState, leadership: Leadership, type: EntryType, data: Uint8Array): LogIndex {
  const { log, term } = state;
  const index = log.lastIndex + 1;
  log.push({ index, term, type, data });
  leadership.uncommittedBytes += data.length;
  leadership.replicationDue = true;
  return index;
}
