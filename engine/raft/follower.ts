import { appendAccepted, appendRejected, heartbeatResponse } from './messages.ts';
import { expireForwardedReads } from './reads.ts';
import { heardFromLeader } from './roles.ts';
import { campaign } from './election.ts';
import type { RaftState } from './state.ts';
import { NONE, Role } from './types.ts';
import type { LogIndex, Message } from './types.ts';

/** Time passes for everyone who does not lead. */
export function tickFollower(state: RaftState): void {
  state.ticksSinceLeader++;
  if (state.forwardedReads.size > 0) expireForwardedReads(state);
  if (state.role === Role.Learner) {
    if (state.ticksSinceLeader === state.config.electionTicksMax) loseLeader(state);
    return;
  }
  state.electionTicksLeft--;
  if (state.electionTicksLeft > 0) return;
  const reason = reasonToCampaign(state, state.role);
  loseLeader(state);
  campaign(state, reason);
}

function loseLeader(state: RaftState): void {
  const { leader, term } = state;
  if (leader === NONE) return;
  state.outbox.emit({ kind: 'leaderLost', leader, term });
  state.setLeader(NONE);
}

function reasonToCampaign(state: RaftState, role: Role): string {
  if (role === Role.Candidate || role === Role.PreCandidate) return 'its election found no majority in time';
  if (state.leader === NONE) return 'no leader appeared within its election timeout';
  return `node ${state.leader} was not heard from for ${state.ticksSinceLeader} ticks`;
}

export function handleHeartbeat(state: RaftState, message: Message): void {
  if (state.leadership !== null) return;
  heardFromLeader(state, message.from);
  state.log.commitTo(message.commit);
  if (message.reject) {
    // One that comes late is about an earlier life, which has ended already.
    if (message.context >= state.life) state.dismissed = true;
    return;
  }
  state.dismissed = false;
  state.send(heartbeatResponse(state.id, message.from, state.term, false, message.context));
}

/** AppendEntries (Raft paper, figure 2 and section 5.3). */
export function handleAppend(state: RaftState, message: Message): void {
  if (state.leadership !== null || !isWellFormed(message)) return;
  heardFromLeader(state, message.from);
  state.dismissed = false;
  if (message.context > state.life) state.life = message.context;
  const { log } = state;
  if (message.index < log.commitIndex) {
    // An old append. What is committed here equals the leader's log in any case.
    acknowledge(state, message, log.commitIndex);
  } else if (log.matches(message.index, message.logTerm)) {
    acceptEntries(state, message);
  } else {
    const { from, context } = message;
    const hint = log.lastIndexWithin(message.index, message.logTerm);
    const hintTerm = log.term(hint) ?? 0;
    state.send(appendRejected(state.id, from, state.term, message.index, hint, hintTerm, context));
  }
}

/**
 * Entries are only replaced from the first that conflicts: an append that arrives late
 * and holds less than the log must not shorten it.
 */
function acceptEntries(state: RaftState, message: Message): void {
  const { log } = state;
  const { entries } = message;
  const firstNew = log.firstNew(entries);
  if (firstNew !== undefined) {
    // No leader can conflict with a committed entry; whoever sends one is not believed.
    if (firstNew.index <= log.commitIndex) return;
    if (firstNew.index <= log.lastIndex) state.truncateFrom(firstNew.index);
    for (let i = firstNew.index - message.index - 1; i < entries.length; i++) log.push(entries[i]!);
  }
  const lastNew = message.index + entries.length;
  log.commitTo(Math.min(message.commit, lastNew));
  acknowledge(state, message, lastNew);
}

/** An acknowledgement is a promise to remember, so it waits for the disk unless that is done. */
function acknowledge(state: RaftState, message: Message, index: LogIndex): void {
  const response = appendAccepted(state.id, message.from, state.term, index, message.context);
  if (index <= state.log.persistedIndex) state.send(response);
  else state.outbox.sendAfterPersist(response);
}

/** Indexes without a gap, terms that do not fall and are not beyond the sender's. */
function isWellFormed(message: Message): boolean {
  let { index, logTerm } = message;
  for (const entry of message.entries) {
    if (entry.index !== index + 1 || entry.term < logTerm) return false;
    index = entry.index;
    logTerm = entry.term;
  }
  return logTerm <= message.term;
}
