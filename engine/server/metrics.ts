import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { partitionOfGroup } from '../config/ids.ts';
import type { GroupStatus } from '../rpc/cluster.ts';
import type { KvStatus } from '../rpc/kv.ts';
import { groupStatuses, type LogStorage, type Store } from '../store/index.ts';
import { OperationTimes } from './operation-times.ts';

/** How a role is exported: prkdb_raft_state. */
const stateNumber = { follower: 0, preCandidate: 1, candidate: 1, leader: 2, learner: 3 } as const;

const groupGauges: readonly { name: string; help: string; pick: (status: GroupStatus) => number }[] = [
  { name: 'prkdb_raft_current_term', help: 'Current Raft term', pick: (s) => s.term },
  { name: 'prkdb_raft_commit_index', help: 'Highest log index known to be committed', pick: (s) => s.commitIndex },
  { name: 'prkdb_raft_last_log_index', help: 'Highest index in the log', pick: (s) => s.lastLogIndex },
  {
    name: 'prkdb_raft_applied_index',
    help: 'Highest log index applied to the state machine',
    pick: (s) => s.appliedIndex,
  },
  { name: 'prkdb_raft_voted_for', help: 'Node voted for in this term, 0 for none', pick: (s) => s.votedFor },
  {
    name: 'prkdb_raft_state',
    help: 'Role: 0 follower, 1 candidate, 2 leader, 3 learner',
    pick: (s) => stateNumber[s.role],
  },
  {
    name: 'prkdb_raft_leader',
    help: 'Leader of the partition as this node knows it, 0 for none',
    pick: (s) => s.leader,
  },
  { name: 'prkdb_raft_snapshot_index', help: 'Index after which the log begins', pick: (s) => s.firstLogIndex - 1 },
  { name: 'prkdb_keys', help: 'Keys in the partition', pick: (s) => s.keyCount },
];

/** Counts and times the calls of clients. */
export interface OperationMetrics {
  /** Counts a call that ends now and began at `startedMs` of `performance.now`. */
  ended(operation: string, startedMs: number, status: KvStatus): void;
}

/** All metrics of one node, under the names of PrkDB's guide, in a registry of their own. */
export class NodeMetrics implements OperationMetrics {
  readonly registry = new Registry();
  readonly #operations: OperationTimes;
  readonly #refusals: Counter<'node_id' | 'port'>;
  readonly #nodeId: string;

