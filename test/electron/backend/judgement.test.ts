import { describe, expect, it } from 'vitest';
import { judgeNodes, SILENT_AFTER_MS, type NodeFacts } from '../../../electron/backend/clusters/node-state.ts';
import { judgePartition } from '../../../electron/backend/clusters/partitions.ts';
import { genesisPlacement } from '../../../electron/backend/clusters/placement.ts';
import { judgeCluster, STARTING_GRACE_MS } from '../../../electron/backend/clusters/summary.ts';
import type { NodeState, PartitionView } from '../../../electron/contract/model.ts';
import { cutLinks, nodeProcess, NOW, report } from './cluster-support.ts';

function facts(nodeId: number, change: Partial<NodeFacts> = {}): NodeFacts {
  return { process: nodeProcess(nodeId), status: report(nodeId, [1]), heardAtMs: NOW - 50, ...change };
}

describe('the state of a node', () => {
  it('is live while it answers', () => {
    expect(judgeNodes([facts(1), facts(2), facts(3)], NOW)).toEqual(['live', 'live', 'live']);
  });

  it('is what the supervisor knows of a process that does not run', () => {
    const states = judgeNodes(
      [
        facts(1, { process: nodeProcess(1, { state: 'dead' }) }),
        facts(2, { process: nodeProcess(2, { state: 'paused' }) }),
        facts(3, { process: nodeProcess(3, { state: 'stopped' }) }),
      ],
      NOW,
    );
    expect(states).toEqual(['dead', 'paused', 'stopped']);
  });

  it('is suspect when its own stream is silent or was never heard', () => {
    const states = judgeNodes(
      [facts(1, { heardAtMs: NOW - SILENT_AFTER_MS }), facts(2, { status: null, heardAtMs: null }), facts(3)],
      NOW,
    );
    expect(states).toEqual(['suspect', 'suspect', 'live']);
  });

  it('is suspect when more than half of the peers that could hear it miss its heartbeats', () => {
    const missing = (id: number) => facts(id, { status: report(id, [1], { suspects: [1] }) });
    expect(judgeNodes([facts(1), missing(2), missing(3)], NOW)).toEqual(['suspect', 'live', 'live']);
    const five = [1, 2, 3, 4, 5].map((id) =>
      facts(id, { status: report(id, [1], { nodes: 5, suspects: id === 2 ? [1] : [] }) }),
    );
    expect(judgeNodes(five, NOW)[0]).toBe('live');
  });

  it('is not suspect because one that slept misses everybody', () => {
    const awake = facts(3, { status: report(3, [1], { suspects: [1, 2] }) });
    expect(judgeNodes([facts(1), facts(2), awake], NOW)).toEqual(['live', 'live', 'live']);
  });

  it('is partitioned when faults cut every link, from either end, and its own suspicions do not count', () => {
    const isolated = facts(1, { status: report(1, [1], { faults: cutLinks(2, 3), suspects: [2, 3] }) });
    const other = (id: number) => facts(id, { status: report(id, [1], { faults: cutLinks(1), suspects: [1] }) });
    expect(judgeNodes([isolated, other(2), other(3)], NOW)).toEqual(['partitioned', 'live', 'live']);
    expect(judgeNodes([facts(1), other(2), other(3)], NOW)[0]).toBe('partitioned');
    expect(judgeNodes([facts(1), other(2), facts(3)], NOW)[0]).not.toBe('partitioned');
  });

  it('of a single node is never partitioned', () => {
    expect(judgeNodes([facts(1, { status: report(1, [1], { nodes: 1 }) })], NOW)).toEqual(['live']);
  });
});

