import type { InspectedReplica, PartitionLive, RaftEvent, RaftWord } from '../../electron/contract/model.ts';

export const NOW_MS = new Date(2026, 5, 21, 12, 11, 8).getTime();

export function wordOf(over: Partial<RaftWord> = {}): RaftWord {
  return {
    role: 'follower',
    term: 14,
    votedFor: 2,
    leader: 2,
    commitIndex: 1050,
    appliedIndex: 1050,
    firstLogIndex: 1031,
    lastLogIndex: 1052,
    persistedIndex: 1052,
    electionLeftMs: 280,
    progress: [],
    ...over,
  };
}

export function replicaIn(node: number, over: Partial<InspectedReplica> = {}): InspectedReplica {
  return {
    node,
    name: `n${node}`,
    state: 'live',
    sinceMs: NOW_MS - 60_000,
    endedBy: null,
    word: wordOf(),
    heardAtMs: NOW_MS,
    log: [],
    ...over,
  };
}

/** What a leader knows of others: their match indexes, with one entry more on its way to each. */
export function progressOf(matches: Readonly<Record<number, number>>): RaftWord['progress'] {
  return Object.entries(matches).map(([node, matchIndex]) => ({
    node: Number(node),
    matchIndex,
    nextIndex: matchIndex + 1,
    state: 'replicate',
    inFlight: 0,
    recentlyActive: true,
  }));
}

export function raftEvent(kind: RaftEvent['kind'], node: number, over: Partial<RaftEvent> = {}): RaftEvent {
  return { timeMs: NOW_MS - 3_000, node, kind, term: 14, peer: 0, voters: [], detail: '', ...over };
}

/**
 * Partition p2 of five voters, as the mock-up has it: n2 leads term 14 with votes from n2,
 * n3 and n4; n5 lags; n1 is cut off, leads old term 13 and holds two entries nobody will have.
 */
export function cutOffLeader(over: Partial<PartitionLive> = {}): PartitionLive {
  const terms = { fromIndex: 1031, toIndex: 1047, term: 13 };
  return {
    timeMs: NOW_MS,
    partition: {
      partition: 2,
      leader: 2,
      term: 14,
      replicas: [1, 2, 3, 4, 5],
      commitIndex: 1050,
      hasQuorum: true,
      replicasDown: 1,
      leaderSinceMs: NOW_MS - 3_000,
      leaderlessSinceMs: null,
    },
    voters: [1, 2, 3, 4, 5],
    learners: [],
    electionTimeoutMs: 300,
    heartbeatMs: 50,
    replicas: [
      replicaIn(1, {
        state: 'partitioned',
        sinceMs: NOW_MS - 3_200,
        word: wordOf({ role: 'leader', term: 13, votedFor: 1, leader: 1, commitIndex: 1047, lastLogIndex: 1049 }),
        log: [{ ...terms, toIndex: 1049 }],
      }),
      replicaIn(2, {
        word: wordOf({ role: 'leader', progress: progressOf({ 1: 0, 3: 1051, 4: 1050, 5: 1046 }) }),
        log: [terms, { fromIndex: 1048, toIndex: 1052, term: 14 }],
      }),
      replicaIn(3, {
        word: wordOf({ lastLogIndex: 1051 }),
        log: [terms, { fromIndex: 1048, toIndex: 1051, term: 14 }],
      }),
      replicaIn(4, { word: wordOf({ commitIndex: 1049, lastLogIndex: 1050 }), log: [terms] }),
      replicaIn(5, {
        state: 'suspect',
        word: wordOf({ votedFor: 0, commitIndex: 1046, lastLogIndex: 1046, electionLeftMs: 71 }),
        log: [{ ...terms, toIndex: 1046 }],
      }),
    ],
    cuts: [2, 3, 4, 5].map((b) => ({ a: 1, b })),
    events: [raftEvent('electionWon', 2, { voters: [2, 3, 4] })],
    ...over,
  };
}
