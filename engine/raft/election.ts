import { becomeLeader } from './leader.ts';
import { allVoters, isMember, isVoter } from './membership.ts';
import { preVote, preVoteResponse, vote, voteResponse } from './messages.ts';
import { voteResult } from './quorum.ts';
import { tellRemoved } from './reconfiguration.ts';
import { becomeFollower, endCandidacy, supportsAnother } from './roles.ts';
import type { RaftState } from './state.ts';
import { MessageType, NONE, Role } from './types.ts';
import type { LogIndex, Message, Term } from './types.ts';

/**
 * Starts an election with a pre-vote (Raft dissertation, section 9.6): the term is
 * raised only once a majority says that it would vote, so that a member that cannot
 * win does not depose a leader by its term.
 */
export function campaign(state: RaftState, reason: string): void {
  if (state.role === Role.Leader || !isVoter(state.membership, state.id)) return;
  state.resetElectionTimer();
  if (!state.mayStand) return;
  endCandidacy(state, 'no majority answered within the election timeout');
  state.setLeader(NONE);
  state.setRole(Role.PreCandidate, reason);
  beginRound(state);
  const { id, log, outbox, electionRound } = state;
  const term = state.term + 1;
  outbox.emit({ kind: 'electionStarted', term, preVote: true });
  const known = log.committedUpTo(log.lastIndex);
  for (const voter of allVoters(state.membership)) {
    if (voter !== id) state.send(preVote(id, voter, term, log.end, known, electionRound));
  }
  castVote(state, id, true);
}

function beginRound(state: RaftState): void {
  state.votes.clear();
  state.electionRound++;
}

/** The election itself. The requests, and the own vote, wait until term and vote are durable. */
function standForElection(state: RaftState, transfer: boolean): void {
  const { id, log, outbox } = state;
  state.setTerm(state.term + 1);
  state.votedFor = id;
  state.resetElectionTimer();
  const reason = transfer ? `the leader hands over to it` : `a majority would vote for it in term ${state.term}`;
  state.setRole(Role.Candidate, reason);
  beginRound(state);
  outbox.emit({ kind: 'electionStarted', term: state.term, preVote: false });
  const known = log.committedUpTo(log.lastIndex);
  for (const voter of allVoters(state.membership)) {
    if (voter === id) continue;
    outbox.sendAfterPersist(vote(id, voter, state.term, log.end, known, state.electionRound, transfer));
  }
}

/**
 * The leader hands over to this member, so nobody need be asked first whether the leader
 * still lives. An old such message does no harm: its term has passed.
 */
export function handleTimeoutNow(state: RaftState, message: Message): void {
  if (message.from !== state.leader || state.role !== Role.Follower || !state.mayStand) return;
  state.setLeader(NONE);
  standForElection(state, true);
}

/** Something became durable: perhaps this candidate's vote for itself. */
export function countOwnVote(state: RaftState): void {
  if (state.role !== Role.Candidate || state.votes.has(state.id)) return;
  if (state.writes.durableTerm === state.term && state.writes.durableVote === state.id) {
    castVote(state, state.id, true);
  }
}

/** Notes a first answer and acts on the result. */
function castVote(state: RaftState, voter: number, granted: boolean): void {
  if (!state.votes.has(voter)) state.votes.set(voter, granted);
  const { voters, votersOutgoing } = state.membership;
  const result = voteResult(voters, votersOutgoing, state.votes);
  if (result === 'won') {
    if (state.role === Role.PreCandidate) standForElection(state, false);
    else becomeLeader(state, grantedBy(state));
  } else if (result === 'lost') {
    becomeFollower(state, state.term, NONE, 'a majority refused its vote');
  }
}

function grantedBy(state: RaftState): number[] {
  const granted: number[] = [];
  for (const [voter, grants] of state.votes) if (grants) granted.push(voter);
  return granted.sort((a, b) => a - b);
}