  /** `moving`: partitions on their way to other nodes, as far as this node directs that. */
  constructor(store: Store, tickMs: number, moving: () => number, log: Pick<LogStorage, 'times'> = {}) {
    this.#nodeId = String(store.nodeId);
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#operations = new OperationTimes(this.registry, this.#nodeId);
    this.#refusals = new Counter({
      name: 'prkdb_refusals_total',
      help: 'Callers and peers that were not let in, by the port they came to',
      labelNames: ['node_id', 'port'],
      registers,
    });
    for (const port of ['client', 'raft'] as const) this.#refusals.inc({ node_id: this.#nodeId, port }, 0);
    this.#exportGroups(store, tickMs);
    this.#exportNode(store, moving);
    this.#exportWritePath(store, log);
  }

  /** Sums to divide by each other: where the time of a write goes. */
  #exportWritePath({ counters }: Store, { times }: Pick<LogStorage, 'times'>): void {
    const totals = (name: string, help: string, read: () => Readonly<Record<string, number>>) =>
      new Counter({
        name,
        help,
        labelNames: ['node_id', 'phase'],
        registers: [this.registry],
        collect: function (this: Counter<'node_id' | 'phase'>) {
          this.reset();
          for (const [phase, value] of Object.entries(read())) this.inc({ node_id: nodeId, phase }, value);
        },
      });
    const nodeId = this.#nodeId;
    totals(
      'prkdb_write_phase_seconds_total',
      'Time of the writes answered by this node: waiting for the log, until committed, being applied',
      () => {
        const { queue, commit, apply } = counters.writePhaseMs;
        return { queue: queue / 1000, commit: commit / 1000, apply: apply / 1000 };
      },
    );
    totals(
      'prkdb_log_seconds_total',
      'Time of the log: of its transactions, of their syncs, and of batches until known to be on disk',
      () => {
        const { transactionMs = 0, syncMs = 0 } = times ?? {};
        return { transaction: transactionMs / 1000, sync: syncMs / 1000, batch: counters.logBatchMs / 1000 };
      },
    );
    totals('prkdb_log_total', 'Transactions of the log, and batches that were handed to it', () => ({
      transaction: times?.transactions ?? 0,
      batch: counters.logBatches,
    }));
  }

  /** Exports how many watch keys on this node. */
  exportWatches(watches: { readonly count: number }): void {
    const labels = { node_id: this.#nodeId };
    new Gauge({
      name: 'prkdb_watches',
      help: 'Open watches of keys',
      labelNames: ['node_id'],
      registers: [this.registry],
      collect() {
        this.set(labels, watches.count);
      },
    });
  }

  /** Somebody was not let in. */
  refused(port: 'client' | 'raft'): void {
    this.#refusals.inc({ node_id: this.#nodeId, port });
  }

  ended(operation: string, startedMs: number, status: KvStatus): void {
    this.#operations.ended(operation, startedMs, status);
  }

  #exportGroups(store: Store, tickMs: number): void {
    const nodeId = this.#nodeId;
    for (const { name, help, pick } of groupGauges) {
      new Gauge({
        name,
        help,
        labelNames: ['node_id', 'partition'],
        registers: [this.registry],
        collect() {
          // Replicas come and go.
          this.reset();
          for (const status of groupStatuses(store, tickMs)) {
            if (status.partition === undefined) continue;
            this.set({ node_id: nodeId, partition: String(status.partition) }, pick(status));
          }
        },
      });
    }
    new Gauge({
      name: 'prkdb_raft_snapshot_sent_ratio',
      help: 'How much of the snapshot on its way to this peer was sent, 0 to 1; absent while there is none',
      labelNames: ['node_id', 'partition', 'peer'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { partition, progress } of groupStatuses(store, tickMs)) {
          if (partition === undefined) continue;
          for (const { nodeId: peer, snapshotShare } of progress) {
            if (snapshotShare === undefined) continue;
            this.set({ node_id: nodeId, partition: String(partition), peer: String(peer) }, snapshotShare);
          }
        }
      },
    });
    new Gauge({
      name: 'prkdb_client_sessions',
      help: 'Clients of the partition whose writes are applied once',
      labelNames: ['node_id', 'partition'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { id } of store.groups.values()) {
          const partition = partitionOfGroup(id);
          if (partition === undefined) continue;
          this.set({ node_id: nodeId, partition: String(partition) }, store.state.sessionCount(id));
        }
      },
    });
    new Counter({
      name: 'prkdb_raft_leader_elections_total',
      help: 'Elections of the partition that this node has won',
      labelNames: ['node_id', 'partition'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const group of store.groups.values()) {
          const partition = partitionOfGroup(group.id);
          if (partition === undefined) continue;
          this.inc({ node_id: nodeId, partition: String(partition) }, group.electionsWon);
        }
      },
    });
  }

  #exportNode(store: Store, moving: () => number): void {
    const nodeId = this.#nodeId;
    const labels = { node_id: nodeId };
    new Gauge({
      name: 'prkdb_up',
      help: '1 while the storage of the node works',
      labelNames: ['node_id'],
      registers: [this.registry],
      collect() {
        this.set(labels, store.storageFailure === null ? 1 : 0);
      },
    });
    new Gauge({
      name: 'prkdb_partitions_moving',
      help: 'Partitions on their way to other nodes, told by the leader of the system group; 0 on all others',
      labelNames: ['node_id'],
      registers: [this.registry],
      collect() {
        this.set(labels, moving());
      },
    });
    new Gauge({
      name: 'prkdb_members',
      help: 'Members of the cluster as this node knows it',
      labelNames: ['node_id'],
      registers: [this.registry],
      collect() {
        this.set(labels, store.routing.members.length);
      },
    });
    new Gauge({
      name: 'prkdb_routing_epoch',
      help: 'Epoch of the routing table that this node follows',
      labelNames: ['node_id'],
      registers: [this.registry],
      collect() {
        this.set(labels, store.routing.epoch);
      },
    });
  }
}
