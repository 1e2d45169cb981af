import type { NodeConfig } from '../config/node-config.ts';
import type { Faults, NodeStatus } from '../rpc/cluster.ts';
import { groupStatuses, type Store, type Transport } from '../store/index.ts';

export interface NodeFacts {
  readonly config: NodeConfig;
  readonly version: string;
  readonly startedAtMs: number;
  readonly store: Store;
  readonly transport: Pick<Transport, 'links'>;
  readonly logBytes: () => number;
  readonly logLevel: () => string;
  /** The faults in force now. */
  readonly faults: () => Faults;
}

function finite(ms: number): number {
  return Number.isFinite(ms) ? Math.round(ms) : Number.MAX_SAFE_INTEGER;
}

/** Everything a watcher may want to know of this node at one moment. */
export function nodeStatus(facts: NodeFacts): NodeStatus {
  const { config, store } = facts;
  const { counters } = store;
  const self = config.members.find((m) => m.id === config.nodeId);
  const scheme = config.tls?.client === undefined ? 'http' : 'https';
  const hostOf = new Map(
    [...config.members, ...store.routing.members].map((m) => [m.id, `${scheme}://${m.host}:${m.clientPort}`]),
  );
  const cpu = process.cpuUsage();
  return {
    nodeId: config.nodeId,
    clusterId: config.clusterId,
    clusterName: config.clusterName,
    version: facts.version,
    pid: process.pid,
    address: hostOf.get(config.nodeId) ?? '',
    metricsUrl: self === undefined ? '' : `http://${self.host}:${self.metricsPort}/metrics`,
    startedAtMs: facts.startedAtMs,
    timeMs: Date.now(),
    epoch: store.routing.epoch,
    groups: groupStatuses(store, config.timing.tickMs),
    peers: facts.transport.links().map((link) => ({
      nodeId: link.nodeId,
      address: hostOf.get(link.nodeId) ?? '',
      connected: link.connected,
      lastHeardMsAgo: finite(link.lastHeardMsAgo),
      roundTripMs: link.roundTripMs,
      state: link.cut ? 'cut' : store.isSuspect(link.nodeId) || !link.connected ? 'suspect' : 'live',
    })),
    counters: {
      writes: counters.writes,
      reads: counters.reads,
      failed: counters.failed,
      electionsStarted: counters.electionsStarted,
      electionsWon: counters.electionsWon,
      writeLatencyBuckets: counters.writeLatencyBuckets,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      memoryBytes: process.memoryUsage.rss(),
      logBytes: facts.logBytes(),
      stateBytes: store.state.sizeBytes(),
    },
    faults: facts.faults(),
    storageError: store.storageFailure ?? '',
    faultsEnabled: config.faultsEnabled,
    timing: { ...config.timing },
    logLevel: facts.logLevel(),
  };
}
