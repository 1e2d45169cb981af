import type { ActiveFault, SendFault } from '../../contract/faults.ts';
import type {
  ClusterState,
  ClusterSummary,
  ClusterView,
  LoadView,
  NodeState,
  NodeView,
  PartitionView,
  Replica,
} from '../../contract/model.ts';
import type { Member } from '../../../engine/config/node-config.ts';
import type { GroupStatus, NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { LocalCluster, NodeProcess } from '../../../engine/supervisor/types.ts';
import { LogTotals } from '../history/sampler.ts';
import { isFresh, isLinkCut, judgeNodes, SILENT_AFTER_MS, type NodeFacts } from './node-state.ts';
import type { PartitionFacts } from '../raft/partition-facts.ts';
import { percent } from './fault-book.ts';
import { judgePartition } from './partitions.ts';
import { genesisPlacement } from './placement.ts';
import { NodeRates, type WindowRates } from './rates.ts';
import { judgeCluster } from './summary.ts';

interface NodeRecord {
  readonly member: Member;
  process: NodeProcess;
  status: NodeStatus | null;
  heardAtMs: number | null;
  readonly rates: NodeRates;
  state: NodeState;
  sinceMs: number;
}

/**
 * All that is known of one local cluster, merged from the supervisor and from the
 * nodes' own reports, and judged as ui.md words it. No IO, no timers: the driver feeds
 * it and says what time it is.
 */
export class ClusterModel {
  #cluster: LocalCluster;
  #nodes: NodeRecord[];
  readonly placement: readonly (readonly number[])[];
  readonly totals = new LogTotals();
  #partitions: PartitionView[];
  #state: ClusterState = 'stopped';
  #stateSinceMs: number;
  #wasUp = false;

  constructor(cluster: LocalCluster, nowMs: number) {
    this.#cluster = cluster;
    const { members, founders, partitions, replicationFactor, createdAtMs } = cluster.record;
    this.placement = genesisPlacement(
      (founders ?? members).map((member) => member.id),
      partitions,
      replicationFactor,
    );
    this.#nodes = members.map((member) => newNode(cluster, member, createdAtMs));
    this.#stateSinceMs = lastExitMs(cluster) ?? createdAtMs;
    this.#partitions = [];
    this.judge(nowMs);
    for (const node of this.#nodes) node.sinceMs = processSinceMs(node.process) ?? createdAtMs;
    if (this.#state === 'stopped') this.#stateSinceMs = lastExitMs(cluster) ?? createdAtMs;
  }

  get cluster(): LocalCluster {
    return this.#cluster;
  }

  get partitions(): readonly PartitionView[] {
    return this.#partitions;
  }

  get state(): ClusterState {
    return this.#state;
  }

  /** Rates of the nodes that run and are heard; the others do nothing. */
  get windows(): (WindowRates | null)[] {
    return this.#nodes.map((node) => node.rates.window);
  }

  /** Every node that holds the partition, or was meant to, and the partition as it is judged. */
  inspect(partition: number): PartitionFacts | null {
    const view = this.#partitions[partition];
    if (view === undefined) return null;
    const facts = this.#facts();
    const held = this.#nodes.flatMap((node, i) => {
      const group = node.status?.groups.find((g) => g.partition === partition);
      if (group === undefined && !view.replicas.includes(node.member.id)) return [];
      return [{ node, facts: facts[i]!, group: group ?? null }];
    });
    return {
      view,
      timing: this.#cluster.record.timing,
      replicas: held.map(({ node, group }) => ({
        nodeId: node.member.id,
        state: node.state,
        sinceMs: node.sinceMs,
        endedBy: node.process.exit?.by ?? null,
        heardAtMs: node.heardAtMs,
        timeMs: node.status?.timeMs ?? 0,
        group,
      })),
      cuts: held.flatMap((one, i) =>
        held
          .slice(i + 1)
          .filter((other) => isLinkCut(one.facts, other.facts))
          .map((other) => ({ a: one.node.member.id, b: other.node.member.id })),
      ),
    };
  }

  leaderOf(partition: number): number {
    return this.#partitions[partition]?.leader ?? 0;
  }

  /** The supervisor's word changed; members may have come or gone. */
  setCluster(cluster: LocalCluster, nowMs: number): void {
    this.#cluster = cluster;
    this.#nodes = cluster.record.members.map(
      (member) => this.#nodes.find((node) => node.member.id === member.id) ?? newNode(cluster, member, nowMs),
    );
    for (const node of this.#nodes) {
      const process = processOf(cluster, node.member.id);
      if (process.startedAtMs !== node.process.startedAtMs || process.pid !== node.process.pid) {
        // What the former process said of its data still holds; it is no word of this one.
        node.heardAtMs = null;
        if (process.state === 'running') node.status = afterStart(node.status);
      }
      node.process = process;
    }
  }

  takeStatus(status: NodeStatus, nowMs: number): void {
    const node = this.#nodes.find((n) => n.member.id === status.nodeId);
    if (node === undefined || status.clusterId !== this.#cluster.record.clusterId) return;
    node.status = status;
    node.heardAtMs = nowMs;
    node.rates.take(status);
    this.totals.take(status);
  }

  /** Judges everything anew. To be called after every change and now and then, since silence is a change too. */
  judge(nowMs: number): void {
    const facts = this.#facts();
    const states = judgeNodes(facts, nowMs);
    this.#nodes.forEach((node, i) => {
      const state = states[i]!;
      if (state !== node.state) {
        node.state = state;
        // The supervisor dates what happens to a process; what is judged of a running one begins now.
        node.sinceMs = (node.process.state === 'running' ? null : processSinceMs(node.process)) ?? nowMs;
      }
      if (node.process.state !== 'running' || nowMs - (node.heardAtMs ?? 0) >= SILENT_AFTER_MS) node.rates.stop();
    });
    const judged = this.#nodes.map(({ member, state, status }, i) => ({
      nodeId: member.id,
      state,
      status,
      fresh: isFresh(facts[i]!, nowMs),
    }));
    this.#partitions = this.placement.map((genesis, partition) =>
      judgePartition(partition, genesis, judged, this.#partitions[partition] ?? null, nowMs),
    );
    const running = this.#nodes.flatMap((node) => node.process.startedAtMs ?? []);
    const startedMsAgo = running.length === 0 ? Infinity : nowMs - Math.max(...running);
    const state = judgeCluster(states, this.#partitions, startedMsAgo, this.#wasUp);
    if (state === 'stopped') this.#wasUp = false;
    else if (this.#partitions.every((partition) => partition.leader !== 0)) this.#wasUp = true;
    if (state !== this.#state) {
      this.#state = state;
      this.#stateSinceMs = nowMs;
    }
  }

  /** What a screen must show at once when it changes: states, roles, terms, leaders. */
  fingerprint(): string {
    const nodes = this.#nodes.map(
      (node) =>
        `${node.state}${node.process.pid}:${node.status?.groups.map((g) => `${g.role[0]}${g.term}`).join(',') ?? ''}`,
    );
    const partitions = this.#partitions.map((p) => `${p.leader}/${p.term}/${p.replicasDown}`);
    return `${this.#state}|${this.#cluster.owner}|${nodes.join(';')}|${partitions.join(';')}`;
  }

  summary(): ClusterSummary {
    const { record, owner } = this.#cluster;
    return {
      name: record.name,
      kind: 'local',
      state: this.#state,
      nodeCount: this.#nodes.length,
      nodesUp: this.#nodes.filter((node) => node.state === 'live').length,
      partitionCount: record.partitions,
      replicationFactor: record.replicationFactor,
      owner: owner === 'self' ? 'app' : owner,
      readOnly: false,
      environment: null,
      sinceMs: this.#stateSinceMs,
      dataDir: record.dataDir,
      remote: null,
    };
  }

  view(nowMs: number, load: LoadView | null, faults: readonly ActiveFault[]): ClusterView {
    const facts = this.#facts();
    return {
      summary: this.summary(),
      timeMs: nowMs,
      nodes: this.#nodes.map((node, i) => this.#nodeView(node, facts[i]!, facts)),
      partitions: [...this.#partitions],
      load,
      faults: [...faults],
      etcd: null,
    };
  }

  #facts(): NodeFacts[] {
    return this.#nodes.map(({ process, status, heardAtMs }) => ({ process, status, heardAtMs }));
  }

  #nodeView(node: NodeRecord, facts: NodeFacts, all: readonly NodeFacts[]): NodeView {
    const { member, process, status, rates } = node;
    const isRunning = process.state === 'running' || process.state === 'paused';
    const counters = status?.counters ?? null;
    return {
      id: member.id,
      name: `n${member.id}`,
      state: node.state,
      pid: process.pid,
      host: member.host,
      clientPort: member.clientPort,
      raftPort: member.raftPort,
      metricsUrl: `http://${member.host}:${member.metricsPort}/metrics`,
      startedAtMs: process.startedAtMs,
      sinceMs: node.sinceMs,
      cpuPercent: rates.window?.cpuPercent ?? null,
      memoryBytes: isRunning ? (counters?.memoryBytes ?? null) : null,
      opsPerSecond: rates.window === null ? null : rates.window.writesPerSecond + rates.window.readsPerSecond,
      opsHistory: [...rates.opsHistory],
      dataBytes: counters === null ? null : counters.logBytes + counters.stateBytes,
      exit: process.exit === null ? null : { ...process.exit },
      storageError: isRunning && status !== null && status.storageError !== '' ? status.storageError : null,
      diskDelayMs: isRunning ? (status?.faults?.diskDelayMs ?? 0) : 0,
      heardAtMs: node.heardAtMs,
      replicas: this.#replicas(node),
      links: all
        .filter((other) => other !== facts)
        .map((other) => {
          const word = isRunning ? status?.peers.find((peer) => peer.nodeId === other.process.nodeId) : undefined;
          const cut = isLinkCut(facts, other);
          return {
            to: other.process.nodeId,
            connected: word !== undefined && word.connected && word.state === 'live' && !cut,
            cut,
            roundTripMs: word !== undefined && word.roundTripMs > 0 ? word.roundTripMs : null,
            sends: isRunning ? sendFault(status, other.process.nodeId) : null,
          };
        }),
    };
  }

  #replicas(node: NodeRecord): Replica[] {
    return (node.status?.groups ?? []).flatMap((group): Replica[] => {
      if (group.partition === undefined) return [];
      return [
        {
          partition: group.partition,
          role: group.role,
          term: group.term,
          votedFor: group.votedFor,
          leader: group.leader,
          commitIndex: group.commitIndex,
          lastLogIndex: group.lastLogIndex,
          appliedIndex: group.appliedIndex,
          matchIndex: this.#matchIndex(node.member.id, group.partition),
          keyCount: group.keyCount,
        },
      ];
    });
  }

  /** What the partition's leader knows of this node's log. */
  #matchIndex(nodeId: number, partition: number): number | null {
    const leader = this.leaderOf(partition);
    const group = this.#nodes
      .find((node) => node.member.id === leader)
      ?.status?.groups.find((g) => g.partition === partition);
    if (group === undefined) return null;
    if (leader === nodeId) return group.persistedIndex;
    return group.progress.find((progress) => progress.nodeId === nodeId)?.matchIndex ?? null;
  }
}

