import { dismissWhenSettled } from './dismissal.ts';
import type { Leadership } from './leadership.ts';
import { append } from './messages.ts';
import type { Progress } from './progress.ts';
import { committedIndex } from './quorum.ts';
import type { RaftState } from './state.ts';
import { tellWhenCaughtUp } from './transfer.ts';
import type { Entry, LogIndex, Message } from './types.ts';

/** An append that must be read from the disk carries no more, unless a single entry is bigger. */
const MAX_READ_BYTES = 256 * 1024;

/** Sends each follower what it may have now. Called once a ready, so that proposals in between share appends. */
export function replicate(state: RaftState, leadership: Leadership): void {
  leadership.replicationDue = false;
  for (const peer of leadership.peers) {
    if (peer.state === 'probe') probe(state, peer);
    else if (peer.state === 'replicate') pipeline(state, leadership, peer);
  }
}

function probe(state: RaftState, peer: Progress): void {
  if (peer.probeSent || needsSnapshot(state, peer)) return;
  const entries = entriesFrom(state, peer.nextIndex);
  sendAppend(state, peer, entries);
  peer.probeSent = true;
}

/**
 * Fills the window of a follower. What must be read from the disk for it goes one append a
 * ready: a window read at once would hold up those that are in step.
 */
function pipeline(state: RaftState, leadership: Leadership, peer: Progress): void {
  const { log } = state;
  if (needsSnapshot(state, peer)) return;
  let sent = false;
  while (peer.nextIndex <= log.lastIndex && !peer.inflights.full) {
    const isRead = !log.isInMemory(peer.nextIndex);
    const entries = entriesFrom(state, peer.nextIndex);
    sendAppend(state, peer, entries);
    const last = entries[entries.length - 1]!;
    peer.inflights.add(last.index, dataBytes(entries));
    peer.nextIndex = last.index + 1;
    sent = true;
    if (!isRead) continue;
    if (peer.nextIndex <= log.lastIndex && !peer.inflights.full) leadership.replicationDue = true;
    break;
  }
  // With the window full, entries would leak to a follower that may not be there; an empty
  // append costs nothing, and its answer either frees the window or returns to probing (etcd#14633).
  // A new commit index is no reason for one: the next append tells it, or the next heartbeat, which
  // is soon; told by itself it would double the messages of a write.
  if (!sent && peer.checkDue) sendAppend(state, peer, []);
  peer.checkDue = false;
}

function entriesFrom({ log, config }: RaftState, from: LogIndex): readonly Entry[] {
  const maxBytes = log.isInMemory(from) ? config.maxAppendBytes : Math.min(config.maxAppendBytes, MAX_READ_BYTES);
  return log.slice(from, log.lastIndex + 1, maxBytes);
}

function dataBytes(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length;
  return bytes;
}

/**
 * True when the entry before `nextIndex` is no longer in the log, so that no append could
 * be matched. A snapshot is asked for then, unless the follower has not been heard from:
 * one that is down shall not make the leader read a whole state for it.
 */
function needsSnapshot(state: RaftState, peer: Progress): boolean {
  if (peer.nextIndex > state.log.snapshotIndex) return false;
  if (peer.lastHeardTick > state.nowTick - state.config.electionTicksMax) {
    state.outbox.emit({ kind: 'snapshotNeeded', peer: peer.id, nextIndex: peer.nextIndex });
    state.outbox.askForSnapshot(peer.id);
    peer.becomeSnapshot();
    peer.markBehind(state.log.lastIndex);
  }
  return true;
}

/** The entry before `nextIndex` is in the log, or its beginning. */
function sendAppend(state: RaftState, peer: Progress, entries: readonly Entry[]): void {
  const previous = peer.nextIndex - 1;
  const { commitIndex } = state.log;
  const previousTerm = state.log.term(previous) ?? 0;
  state.send(append(state.id, peer.id, state.term, previous, previousTerm, commitIndex, entries, peer.life));
}

/**
 * Commits what a quorum has stored, but only up to an entry of the leader's own term;
 * entries of earlier terms follow it (Raft paper, section 5.4.2 and figure 8).
 */
export function maybeCommit(state: RaftState, leadership: Leadership): void {
  const { log, membership } = state;
  const quorumIndex = committedIndex(membership.voters, membership.votersOutgoing, leadership.matchIndexOf);
  const before = log.commitIndex;
  if (quorumIndex <= before || !log.matches(quorumIndex, state.term)) return;
  log.commitTo(quorumIndex);
  const ownFrom = Math.max(before + 1, leadership.termStart);
  leadership.uncommittedBytes -= log.dataBytes(ownFrom, log.commitIndex + 1);
  leadership.replicationDue = true;
  dismissWhenSettled(state, leadership);
}

export function handleAppendResponse(state: RaftState, leadership: Leadership, message: Message): void {
  const peer = leadership.peer(message.from);
  if (peer === undefined || message.context !== peer.life || message.index > state.log.lastIndex) return;
  peer.lastHeardTick = state.nowTick;
  if (message.reject) handleRejection(state, leadership, peer, message);
  else handleAcceptance(state, leadership, peer, message.index);
}

/**
 * The follower's hint says where its log can agree at the latest. The leader may know
 * better: where its own terms are all newer than the hint's, nothing agrees. So each
 * round trip skips a whole term of one of the logs (end of section 5.3).
 */
function handleRejection(state: RaftState, leadership: Leadership, peer: Progress, message: Message): void {
  const candidate = state.log.lastIndexWithin(message.rejectHint, message.logTerm);
  if (!peer.rejected(message.index, candidate)) return;
  peer.markBehind(state.log.lastIndex);
  leadership.replicationDue = true;
}

function handleAcceptance(state: RaftState, leadership: Leadership, peer: Progress, matched: LogIndex): void {
  const before = peer.matchIndex;
  peer.accepted(matched, state.log.snapshotIndex);
  if (peer.nextIndex <= state.log.lastIndex || peer.checkDue) leadership.replicationDue = true;
  if (peer.matchIndex > before) maybeCommit(state, leadership);
  tellWhenCaughtUp(state, leadership, peer);
  if (peer.behindUntil > 0 && peer.matchIndex >= Math.max(peer.behindUntil, state.log.commitIndex)) {
    peer.behindUntil = 0;
    state.outbox.emit({ kind: 'caughtUp', peer: peer.id, index: peer.matchIndex });
  }
}
