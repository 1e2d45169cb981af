import { FaultBook } from '../../../electron/backend/clusters/fault-book.ts';
import type { Faults, NodeStatus, PeerStatus } from '../../../engine/rpc/cluster.ts';
import type { LocalCluster, NodeProcess } from '../../../engine/supervisor/types.ts';

export const NOW = 1_790_000_000_000;

export const NO_FAULTS: Faults = new FaultBook([1]).of(1);

export function nodeProcess(nodeId: number, change: Partial<NodeProcess> = {}): NodeProcess {
  return {
    nodeId,
    pid: 1000 + nodeId,
    state: 'running',
    startedAtMs: NOW - 60_000,
    pausedAtMs: null,
    exit: null,
    ...change,
  };
}

/** A cluster of n nodes with so many partitions, all nodes running. */
export function localCluster(nodes: number, partitions: number, change: Partial<LocalCluster> = {}): LocalCluster {
  const ids = Array.from({ length: nodes }, (_, i) => i + 1);
  return {
    record: {
      formatVersion: 1,
      clusterId: 'cluster-1',
      name: 'dev',
      createdAtMs: NOW - 120_000,
      partitions,
      replicationFactor: nodes,
      dataDir: '/nowhere',
      members: ids.map((id) => ({
        id,
        host: '127.0.0.1',
        clientPort: 7100 + id,
        raftPort: 7200 + id,
        metricsPort: 7300 + id,
      })),
      timing: { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
    },
    owner: 'self',
    nodes: ids.map((id) => nodeProcess(id)),
    ...change,
  };
}

/** What node n reports when leaders[p] leads partition p in terms[p] (1 unless said). */
export function report(
  nodeId: number,
  leaders: readonly number[],
  change: Partial<NodeStatus> & { terms?: readonly number[]; suspects?: readonly number[]; nodes?: number } = {},
): NodeStatus {
  const { terms, suspects = [], nodes = 3, ...rest } = change;
  const others = Array.from({ length: nodes }, (_, i) => i + 1).filter((id) => id !== nodeId);
  return {
    nodeId,
    clusterId: 'cluster-1',
    clusterName: 'dev',
    version: '0',
    pid: 1000 + nodeId,
    address: '',
    metricsUrl: '',
    startedAtMs: NOW - 60_000,
    timeMs: NOW,
    epoch: 1,
    groups: leaders.map((leader, partition) => ({
      partition,
      group: partition + 1,
      role: leader === nodeId ? 'leader' : 'follower',
      term: terms?.[partition] ?? 1,
      votedFor: leader,
      leader,
      commitIndex: 10,
      lastLogIndex: 12,
      appliedIndex: 10,
      firstLogIndex: 1,
      persistedIndex: 12,
      voters: [nodeId, ...others].sort((a, b) => a - b),
      learners: [],
      progress:
        leader === nodeId
          ? others.map((id) => ({
              nodeId: id,
              matchIndex: 11,
              nextIndex: 12,
              state: 'replicate' as const,
              inFlight: 0,
              recentlyActive: true,
            }))
          : [],
      pendingProposals: 0,
      electionTimeoutLeftMs: 0,
      keyCount: 3,
    })),
    peers: others.map((id): PeerStatus => {
      const state = suspects.includes(id) ? 'suspect' : 'live';
      return { nodeId: id, address: '', connected: true, lastHeardMsAgo: 5, roundTripMs: 0.4, state };
    }),
    counters: {
      writes: 0,
      reads: 0,
      failed: 0,
      electionsStarted: 0,
      electionsWon: 0,
      writeLatencyBuckets: [],
      cpuSeconds: 1,
      memoryBytes: 90_000_000,
      logBytes: 1000,
      stateBytes: 2000,
    },
    faults: NO_FAULTS,
    storageError: '',
    faultsEnabled: true,
    timing: null,
    logLevel: 'info',
    ...rest,
  };
}

export function cutLinks(...toNodeIds: number[]): NodeStatus['faults'] {
  return { ...NO_FAULTS, links: toNodeIds.map((toNodeId) => ({ toNodeId, cut: true, delayMs: 0, drop: 0 })) };
}