/** Offices end with the process: whoever starts is a follower that knows of no leader (Raft paper, section 5.2). */
function afterStart(status: NodeStatus | null): NodeStatus | null {
  if (status === null) return null;
  const groups = status.groups.map((group): GroupStatus => ({
    ...group,
    role: group.role === 'learner' ? 'learner' : 'follower',
    leader: 0,
    progress: [],
  }));
  return { ...status, groups };
}

/** What the node says it does to messages for `to`. */
function sendFault(status: NodeStatus | null, to: number): SendFault | null {
  const fault = status?.faults?.links.find((link) => link.toNodeId === to);
  if (fault === undefined || !(fault.cut || fault.delayMs > 0 || fault.drop > 0)) return null;
  return { cut: fault.cut, delayMs: fault.delayMs, dropPercent: percent(fault.drop) };
}

function newNode(cluster: LocalCluster, member: Member, sinceMs: number): NodeRecord {
  const process = processOf(cluster, member.id);
  return { member, process, status: null, heardAtMs: null, rates: new NodeRates(), state: 'stopped', sinceMs };
}

function processOf(cluster: LocalCluster, nodeId: number): NodeProcess {
  return (
    cluster.nodes.find((node) => node.nodeId === nodeId) ?? {
      nodeId,
      pid: null,
      state: 'stopped',
      startedAtMs: null,
      pausedAtMs: null,
      exit: null,
    }
  );
}

/** When the process came into its present state, as far as the supervisor knows. */
function processSinceMs(process: NodeProcess): number | null {
  switch (process.state) {
    case 'running':
      return process.startedAtMs;
    case 'paused':
      return process.pausedAtMs;
    case 'dead':
    case 'stopped':
      return process.exit?.atMs ?? null;
  }
}

function lastExitMs(cluster: LocalCluster): number | null {
  const exits = cluster.nodes.flatMap((node) => node.exit?.atMs ?? []);
  return exits.length === 0 ? null : Math.max(...exits);
}
