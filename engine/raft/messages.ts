import { MessageType } from './types.ts';
import type { Entry, LogIndex, LogPoint, Message, NodeId, Term } from './types.ts';

/** One constructor for each message. All literals list the same fields in the same order: one hidden class. */

export const NO_ENTRIES: readonly Entry[] = Object.freeze([]);

function voteRequest(
  type: MessageType,
  from: NodeId,
  to: NodeId,
  term: Term,
  last: LogPoint,
  known: LogPoint,
  round: number,
  transfer: boolean,
): Message {
  return {
    type,
    from,
    to,
    term,
    index: last.index,
    logTerm: last.term,
    commit: known.index,
    reject: false,
    rejectHint: known.term,
    context: round,
    transfer,
    entries: NO_ENTRIES,
  };
}

/**
 * RequestVote (Raft paper, figure 2). `term` is the candidate's own, already raised, `last` the
 * end of its log, and `known` the last entry that it knows to be committed.
 */
export function vote(
  from: NodeId,
  to: NodeId,
  term: Term,
  last: LogPoint,
  known: LogPoint,
  round: number,
  transfer: boolean,
): Message {
  return voteRequest(MessageType.Vote, from, to, term, last, known, round, transfer);
}

/** Asks whether a vote in `term` would be granted. The sender's own term is one less. */
export function preVote(from: NodeId, to: NodeId, term: Term, last: LogPoint, known: LogPoint, round: number): Message {
  return voteRequest(MessageType.PreVote, from, to, term, last, known, round, false);
}

/** An answer that carries no more than yes or no. */
function answer(
  type: MessageType,
  from: NodeId,
  to: NodeId,
  term: Term,
  reject: boolean,
  context: number,
  index: LogIndex,
): Message {
  return {
    type,
    from,
    to,
    term,
    index,
    logTerm: 0,
    commit: 0,
    reject,
    rejectHint: 0,
    context,
    transfer: false,
    entries: NO_ENTRIES,
  };
}

function voteAnswer(
  type: MessageType,
  from: NodeId,
  to: NodeId,
  term: Term,
  reject: boolean,
  round: number,
  known: LogPoint,
): Message {
  return {
    type,
    from,
    to,
    term,
    index: 0,
    logTerm: known.term,
    commit: known.index,
    reject,
    rejectHint: 0,
    context: round,
    transfer: false,
    entries: NO_ENTRIES,
  };
}

/** `known` is an entry that the voter knows to be committed, within the candidate's log. */
export function voteResponse(
  from: NodeId,
  to: NodeId,
  term: Term,
  reject: boolean,
  round: number,
  known: LogPoint,
): Message {
  return voteAnswer(MessageType.VoteResponse, from, to, term, reject, round, known);
}

/** `term` is the term asked about when granted, and the voter's own when rejected. */
export function preVoteResponse(
  from: NodeId,
  to: NodeId,
  term: Term,
  reject: boolean,
  round: number,
  known: LogPoint,
): Message {
  return voteAnswer(MessageType.PreVoteResponse, from, to, term, reject, round, known);
}

/**
 * AppendEntries (Raft paper, figure 2): `entries` follow the entry (`index`, `logTerm`). The
 * answer brings `life` back; see `Progress`.
 */
export function append(
  from: NodeId,
  to: NodeId,
  term: Term,
  index: LogIndex,
  logTerm: Term,
  commit: LogIndex,
  entries: readonly Entry[],
  life: number,
): Message {
  return {
    type: MessageType.Append,
    from,
    to,
    term,
    index,
    logTerm,
    commit,
    reject: false,
    rejectHint: 0,
    context: life,
    transfer: false,
    entries,
  };
}

/** The sender's log equals the leader's up to `matchIndex`, durably. */
export function appendAccepted(from: NodeId, to: NodeId, term: Term, matchIndex: LogIndex, life: number): Message {
  return answer(MessageType.AppendResponse, from, to, term, false, life, matchIndex);
}

/** The append after `refused` did not fit; the logs can be equal at `hint` (whose term is `hintTerm`) at the latest. */
export function appendRejected(
  from: NodeId,
  to: NodeId,
  term: Term,
  refused: LogIndex,
  hint: LogIndex,
  hintTerm: Term,
  life: number,
): Message {
  return {
    type: MessageType.AppendResponse,
    from,
    to,
    term,
    index: refused,
    logTerm: hintTerm,
    commit: 0,
    reject: true,
    rejectHint: hint,
    context: life,
    transfer: false,
    entries: NO_ENTRIES,
  };
}

/** The leader's word that the receiver has the whole log and shall stand at once (dissertation, section 3.10). */
export function timeoutNow(from: NodeId, to: NodeId, term: Term): Message {
  return answer(MessageType.TimeoutNow, from, to, term, false, 0, 0);
}

/** `readRound` is the newest round of reads that an answer to this heartbeat confirms. */
export function heartbeat(from: NodeId, to: NodeId, term: Term, commit: LogIndex, readRound: number): Message {
  return {
    type: MessageType.Heartbeat,
    from,
    to,
    term,
    index: 0,
    logTerm: 0,
    commit,
    reject: false,
    rejectHint: 0,
    context: readRound,
    transfer: false,
    entries: NO_ENTRIES,
  };
}

/** The leader's word that the receiver is no member as of `membershipIndex`, and that nobody needs it any more. */
export function dismissal(from: NodeId, to: NodeId, term: Term, commit: LogIndex, membershipIndex: LogIndex): Message {
  return { ...heartbeat(from, to, term, commit, membershipIndex), reject: true };
}

export function isDismissal({ type, reject }: Message): boolean {
  return type === MessageType.Heartbeat && reject;
}

export function heartbeatResponse(from: NodeId, to: NodeId, term: Term, reject: boolean, readRound: number): Message {
  return answer(MessageType.HeartbeatResponse, from, to, term, reject, readRound, 0);
}

export function readIndex(from: NodeId, to: NodeId, term: Term, requestId: number): Message {
  return answer(MessageType.ReadIndex, from, to, term, false, requestId, 0);
}

export function readIndexResponse(
  from: NodeId,
  to: NodeId,
  term: Term,
  reject: boolean,
  requestId: number,
  index: LogIndex,
): Message {
  return answer(MessageType.ReadIndexResponse, from, to, term, reject, requestId, index);
}
