import type { Leadership } from './leadership.ts';
import { heartbeat, readIndex, readIndexResponse } from './messages.ts';
import type { Progress } from './progress.ts';
import { committedIndex } from './quorum.ts';
import { isLocal } from './readonly.ts';
import type { RaftState } from './state.ts';
import { NONE } from './types.ts';
import type { Message } from './types.ts';

/** Asks for a read index on behalf of a caller of this node. False when nobody is known who could give one. */
export function requestRead(state: RaftState, requestId: number): boolean {
  if (state.leadership !== null) {
    state.leadership.reads.add(NONE, requestId);
    return true;
  }
  if (state.leader === NONE) return false;
  state.forwardedReads.add(requestId, state.nowTick);
  state.send(readIndex(state.id, state.leader, state.term, requestId));
  return true;
}

/** A follower asks. Whoever does not lead any more says so. */
export function handleReadIndex(state: RaftState, message: Message): void {
  if (state.leadership !== null) state.leadership.reads.add(message.from, message.context);
  else state.send(readIndexResponse(state.id, message.from, state.term, true, message.context, 0));
}

export function handleReadIndexResponse(state: RaftState, message: Message): void {
  if (message.from !== state.leader || !state.forwardedReads.settle(message.context)) return;
  if (message.reject) state.outbox.rejectRead(message.context);
  else state.outbox.releaseRead(message.context, message.index);
}

/** A forwarded read, or its answer, can be lost; the caller shall not wait forever. */
export function expireForwardedReads(state: RaftState): void {
  for (;;) {
    const requestId = state.forwardedReads.overdue(state.config.electionTicksMax, state.nowTick);
    if (requestId === undefined) return;
    state.forwardedReads.settle(requestId);
    state.outbox.rejectRead(requestId);
  }
}

/**
 * Whether a round can begin. Not before an entry of this term is committed: until then
 * the leader does not know how much its predecessors had committed (etcd#7331).
 */
export function readRoundDue(state: RaftState, leadership: Leadership): boolean {
  return leadership.reads.hasWaiting && state.log.commitIndex >= leadership.termStart;
}

/** One round for all reads that came since the last ready. */
export function beginReadRound(state: RaftState, leadership: Leadership): void {
  leadership.reads.begin(state.log.commitIndex);
  broadcastHeartbeat(state, leadership);
  releaseConfirmedReads(state, leadership);
}

/** Each heartbeat carries the newest round, so a lost one is made good by the next. */
export function broadcastHeartbeat(state: RaftState, leadership: Leadership): void {
  for (const peer of leadership.peers) tellCommit(state, leadership, peer);
}

/**
 * One heartbeat. The commit index it tells is bounded by what the follower is known to
 * have: beyond that its log may still be another's.
 */
export function tellCommit(state: RaftState, leadership: Leadership, peer: Progress): void {
  const commit = Math.min(peer.matchIndex, state.log.commitIndex);
  state.send(heartbeat(state.id, peer.id, state.term, commit, leadership.reads.current));
}

export function handleHeartbeatResponse(state: RaftState, leadership: Leadership, message: Message): void {
  const peer = leadership.peer(message.from);
  if (peer === undefined || message.context > leadership.reads.current) return;
  peer.lastHeardTick = state.nowTick;
  // It lives, so whatever was sent before and not answered was probably lost.
  peer.probeSent = false;
  if (peer.state === 'probe') {
    leadership.replicationDue = true;
  } else if (peer.state === 'replicate' && peer.matchIndex < state.log.lastIndex) {
    peer.checkDue = true;
    leadership.replicationDue = true;
  }
  if (message.context > peer.ackedReadRound) {
    peer.ackedReadRound = message.context;
    releaseConfirmedReads(state, leadership);
  }
}

/** A quorum that answered a later heartbeat has confirmed every earlier round with it. */
export function releaseConfirmedReads(state: RaftState, leadership: Leadership): void {
  const { voters, votersOutgoing } = state.membership;
  const confirmed = committedIndex(voters, votersOutgoing, leadership.ackedReadRoundOf);
  for (const round of leadership.reads.takeConfirmed(confirmed)) {
    for (const request of round.requests) {
      if (isLocal(request)) state.outbox.releaseRead(request.requestId, round.index);
      else state.send(readIndexResponse(state.id, request.from, state.term, false, request.requestId, round.index));
    }
  }
}
