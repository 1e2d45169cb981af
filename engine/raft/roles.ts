import { readIndexResponse } from './messages.ts';
import { isLocal } from './readonly.ts';
import type { RaftState } from './state.ts';
import { NONE, Role } from './types.ts';
import type { NodeId, Term } from './types.ts';

/** Ends a leadership: what waited for it is told, so that nobody waits for nothing. */
function endLeadership(state: RaftState, reason: string): void {
  const { leadership, outbox } = state;
  if (leadership === null) return;
  state.leadership = null;
  for (const request of leadership.reads.takeAll()) {
    if (isLocal(request)) outbox.rejectRead(request.requestId);
    else state.send(readIndexResponse(state.id, request.from, state.term, true, request.requestId, 0));
  }
  outbox.emit({ kind: 'steppedDown', term: state.term, reason });
}

/** Reports a candidacy that ended without a win. */
export function endCandidacy(state: RaftState, reason: string): void {
  if (state.role === Role.PreCandidate) {
    state.outbox.emit({ kind: 'electionLost', term: state.term + 1, preVote: true, reason });
  } else if (state.role === Role.Candidate) {
    state.outbox.emit({ kind: 'electionLost', term: state.term, preVote: false, reason });
  }
}

/**
 * Follows `leader` (NONE while it is not known) in `term`, which is never below the
 * current one. A higher term always ends here (Raft paper, section 5.1).
 */
export function becomeFollower(state: RaftState, term: Term, leader: NodeId, reason: string): void {
  endCandidacy(state, reason);
  endLeadership(state, reason);
  if (term > state.term) {
    state.setLeader(NONE);
    state.setTerm(term);
  }
  state.votes.clear();
  state.setLeader(leader);
  state.ticksSinceLeader = 0;
  state.resetElectionTimer();
  state.setRole(state.restingRole, reason);
}

/** A message that only the leader of this term sends has come from `leader`. */
export function heardFromLeader(state: RaftState, leader: NodeId): void {
  if (state.role === Role.PreCandidate || state.role === Role.Candidate) {
    becomeFollower(state, state.term, leader, `node ${leader} leads term ${state.term}`);
    return;
  }
  state.setLeader(leader);
  state.ticksSinceLeader = 0;
  state.resetElectionTimer();
}

/**
 * Whether this member has reason to believe that a leader other than `candidate` lives:
 * then it votes for no one (Raft dissertation, section 4.2.3), so that a member that was
 * cut off, or removed, cannot disturb a healthy group. A leader believes it of itself
 * until check-quorum tells it otherwise.
 */
export function supportsAnother(state: RaftState, candidate: NodeId): boolean {
  if (state.leadership !== null) return true;
  if (state.leader === NONE || state.leader === candidate) return false;
  return state.ticksSinceLeader < state.config.electionTicksMin;
}