describe('a partition', () => {
  const nodes = (states: readonly NodeState[], statuses: (id: number) => ReturnType<typeof report>) =>
    states.map((state, i) => ({ nodeId: i + 1, state, status: statuses(i + 1), fresh: state === 'live' }));
  const judge = (input: ReturnType<typeof nodes>, before: PartitionView | null = null) =>
    judgePartition(0, [1, 2, 3], input, before, NOW);

  it('has the leader that its live replicas report', () => {
    const view = judge(nodes(['live', 'live', 'live'], (id) => report(id, [2], { terms: [7] })));
    expect(view).toMatchObject({ leader: 2, term: 7, hasQuorum: true, replicasDown: 0, leaderSinceMs: NOW });
  });

  it('has none while its leader is not live, whatever it last said', () => {
    const view = judge(nodes(['live', 'dead', 'live'], (id) => report(id, [2])));
    expect(view).toMatchObject({ leader: 0, hasQuorum: true, replicasDown: 1, leaderlessSinceMs: NOW });
  });

  it('keeps a leader that peers miss for a moment, while it speaks for itself', () => {
    const input = nodes(['live', 'suspect', 'live'], (id) => report(id, [2]));
    expect(judge(input)).toMatchObject({ leader: 0 });
    expect(judge(input.map((node) => ({ ...node, fresh: true })))).toMatchObject({ leader: 2, replicasDown: 0 });
  });

  it('does not count a leader of an older term than a live replica knows', () => {
    const view = judge(nodes(['live', 'live', 'live'], (id) => report(id, [1], { terms: [id === 3 ? 8 : 7] })));
    expect(view).toMatchObject({ leader: 0, term: 8 });
  });

  it('does not count an isolated leader beside the new one', () => {
    const view = judge(
      nodes(['partitioned', 'live', 'live'], (id) =>
        id === 1 ? report(1, [1], { terms: [7] }) : report(id, [2], { terms: [8] }),
      ),
    );
    expect(view).toMatchObject({ leader: 2, term: 8 });
  });

  it('has no leader without a quorum of live replicas', () => {
    const view = judge(nodes(['live', 'dead', 'paused'], (id) => report(id, [1])));
    expect(view).toMatchObject({ leader: 0, hasQuorum: false, replicasDown: 2 });
  });

  it('dates its changes and keeps the dates while nothing changes', () => {
    const live = nodes(['live', 'live', 'live'], (id) => report(id, [1]));
    const first = judge(live);
    const later = judgePartition(0, [1, 2, 3], live, first, NOW + 5_000);
    expect(later.leaderSinceMs).toBe(NOW);
    const lost = judgePartition(
      0,
      [1, 2, 3],
      nodes(['dead', 'live', 'live'], (id) => report(id, [1])),
      later,
      NOW + 6_000,
    );
    expect(lost).toMatchObject({ leader: 0, leaderlessSinceMs: NOW + 6_000, leaderSinceMs: null, term: 1 });
  });
});

describe('a cluster in one word', () => {
  const partition = (leader: number, hasQuorum = true): PartitionView => ({
    partition: 0,
    leader,
    term: 1,
    replicas: [1, 2, 3],
    commitIndex: 0,
    hasQuorum,
    replicasDown: 0,
    leaderSinceMs: null,
    leaderlessSinceMs: null,
  });

  it.each<[string, NodeState[], PartitionView, number, boolean]>([
    ['running', ['live', 'live', 'live'], partition(1), 99_999, true],
    ['degraded', ['live', 'dead', 'live'], partition(1), 99_999, true],
    ['degraded', ['live', 'live', 'live'], partition(0), 99_999, true],
    ['partitioned', ['live', 'partitioned', 'live'], partition(1), 99_999, true],
    ['noQuorum', ['live', 'dead', 'partitioned'], partition(0, false), 99_999, true],
    ['stopped', ['stopped', 'stopped', 'stopped'], partition(0, false), 99_999, true],
    ['starting', ['suspect', 'live', 'live'], partition(0), 1_000, false],
    ['starting', ['suspect', 'suspect', 'suspect'], partition(0, false), 1_000, false],
    ['noQuorum', ['suspect', 'suspect', 'suspect'], partition(0, false), STARTING_GRACE_MS, false],
    ['noQuorum', ['dead', 'suspect', 'dead'], partition(0, false), 1_000, false],
  ])('is %s', (state, states, view, startedMsAgo, wasUp) => {
    expect(judgeCluster(states, [view], startedMsAgo, wasUp)).toBe(state);
  });
});

describe('the genesis placement', () => {
  it('puts partition p on nodes p, p+1, … with the first as preferred leader', () => {
    expect(genesisPlacement([1, 2, 3, 4], 5, 3)).toEqual([
      [1, 2, 3],
      [2, 3, 4],
      [3, 4, 1],
      [4, 1, 2],
      [1, 2, 3],
    ]);
  });
});
