import type { ClusterView, NodeView, PartitionView, Sample } from '../../../electron/contract/model.ts';
import { factsOf, type ClusterFacts, type Seen } from '../../../electron/backend/monitor/facts.ts';

export const NOW = 1_790_000_000_000;

export function node(id: number, change: Partial<NodeView> = {}): NodeView {
  return {
    id,
    name: `n${id}`,
    state: 'live',
    pid: null,
    host: '127.0.0.1',
    clientPort: 7000 + id,
    raftPort: 0,
    metricsUrl: '',
    startedAtMs: null,
    sinceMs: NOW,
    cpuPercent: null,
    memoryBytes: null,
    opsPerSecond: null,
    opsHistory: [],
    dataBytes: 1_000,
    exit: null,
    storageError: null,
    diskDelayMs: 0,
    heardAtMs: NOW,
    replicas: [],
    links: [],
    ...change,
  };
}

export function partition(number: number, change: Partial<PartitionView> = {}): PartitionView {
  return {
    partition: number,
    leader: 1,
    term: 2,
    replicas: [1, 2, 3],
    commitIndex: 100,
    hasQuorum: true,
    replicasDown: 0,
    leaderSinceMs: NOW,
    leaderlessSinceMs: null,
    ...change,
  };
}

/** A cluster of three nodes elsewhere, in order. */
export function view(change: Partial<ClusterView> = {}, summary: Partial<ClusterView['summary']> = {}): ClusterView {
  return {
    summary: {
      name: 'orders',
      kind: 'prkdb',
      state: 'running',
      nodeCount: 3,
      nodesUp: 3,
      partitionCount: 2,
      replicationFactor: 3,
      owner: 'none',
      readOnly: false,
      environment: null,
      sinceMs: NOW,
      dataDir: null,
      remote: {
        profileId: 'p',
        group: null,
        color: null,
        isUnverified: false,
        writesLocked: false,
        heardAtMs: NOW,
        problem: null,
        capabilities: ['raftState', 'liveEvents'],
        endpointProblems: [],
      },
      ...summary,
    },
    timeMs: NOW,
    nodes: [node(1), node(2), node(3)],
    partitions: [partition(0), partition(1, { leader: 2 })],
    load: null,
    faults: [],
    etcd: null,
    ...change,
  };
}

export function facts(of: ClusterView = view(), seen: Partial<Seen> = {}): ClusterFacts {
  return factsOf(of, { elections: null, fills: [], certificates: [], isDrilled: false, ...seen });
}

export function sample(timeMs: number, terms: number[], leaders: number[]): Sample {
  return {
    timeMs,
    writesPerSecond: 10,
    readsPerSecond: 0,
    writeP50Ms: 1,
    writeP99Ms: 4,
    committed: 0,
    applied: 0,
    terms,
    leaders,
  };
}
