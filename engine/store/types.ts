import type { Compaction } from '../config/node-config.ts';
import type { ClusterEvent } from '../rpc/cluster.ts';
import type { LogIndex, NodeId, RaftConfig } from '../raft/types.ts';
import type { Mutation } from '../storage/codec.ts';
import type { LogStorage, MutationResult, ReplicaDrops, StateMachine } from '../storage/types.ts';
import type { SnapshotTransfers, Transport } from '../transport/types.ts';
import type { RoutingTable } from './routing.ts';

/** Injected, so that the same loop runs under real time and in a simulator. */
export interface Clock {
  /** Never goes back; for durations and deadlines. */
  monotonicMs(): number;
  /** What people call the time; for stamps. */
  wallMs(): number;
}

export interface StoreTiming {
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicksMin: number;
  readonly electionTicksMax: number;
}

/** Sizes of the consensus core, for each group. See `RaftConfig`. */
export type StoreLimits = Pick<
  RaftConfig,
  | 'maxAppendBytes'
  | 'maxInflightAppends'
  | 'maxInflightBytes'
  | 'maxUncommittedBytes'
  | 'maxPromotionLagEntries'
  | 'maxCachedBytes'
>;

export interface StoreOptions {
  readonly nodeId: NodeId;
  /** The cluster as it was founded, or as this node joined it; replaced by what the system group says. */
  readonly genesis: RoutingTable;
  /** This node is none of the founders: of its groups it knows what is on its disk, and else nothing. */
  readonly joined?: boolean;
  /** Gives up replicas for good; without it none ever is. */
  readonly drops?: ReplicaDrops;
  /** The groups that this node leads get the members that the routing table wants. */
  readonly reconcile?: boolean;
  /** The routing table is a newer one now. */
  readonly onRouting?: (table: RoutingTable) => void;
  readonly log: LogStorage;
  readonly state: StateMachine;
  readonly transport: Pick<Transport, 'send' | 'links'>;
  readonly transfers: SnapshotTransfers;
  readonly clock: Clock;
  readonly random: () => number;
  /** Runs a callback soon, after what is already waiting on the event loop. */
  readonly schedule: (run: () => void) => void;
  readonly timing: StoreTiming;
  /** What suits a node with many groups, unless given. */
  readonly limits?: StoreLimits;
  readonly compaction: Compaction;
  readonly onEvent: (event: ClusterEvent) => void;
  /** The system group's state has changed. Throws what storage throws. */
  readonly onSystemState?: () => void;
}

/** Why a request came to nothing. Only `deadline` leaves the outcome of a write open. */
export type Failure =
  | { readonly ok: false; readonly reason: 'notLeader'; readonly leader: NodeId }
  | { readonly ok: false; readonly reason: 'notReplica' }
  | { readonly ok: false; readonly reason: 'noLeader' | 'overloaded' | 'deadline' }
  | { readonly ok: false; readonly reason: 'unavailable'; readonly detail: string };

export type WriteAnswer = { readonly ok: true; readonly result: MutationResult; readonly index: LogIndex } | Failure;

/** The state machine is now fresh enough to be read, until the callback returns. */
export type ReadAnswer = { readonly ok: true; readonly stalenessMs: number } | Failure;

export type ReadConsistency = 'linearizable' | 'follower' | 'stale';

/** A write on its way: queued, then in the log, then answered exactly once. */
export interface PendingWrite {
  readonly mutation: Mutation;
  readonly sizeBytes: number;
  readonly startedMs: number;
  readonly deadlineMs: number;
  respond: ((answer: WriteAnswer) => void) | null;
}

export interface PendingRead {
  readonly deadlineMs: number;
  respond: ((answer: ReadAnswer) => void) | null;
}
