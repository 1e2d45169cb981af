import { SYSTEM_GROUP, type GroupId } from '../../engine/config/ids.ts';
import type { Membership } from '../../engine/raft/types.ts';
import { systemMembership, type RoutingTable } from '../../engine/store/routing.ts';
import type { Compaction } from '../../engine/config/node-config.ts';
import type { TimeLimits } from '../../engine/storage/state/apply.ts';
import type { SessionLimits } from '../../engine/storage/state/sessions.ts';
import type { StoreLimits, StoreTiming } from '../../engine/store/types.ts';

export interface RunOptions {
  readonly seed: number;
  /** Steps under faults; the liveness phase comes on top. */
  readonly steps: number;
  /** Overrides of what the seed would choose. */
  readonly nodes?: number;
  readonly groups?: number;
}

export interface NetworkPlan {
  readonly delayMinUs: number;
  readonly delaySpreadUs: number;
  /** The share of frames that take very long, and how long at most. */
  readonly lateChance: number;
  readonly lateMaxUs: number;
  readonly dropChance: number;
  readonly duplicateChance: number;
  /** Whether the messages of one frame may part ways. */
  readonly splitChance: number;
}

export interface DiskPlan {
  readonly syncMinUs: number;
  readonly syncMaxUs: number;
  /** Batches of the state machine that a power failure can take back. */
  readonly unsyncedBatches: number;
  /** Entries that one read of the log brings at most, so that what is to be applied after a start comes in portions. */
  readonly maxReadEntries: number;
}

export interface FaultPlan {
  /** Mean time between faults, and how long one lasts. */
  readonly everyUs: number;
  readonly minUs: number;
  readonly maxUs: number;
  /** How much more often than others each kind of fault comes; 0 for never. */
  readonly weights: Readonly<Record<FaultKind, number>>;
  /** The share of faults that hit a leader. */
  readonly leaderShare: number;
  /** No fault is aimed at a node that leads a partition. */
  readonly sparesLeaders: boolean;
  /** The chance that a node is struck right after it was elected. */
  readonly strikeNewLeader: number;
  /** The chance that a leader is struck when the first entry is committed in its term. */
  readonly strikeFirstCommit: number;
  /** When not 0: a newly elected leader is cut off, and of those cut off before only so many stay so. */
  readonly seesaw: number;
  /** Snapshots come to followers that have gone past them meanwhile (`late-snapshots.ts`). */
  readonly lateSnapshots: boolean;
}

export const FAULT_KINDS = [
  'crash',
  'powerLoss',
  'outage',
  'pause',
  'isolate',
  'split',
  'oneWay',
  'bridge',
  'flakyLinks',
  'linkReset',
  'slowDisk',
  'hungDisk',
  'failedDisk',
  'clockJump',
  'transfer',
  'handOver',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export const NO_FAULTS = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;

export interface WorkloadPlan {
  readonly clients: number;
  /** Keys that are in use at one time. */
  readonly keys: number;
  /** Operations after which a key is left for a new one. */
  readonly operationsPerKey: number;
  readonly thinkMaxUs: number;
  readonly attemptTimeoutUs: number;
  readonly operationTimeoutUs: number;
  /** The share of requests that go to any replica, although a leader is known. */
  readonly strayShare: number;
  /** The share of clients that write in sessions, and so may repeat a write that was not answered. */
  readonly sessionShare: number;
  /** The share of puts whose keys go by themselves, and how long they stay at most. */
  readonly ttlShare: number;
  readonly ttlMaxMs: number;
  /** Chance that a request or its answer is lost between client and node. */
  readonly lossChance: number;
  readonly weights: Readonly<Record<OperationKind, number>>;
}

export const OPERATION_KINDS = ['put', 'delete', 'cas', 'get', 'followerGet', 'staleGet', 'transact'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** What an operator asks of the groups, whose members change then. */
export interface MembershipPlan {
  /** Every node hosts every group; those who did not found it know nothing of it at first. */
  readonly founders: ReadonlyMap<GroupId, Membership>;
  /** Mean time between two changes asked for. */
  readonly everyUs: number;
  /** The chance that a new leader is asked at once. */
  readonly askNewLeader: number;
  /** The chance that a leader is struck when it has just applied a change. */
  readonly strikeChange: number;
  /** Groups shrink to a leader and few others and grow again, torn apart as they do (`tears.ts`). */
  readonly tears: boolean;
}

/** A whole cluster whose nodes come and go, moved by the engine's own planner. */
export interface ClusterPlan {
  /** Nodes 1 to this one founded the cluster; the others are there to join. */
  readonly founders: number;
  /** Mean time between two things asked of the cluster. */
  readonly everyUs: number;
  /** The chance that whoever directs the moves is struck between one of its steps and the next. */
  readonly strikeConductor: number;
  /** The chance that a leader is struck when it has just applied a change of members. */
  readonly strikeChange: number;
  /** The chance that the other members do not hear of a change for a while, and whoever directs the moves does. */
  readonly halfTold: number;
}

/** Everything a run needs to know, derived from the seed alone. */
export interface Plan {
  readonly seed: number;
  readonly steps: number;
  readonly nodes: number;
  readonly genesis: RoutingTable;
  readonly timing: StoreTiming;
  readonly limits: StoreLimits;
  readonly compaction: Compaction;
  readonly sessions: SessionLimits;
  readonly time: TimeLimits;
  readonly network: NetworkPlan;
  readonly disk: DiskPlan;
  readonly faults: FaultPlan;
  /** Null when the members stay as they are. */
  readonly membership: MembershipPlan | null;
  /** Null when all nodes are members from the beginning to the end. */
  readonly cluster: ClusterPlan | null;
  readonly workload: WorkloadPlan;
  /** How far the clock of a node may run ahead of, or behind, the true one. */
  readonly clockSkew: number;
  /** How long a node takes from the first thing it hears to its round: what comes meanwhile shares it. */
  readonly roundDelayMaxUs: number;
}

/** Who takes part in a group at its beginning. */
export function foundersOf({ genesis, membership }: Plan, group: GroupId): Membership {
  const founders = membership?.founders.get(group);
  if (founders !== undefined) return founders;
  const members =
    group === SYSTEM_GROUP
      ? systemMembership(genesis)
      : { voters: genesis.partitions[group - 1]!.replicas.toSorted((a, b) => a - b), learners: [] };
  return { ...members, votersOutgoing: [] };
}
