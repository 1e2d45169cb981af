import type { Leadership } from './leadership.ts';
import { dismissal } from './messages.ts';
import type { Progress } from './progress.ts';
import { append } from './proposal.ts';
import type { RaftState } from './state.ts';
import { EntryType } from './types.ts';
import type { NodeId } from './types.ts';

const NO_DATA = new Uint8Array(0);

/**
 * Members that were removed may be deleted with all they know, and then nobody may need them
 * any more. While few know that the removal is committed, they are needed: who does not know
 * still asks them for votes, and who does may forget it in a crash. So the leader adds an empty
 * entry after the removal. Its commit means that a majority of those who stay has it durably,
 * and with it, that the removal is committed: now the others are dismissed.
 */
export function beginDismissal(state: RaftState, leadership: Leadership, gone: readonly Progress[]): void {
  leadership.leaving = [...leadership.leaving.filter((peer) => leadership.peer(peer.id) === undefined), ...gone];
  if (gone.length > 0) leadership.settledIndex = append(state, leadership, EntryType.Normal, NO_DATA);
}

/** Called when more is committed. */
export function dismissWhenSettled(state: RaftState, leadership: Leadership): void {
  if (leadership.leaving.length === 0 || !isSettled(state, leadership)) return;
  for (const { id, matchIndex } of leadership.leaving) dismiss(state, id, matchIndex);
  leadership.leaving = [];
}

/** Whether a majority knows durably of every change that this leader has applied. */
export function isSettled(state: RaftState, leadership: Leadership): boolean {
  return state.log.commitIndex >= leadership.settledIndex;
}

export function dismiss(state: RaftState, id: NodeId, matchIndex: number): void {
  state.send(dismissal(state.id, id, state.term, Math.min(matchIndex, state.log.commitIndex), state.membershipIndex));
}
