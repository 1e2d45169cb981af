import { handlePreVoteResponse, handleTimeoutNow, handleVoteRequest, handleVoteResponse } from './election.ts';
import { handleAppend, handleHeartbeat } from './follower.ts';
import { isMember } from './membership.ts';
import { appendRejected, heartbeatResponse, readIndexResponse, voteResponse } from './messages.ts';
import { handleHeartbeatResponse, handleReadIndex, handleReadIndexResponse } from './reads.ts';
import { handleAppendResponse } from './replication.ts';
import { becomeFollower, supportsAnother } from './roles.ts';
import type { RaftState } from './state.ts';
import { MessageType, NONE } from './types.ts';
import type { Message } from './types.ts';

/** Takes in one message: settles whose term counts, then hands it to the rule for its type. */
export function step(state: RaftState, message: Message): void {
  if (message.to !== state.id || message.from === state.id || message.from === NONE) return;
  if (message.term < 1 && !isHeardAtAnyTerm(message)) return;
  if (!isListenedTo(state, message)) return;
  if (message.term > state.term) {
    if (!raisesTerm(state, message)) return;
  } else if (message.term < state.term && !isHeardAtAnyTerm(message)) {
    refuseStale(state, message);
    return;
  }
  dispatch(state, message);
}

function dispatch(state: RaftState, message: Message): void {
  switch (message.type) {
    case MessageType.PreVote:
    case MessageType.Vote:
      handleVoteRequest(state, message);
      return;
    case MessageType.PreVoteResponse:
      handlePreVoteResponse(state, message);
      return;
    case MessageType.VoteResponse:
      handleVoteResponse(state, message);
      return;
    case MessageType.Append:
      handleAppend(state, message);
      return;
    case MessageType.AppendResponse:
      if (state.leadership !== null) handleAppendResponse(state, state.leadership, message);
      return;
    case MessageType.Heartbeat:
      handleHeartbeat(state, message);
      return;
    case MessageType.HeartbeatResponse:
      if (state.leadership !== null) handleHeartbeatResponse(state, state.leadership, message);
      return;
    case MessageType.ReadIndex:
      handleReadIndex(state, message);
      return;
    case MessageType.ReadIndexResponse:
      handleReadIndexResponse(state, message);
      return;
    case MessageType.TimeoutNow:
      handleTimeoutNow(state, message);
      return;
  }
}

/**
 * Campaigns and appends are heard from anyone: who sends them may know a newer membership
 * than this member does (dissertation, sections 4.1 and 4.2.2). All else goes between
 * members that know each other; a stranger was removed, or is lost, and must not disturb.
 */
function isListenedTo(state: RaftState, message: Message): boolean {
  const { type, from } = message;
  if (type === MessageType.PreVote || type === MessageType.Vote) return true;
  if (type === MessageType.Append || type === MessageType.Heartbeat) return true;
  return from === state.leader || isMember(state.membership, from);
}

/** A pre-vote is about a term to come, and its refusal tells an older one: neither is compared with ours. */
function isHeardAtAnyTerm(message: Message): boolean {
  return message.type === MessageType.PreVote || (message.type === MessageType.PreVoteResponse && message.reject);
}

/** Takes over a higher term, where the message is a reason to. False when it is to be ignored. */
function raisesTerm(state: RaftState, message: Message): boolean {
  const { type, from, term } = message;
  if (type === MessageType.PreVote || (type === MessageType.PreVoteResponse && !message.reject)) return true;
  if (type === MessageType.Vote && !message.transfer && supportsAnother(state, from)) {
    const reason = `node ${state.leader} leads term ${state.term}`;
    state.outbox.emit({ kind: 'voteRejected', candidate: from, term, preVote: false, reason });
    return false;
  }
  if (type === MessageType.Append || type === MessageType.Heartbeat) {
    becomeFollower(state, term, from, `node ${from} leads term ${term}`);
  } else {
    const handedOver = state.leadership?.transfer?.to === from;
    const reason = handedOver ? `it hands over to node ${from}` : `node ${from} is in term ${term}`;
    becomeFollower(state, term, NONE, reason);
  }
  return true;
}

/**
 * Answers a sender whose term is behind with ours, so that it moves on: a deposed leader
 * steps down, and a group whose highest term belongs to a member that cannot win still
 * elects someone (etcd#8243).
 */
function refuseStale(state: RaftState, message: Message): void {
  const { id, term } = state;
  const { type, from, index, context } = message;
  if (type === MessageType.Vote)
    state.send(voteResponse(id, from, term, true, context, state.log.committedUpTo(index)));
  else if (type === MessageType.Append) state.send(appendRejected(id, from, term, index, 0, 0, context));
  else if (type === MessageType.Heartbeat) state.send(heartbeatResponse(id, from, term, true, context));
  else if (type === MessageType.ReadIndex) state.send(readIndexResponse(id, from, term, true, context, 0));
}
