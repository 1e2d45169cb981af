import { partitionOfGroup, type GroupId } from '../config/ids.ts';
import type { Membership, NodeId, RaftEvent } from '../raft/types.ts';
import type { ClusterEvent, ClusterEventKind } from '../rpc/cluster.ts';
import type { Clock } from './types.ts';

type Facts = Partial<Omit<ClusterEvent, 'sequence' | 'timeMs' | 'nodeId' | 'kind' | 'partition'>>;

/** Numbers and stamps what happens on this node. The sequence has no gaps here; a watcher that sees one lagged. */
export class EventSource {
  readonly #nodeId: NodeId;
  readonly #clock: Clock;
  readonly #emit: (event: ClusterEvent) => void;
  #sequence = 0;

  constructor(nodeId: NodeId, clock: Clock, emit: (event: ClusterEvent) => void) {
    this.#nodeId = nodeId;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** For durations. */
  nowMs(): number {
    return Math.round(this.#clock.monotonicMs());
  }

  emit(kind: ClusterEventKind, facts: Facts = {}): void {
    const group = facts.group ?? 0;
    this.#emit({
      sequence: ++this.#sequence,
      timeMs: this.#clock.wallMs(),
      nodeId: this.#nodeId,
      group,
      partition: partitionOfGroup(group),
      kind,
      term: facts.term ?? 0,
      peer: facts.peer ?? 0,
      voters: facts.voters ?? [],
      detail: facts.detail ?? '',
      durationMs: facts.durationMs ?? 0,
      index: facts.index ?? 0,
    });
  }

  /** `leaderlessMs`: how long the group had been without a leader, as this node knows it. */
  emitRaft(group: GroupId, event: RaftEvent, leaderlessMs: number): void {
    switch (event.kind) {
      case 'roleChanged':
        return this.emit('roleChanged', {
          group,
          term: event.term,
          peer: event.leader,
          detail: `${event.role}: ${event.reason}`,
        });
      case 'leaderKnown':
        return this.emit('leaderKnown', { group, term: event.term, peer: event.leader, durationMs: leaderlessMs });
      case 'leaderLost':
        return this.emit('leaderLost', { group, term: event.term, peer: event.leader });
      case 'electionStarted':
        return this.emit('electionStarted', {
          group,
          term: event.term,
          detail: event.preVote ? 'preVote' : 'vote',
        });
      case 'voteGranted':
        return this.emit('voteGranted', {
          group,
          term: event.term,
          peer: event.candidate,
          detail: event.preVote ? 'preVote' : 'vote',
        });
      case 'voteRejected':
        return this.emit('voteRejected', {
          group,
          term: event.term,
          peer: event.candidate,
          detail: `${event.preVote ? 'preVote' : 'vote'}: ${event.reason}`,
        });
      case 'electionWon':
        return this.emit('electionWon', {
          group,
          term: event.term,
          voters: [...event.voters],
          durationMs: leaderlessMs,
        });
      case 'electionLost':
        return this.emit('electionLost', {
          group,
          term: event.term,
          detail: `${event.preVote ? 'preVote' : 'vote'}: ${event.reason}`,
        });
      case 'steppedDown':
        return this.emit('steppedDown', { group, term: event.term, detail: event.reason });
      case 'caughtUp':
        return this.emit('caughtUp', { group, peer: event.peer, index: event.index });
      case 'compacted':
        return this.emit('logCompacted', { group, index: event.index });
      case 'snapshotNeeded':
        return this.emit('snapshotNeeded', { group, peer: event.peer, index: event.nextIndex });
      case 'snapshotRestored':
        return this.emit('snapshotRestored', { group, peer: event.leader, index: event.index });
      case 'membershipChanged':
        return this.emit('membershipChanged', {
          group,
          index: event.index,
          voters: [...event.voters],
          detail: membershipWords(event),
        });
      case 'membershipRefused':
        return this.emit('membershipRefused', { group, index: event.index, detail: event.reason });
      case 'transferStarted':
        return this.emit('transferStarted', { group, term: event.term, peer: event.to });
      case 'transferFailed':
        return this.emit('transferFailed', { group, term: event.term, peer: event.to, detail: event.reason });
    }
  }
}

function membershipWords({ voters, votersOutgoing, learners }: Membership): string {
  const words = [`voters ${voters.join(', ')}`];
  if (votersOutgoing.length > 0) words.push(`together with the voters before, ${votersOutgoing.join(', ')}`);
  if (learners.length > 0) words.push(`learners ${learners.join(', ')}`);
  return words.join('; ');
}