/**
 * RequestVote (Raft paper, sections 5.2 and 5.4.1) and its rehearsal. The vote is given by
 * the log alone, whether or not the membership in force here lists the candidate or this
 * member (dissertation, section 4.2.2). Memberships take effect when they are applied, so
 * a voter that was just promoted cannot know it before a leader tells it what is committed;
 * when the majority needs it, refusing would leave the group without a leader for good.
 * The same goes for one that has just applied its removal while the others have not: they
 * still count it. Only one that knows no members at all keeps silent: it may have been a voter
 * once, whose replica was deleted with what it had promised, and as a new voter it would have
 * the entry that lets it in. Nothing is lost by the rest: the candidate counts by its own lists, and those
 * are at most one change away from anyone's (see `Membership`). A removed member that
 * stands is held off by `supportsAnother` and by its log.
 */
export function handleVoteRequest(state: RaftState, message: Message): void {
  const isPreVote = message.type === MessageType.PreVote;
  learnCommit(state, message.commit, message.rejectHint);
  const reason = reasonToRefuse(state, message, isPreVote);
  const { id, outbox } = state;
  const { from, term, context } = message;
  const known = state.log.committedUpTo(message.index);
  if (reason !== undefined) {
    outbox.emit({ kind: 'voteRejected', candidate: from, term, preVote: isPreVote, reason });
    // Carries the own term: a candidate whose term is behind learns of it, also from a
    // member with a higher term that is hidden behind pre-votes (etcd#8501).
    const respond = isPreVote ? preVoteResponse : voteResponse;
    state.send(respond(id, from, state.term, true, context, known));
    const { leadership, membership } = state;
    if (isPreVote && leadership !== null && !isMember(membership, from)) tellRemoved(state, leadership, message);
    return;
  }
  outbox.emit({ kind: 'voteGranted', candidate: from, term, preVote: isPreVote });
  if (isPreVote) {
    state.send(preVoteResponse(id, from, term, false, context, known));
    return;
  }
  state.votedFor = from;
  state.resetElectionTimer();
  outbox.sendAfterPersist(voteResponse(id, from, term, false, context, known));
}

function reasonToRefuse(state: RaftState, message: Message, isPreVote: boolean): string | undefined {
  if (!message.transfer && supportsAnother(state, message.from)) {
    const stranger = isMember(state.membership, message.from) ? '' : ', and the candidate is no member of the group';
    return `node ${state.leader} leads term ${state.term}${stranger}`;
  }
  if (message.term < state.term) return `it is already in term ${state.term}`;
  if (isPreVote) {
    if (message.term === state.term) return `it is already in term ${state.term}`;
  } else if (state.votedFor !== NONE && state.votedFor !== message.from) {
    return `it voted for node ${state.votedFor} in term ${state.term}`;
  }
  if (state.membership.voters.length === 0) return 'it does not know the members of the group yet';
  if (!state.hasItsOwnBack) return 'it was given up once, and has not got back all that it held then';
  if (!state.log.isUpToDate(message.index, message.logTerm)) {
    const { lastIndex, lastTerm } = state.log;
    return `the candidate's log ends at ${message.index} (term ${message.logTerm}), its own at ${lastIndex} (term ${lastTerm})`;
  }
  return undefined;
}

/**
 * Candidates and voters tell each other what they know to be committed, because either may
 * count by members of before. A voter that was removed neither stands itself nor votes for a
 * log that is shorter than its own; one that was promoted does not know that it may stand.
 * Nobody else need be left who knows of the change. Whatever entry is committed is so for
 * everyone who has it.
 */
function learnCommit(state: RaftState, index: LogIndex, term: Term): void {
  const { log } = state;
  if (state.leadership !== null || index <= log.commitIndex || !log.matches(index, term)) return;
  log.commitTo(index);
  if (!log.hasUnappliedConfChange() || (state.role !== Role.Candidate && state.role !== Role.PreCandidate)) return;
  becomeFollower(state, state.term, NONE, 'it heard that the members have changed');
}

export function handlePreVoteResponse(state: RaftState, message: Message): void {
  learnCommit(state, message.commit, message.logTerm);
  if (state.role !== Role.PreCandidate || message.context !== state.electionRound) return;
  if (!message.reject && message.term !== state.term + 1) return;
  castVote(state, message.from, !message.reject);
}

export function handleVoteResponse(state: RaftState, message: Message): void {
  learnCommit(state, message.commit, message.logTerm);
  if (state.role === Role.Candidate) castVote(state, message.from, !message.reject);
}
