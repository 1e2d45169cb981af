import { Leadership } from './leadership.ts';
import { hasQuorum } from './quorum.ts';
import { broadcastHeartbeat } from './reads.ts';
import { leaveJointWhenDue } from './reconfiguration.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';
import { expireTransfer, tellAgain } from './transfer.ts';
import { EntryType, NONE, Role } from './types.ts';
import type { NodeId } from './types.ts';

const NO_DATA = new Uint8Array(0);

/**
 * Takes office. The empty entry that begins the term lets the leader commit what its
 * predecessors left (Raft paper, section 8); its append also announces the leader.
 */
export function becomeLeader(state: RaftState, voters: readonly NodeId[]): void {
  const { log, term } = state;
  state.leadership = new Leadership(state.config, state.membership, log, state.nowTick);
  state.votes.clear();
  state.setLeader(state.id);
  state.setRole(Role.Leader, `a majority voted for it in term ${term}`);
  state.outbox.emit({ kind: 'electionWon', term, voters });
  log.push({ index: log.lastIndex + 1, term, type: EntryType.Normal, data: NO_DATA });
}

export function tickLeader(state: RaftState, leadership: Leadership): void {
  expireTransfer(state, leadership);
  if (state.leadership === null) return;
  leadership.ticksSinceHeartbeat++;
  if (leadership.ticksSinceHeartbeat < state.config.heartbeatTicks) return;
  // Heartbeats of read rounds do not reset this: reads must not put check-quorum off.
  leadership.ticksSinceHeartbeat = 0;
  const reason = reasonToStepDown(state, leadership);
  if (reason !== undefined) {
    becomeFollower(state, state.term, NONE, reason);
    return;
  }
  broadcastHeartbeat(state, leadership);
  tellAgain(state, leadership);
  leaveJointWhenDue(state, leadership);
}

/**
 * Check-quorum (Raft dissertation, section 6.2): a leader that hears from no majority
 * may have been replaced, and must not keep clients waiting. A leader whose own disk
 * hangs cannot be relied on either, though its heartbeats still flow (hashicorp/raft#503).
 */
function reasonToStepDown(state: RaftState, leadership: Leadership): string | undefined {
  const { voters, votersOutgoing } = state.membership;
  const timeout = state.config.electionTicksMax;
  leadership.activeSinceTick = state.nowTick - timeout;
  for (const peer of leadership.peers) {
    if (!leadership.isActive(peer.id)) peer.markBehind(state.log.lastIndex);
  }
  if (!hasQuorum(voters, votersOutgoing, leadership.isActive)) {
    return `no majority was heard from for ${timeout} ticks`;
  }
  if (state.diskStalledFor(timeout)) return `its disk has not confirmed a write for ${timeout} ticks`;
  return undefined;
}
