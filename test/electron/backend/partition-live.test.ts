import { describe, expect, it } from 'vitest';
import type { ReplicaFacts } from '../../../electron/backend/raft/partition-facts.ts';
import { partitionLive } from '../../../electron/backend/raft/partition-live.ts';
import { RaftEvents } from '../../../electron/backend/raft/raft-events.ts';
import { fitRuns, runsOf, termAt } from '../../../electron/contract/log-runs.ts';
import { partitionLiveSchema, type PartitionView } from '../../../electron/contract/model.ts';
import type { ClusterEvent, ClusterEventKind, LogTail } from '../../../engine/rpc/cluster.ts';
import { localCluster, NOW, report } from './cluster-support.ts';

const view: PartitionView = {
  partition: 0,
  leader: 1,
  term: 1,
  replicas: [1, 2, 3],
  commitIndex: 10,
  hasQuorum: true,
  replicasDown: 0,
  leaderSinceMs: NOW,
  leaderlessSinceMs: null,
};

function replica(nodeId: number, change: Partial<ReplicaFacts> = {}): ReplicaFacts {
  const group = report(nodeId, [1]).groups[0]!;
  return { nodeId, state: 'live', sinceMs: NOW, endedBy: 'app', heardAtMs: NOW, timeMs: NOW, group, ...change };
}

function liveOf(replicas: ReplicaFacts[], tails: [number, LogTail][] = []) {
  const { timing } = localCluster(3, 1).record;
  const facts = { view, timing, replicas, cuts: [{ a: 1, b: 3 }] };
  return partitionLiveSchema.parse(partitionLive({ facts, tails: new Map(tails), events: [], nowMs: NOW }));
}

function tail(nodeId: number, timeMs: number, commitIndex: number): LogTail {
  return {
    status: { ...report(nodeId, [1]).groups[0]!, commitIndex, lastLogIndex: commitIndex },
    entries: [{ index: commitIndex, term: 1, type: 'normal', sizeBytes: 5 }],
    timeMs,
  };
}

describe('partitionLive', () => {
  it('has the words of every replica, and what the leader knows of the others', () => {
    const live = liveOf([replica(1), replica(2), replica(3, { group: null, heardAtMs: null })]);
    expect(live.replicas.map((r) => [r.name, r.word?.role])).toEqual([
      ['n1', 'leader'],
      ['n2', 'follower'],
      ['n3', undefined],
    ]);
    expect(live.replicas[0]?.word?.progress).toContainEqual({
      node: 2,
      matchIndex: 11,
      nextIndex: 12,
      state: 'replicate',
      inFlight: 0,
      recentlyActive: true,
    });
    expect(live).toMatchObject({ voters: [1, 2, 3], learners: [], electionTimeoutMs: 600, heartbeatMs: 50 });
    expect(live.cuts).toEqual([{ a: 1, b: 3 }]);
  });

  it('takes the newer of a report and a log that was read', () => {
    const live = liveOf(
      [replica(1), replica(2), replica(3)],
      [
        [1, tail(1, NOW + 1, 20)],
        [2, tail(2, NOW - 1, 4)],
      ],
    );
    expect(live.replicas.map((r) => r.word?.commitIndex)).toEqual([20, 10, 10]);
    // n2 has appended since its log was read; in its own term that can only be more of that term.
    expect(live.replicas.map((r) => r.log)).toEqual([
      [{ fromIndex: 20, toIndex: 20, term: 1 }],
      [{ fromIndex: 4, toIndex: 12, term: 1 }],
      [],
    ]);
  });

  it('says who ended a process only while it is ended', () => {
    const live = liveOf([replica(1), replica(2, { state: 'dead' })]);
    expect(live.replicas.map((r) => r.endedBy)).toEqual([null, 'app']);
  });
});

describe('the terms of a log', () => {
  const runs = [
    { fromIndex: 3, toIndex: 5, term: 1 },
    { fromIndex: 6, toIndex: 8, term: 4 },
  ];
  const word = { term: 4, firstLogIndex: 1, lastLogIndex: 8 };

  it('are runs of one term each', () => {
    const entries = [3, 4, 5, 6, 7, 8].map((index) => ({ index, term: index < 6 ? 1 : 4 }));
    expect(runsOf(entries)).toEqual(runs);
    expect(runsOf([])).toEqual([]);
    expect([2, 5, 6, 9].map((index) => termAt(runs, index))).toEqual([null, 1, 4, null]);
  });

  it('go on behind what was read only where they cannot be others', () => {
    expect(fitRuns(runs, { ...word, lastLogIndex: 11 }).at(-1)).toEqual({ fromIndex: 6, toIndex: 11, term: 4 });
    expect(fitRuns(runs, { ...word, term: 5, lastLogIndex: 11 })).toEqual(runs);
  });

  it('end where the log was cut, at either end', () => {
    expect(fitRuns(runs, { ...word, term: 5, lastLogIndex: 6 }).at(-1)).toEqual({ fromIndex: 6, toIndex: 6, term: 4 });
    expect(fitRuns(runs, { ...word, firstLogIndex: 6 })).toEqual([runs[1]]);
    expect(fitRuns(runs, { ...word, lastLogIndex: 2 })).toEqual([]);
  });
});

describe('RaftEvents', () => {
  const event = (timeMs: number, partition: number, kind: ClusterEventKind, nodeId = 1): ClusterEvent => ({
    sequence: 1,
    timeMs,
    nodeId,
    group: partition + 1,
    partition,
    kind,
    term: 2,
    peer: 3,
    voters: [],
    detail: '',
    durationMs: 0,
    index: 0,
  });

  it('keeps the last of each partition in order of time, and leaves out what is not of Raft', () => {
    const events = new RaftEvents();
    expect(events.add(event(NOW + 2, 4, 'electionWon'))).toMatchObject({
      partition: 4,
      event: { kind: 'electionWon' },
    });
    expect(events.add(event(NOW + 1, 4, 'voteGranted', 2))).toMatchObject({ partition: 4, event: { node: 2 } });
    expect(events.add(event(NOW + 3, 4, 'peerSuspect'))).toBeNull();
    expect(events.of(4).map((e) => e.kind)).toEqual(['voteGranted', 'electionWon']);
    expect(events.of(5)).toEqual([]);
    for (let i = 0; i < 200; i++) events.add(event(NOW + 10 + i, 4, 'leaderKnown'));
    expect(events.of(4)).toHaveLength(64);
    expect(events.of(4).at(-1)?.timeMs).toBe(NOW + 209);
  });
});
