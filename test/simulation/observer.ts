import { groupOfPartition, SYSTEM_GROUP, type GroupId } from '../../engine/config/ids.ts';
import {
  MessageType,
  type LogPoint,
  type Membership,
  type Message,
  type NodeId,
  type RaftCore,
} from '../../engine/raft/types.ts';
import type { ClusterEvent } from '../../engine/rpc/cluster.ts';
import type { Command } from '../../engine/storage/codec.ts';
import type { LogWrite, MutationResult } from '../../engine/storage/types.ts';
import { decodeRouting, ROUTING_KEY, type RoutingTable } from '../../engine/store/routing.ts';
import type { Store } from '../../engine/store/store.ts';
import type { SessionLimits } from '../../engine/storage/state/sessions.ts';
import type { Envelope } from '../../engine/transport/types.ts';
import type { SimulatedDisk } from './disk.ts';
import { GroupGhost, ReplicaGhost } from './ghost.ts';
import { checkWatch } from './invariants/watch-complete.ts';
import { checkAppliedOnce } from './invariants/applied-once.ts';
import { checkAppliedIndex, checkAppliedWithinCommit } from './invariants/applied-within-commit.ts';
import {
  checkElected,
  checkInForce,
  checkProposed,
  checkRemovedLeader,
  leavingTicks,
} from './invariants/configuration-safety.ts';
import { checkCommitNeverFalls } from './invariants/commit-never-falls.ts';
import { checkElectionSafety } from './invariants/election-safety.ts';
import { checkAppliedAttempt, type Attempt } from './invariants/honest-answers.ts';
import { checkHungDisk, hungDiskTicks } from './invariants/hung-disk.ts';
import { checkLeaderAppendOnly } from './invariants/leader-append-only.ts';
import { checkLeaderCompleteness } from './invariants/leader-completeness.ts';
import { checkLogMatching } from './invariants/log-matching.ts';
import { checkSnapshot } from './invariants/snapshot-content.ts';
import { checkApplied, checkCommittedEntry } from './invariants/state-machine-safety.ts';
import {
  checkAppendDurable,
  checkCommitDurable,
  checkTermDurable,
  checkVoteDurable,
} from './invariants/sync-before-acknowledge.ts';
import { checkTransferEnds, noteTransfer, transferTicks } from './invariants/transfer-ends.ts';
import { checkDurableVote, checkToldVote } from './invariants/vote-once.ts';
import { checkPlannedChange, checkRouting } from './invariants/planned-moves.ts';
import { foundersOf, type Plan } from './plan.ts';
import type { AppliedEntry } from './state-machine.ts';

/**
 * Sees everything that crosses the seams of every node, and checks after each step what
 * must be true: only of the node that moved, and only what can have changed.
 */
export class Observer {
  readonly groups = new Map<GroupId, GroupGhost>();
  /** Snapshots installed. */
  snapshots = 0;
  /** Changes of members that replicas have made. */
  changes = 0;
  /** The routing table that was committed last. */
  routing: RoutingTable;
  /** Somebody has removed a node by force although too few stay. */
  mayFallShort = false;
  /** Every attempt to write, by its number. */
  readonly attempts: (Attempt | undefined)[] = [];
  readonly #replicas = new Map<NodeId, ReplicaGhost[]>();
  readonly #hungDiskTicks: number;
  readonly #leavingTicks: number;
  readonly #transferTicks: number;
  readonly #maxPromotionLagEntries: number;
  readonly #sessionLimits: SessionLimits;
  /** Nodes come and go, and the engine's planner says where the replicas go. */
  readonly #isPlanned: boolean;

  readonly #onFirstCommit: (node: NodeId, group: GroupId) => void;
  readonly #onChange: (node: NodeId, group: GroupId) => void;

  /** `onFirstCommit` hears of every leader that commits for the first time, `onChange` of one whose members change. */
  constructor(
    plan: Plan,
    onFirstCommit: (node: NodeId, group: GroupId) => void,
    onChange: (node: NodeId, group: GroupId) => void,
  ) {
    this.#onFirstCommit = onFirstCommit;
    this.#onChange = onChange;
    this.#hungDiskTicks = hungDiskTicks(plan.timing);
    this.#sessionLimits = plan.sessions;
    this.#isPlanned = plan.cluster !== null;
    this.routing = plan.genesis;
    this.#leavingTicks = leavingTicks(plan.timing);
    this.#transferTicks = transferTicks(plan.timing);
    this.#maxPromotionLagEntries = plan.limits.maxPromotionLagEntries;
    const partitions = plan.genesis.partitions.map(({ partition }) => groupOfPartition(partition));
    for (const id of [SYSTEM_GROUP, ...partitions]) this.groups.set(id, new GroupGhost(id, foundersOf(plan, id)));
  }

  /** A node's store has been made; its core is looked at from now on. */
  started(node: NodeId, store: Store, disk: SimulatedDisk): void {
    this.#replicas.set(node, []);
    for (const { id, core } of store.groups.values()) this.hosts(node, id, core, disk);
  }

  /** A node has a replica from now on. */
  hosts(node: NodeId, id: GroupId, core: RaftCore, disk: SimulatedDisk): void {
    const group = this.groups.get(id)!;
    let replica = group.replicas.get(node);
    if (replica === undefined) {
      replica = new ReplicaGhost(node, group, disk.log(id));
      group.replicas.set(node, replica);
    }
    replica.core = core;
    // A log that is older than the snapshot is cut right at the start.
    const { snapshotIndex } = core;
    const isCut = snapshotIndex > replica.durable.snapshotIndex;
    replica.submitted = isCut ? group.committed.slice(0, snapshotIndex) : [...replica.durable.entries];
    replica.role = 'follower';
    replica.commitIndex = 0;
    replica.appliedIndex = core.appliedIndex;
    // Looked at after the first step: what a leader alone committed right before it died is not noted yet.
    replica.membership = null;
    replica.removedSinceTick = null;
    replica.transferSinceTick = null;
    this.#replicas.get(node)!.push(replica);
  }

  crashed(node: NodeId): void {
    for (const replica of this.#replicas.get(node) ?? []) {
      replica.core = null;
      replica.pendingWriteTicks = [];
    }
    this.#replicas.set(node, []);
  }

  /** A replica was deleted. */
  forgot(node: NodeId, group: GroupId): void {
    const replica = this.#replica(node, group)!;
    replica.restoredIndex = 0;
    replica.wasDeleted = true;
  }

  /** A replica is given up, and nothing of it runs any more; what its disk was asked for goes on. */
  gaveUp(node: NodeId, group: GroupId): void {
    this.forgot(node, group);
    const replica = this.#replica(node, group)!;
    replica.core = null;
    replica.pendingWriteTicks = [];
    this.#replicas.set(
      node,
      this.#replicas.get(node)!.filter((other) => other !== replica),
    );
  }

  submitted(node: NodeId, write: LogWrite, tick: number): void {
    const replica = this.#replica(node, write.group);
    if (replica === undefined) return;
    if (holdsUp(write)) replica.pendingWriteTicks.push(tick);
    const { cut } = write;
    if (cut?.all === true) replica.submitted = replica.group.committed.slice(0, cut.index);
    checkLeaderAppendOnly(replica, write);
    checkProposed(replica, write, this.#maxPromotionLagEntries);
    checkLogMatching(replica, write);
  }

  durable(node: NodeId, write: LogWrite): void {
    const replica = this.#replica(node, write.group);
    if (replica === undefined) return;
    if (holdsUp(write)) replica.pendingWriteTicks.shift();
    checkDurableVote(replica, write);
  }

  sent(node: NodeId, envelopes: readonly Envelope[]): void {
    for (const { group, message } of envelopes) {
      const replica = this.#replica(node, group);
      if (replica !== undefined) this.#checkSent(replica, message);
    }
  }

  /** The state machine of a replica was replaced. */
  restored(node: NodeId, group: GroupId, point: LogPoint, contentHash: number): void {
    const replica = this.#replica(node, group)!;
    checkSnapshot(replica, point, contentHash);
    replica.restoredIndex = point.index;
    this.snapshots++;
  }

  applied(node: NodeId, applied: AppliedEntry): void {
    const { group: id, entry, command, results } = applied;
    const replica = this.#replica(node, id)!;
    const isFirst = replica.group.contentHashes.length < entry.index;
    checkAppliedWithinCommit(replica, applied);
    checkApplied(replica, applied);
    if (!isFirst || command === null) return;
    checkAppliedOnce(replica.group, node, applied, this.#sessionLimits);
    if (id === SYSTEM_GROUP) return this.#noteRouting(node, command, results);
    for (const [i, { clientId }] of command.mutations.entries()) {
      const attempt = this.attempts[clientId];
      const result = results[i];
      if (attempt !== undefined && result !== undefined) checkAppliedAttempt(attempt, node, entry.index, result);
    }
  }

  #noteRouting(node: NodeId, { mutations }: Command, results: readonly MutationResult[]): void {
    if (!this.#isPlanned) return;
    for (const [i, { key, value }] of mutations.entries()) {
      if (results[i]?.kind !== 'put' || !sameKey(key, ROUTING_KEY)) continue;
      const table = decodeRouting(value);
      checkRouting(this.routing, table, node, this.groups, this.mayFallShort);
      this.routing = table;
    }
  }

  /** A node tells something of itself. */
  told({ nodeId, group, kind, term }: ClusterEvent, tick: number): void {
    const replica = this.#replica(nodeId, group);
    if (replica === undefined) return;
    noteTransfer(replica, kind, tick);
    if (kind === 'electionWon' && replica.core !== null) checkElected(replica, replica.core, term);
  }

  /** A step of this node is over, with nothing left to hand out. */
  afterStep(node: NodeId, store: Store): void {
    for (const replica of this.#replicas.get(node)!) {
      const core = replica.core!;
      const { role, term, commitIndex } = core;
      if (role !== replica.role || term !== replica.term) {
        const isNewLeader = role === 'leader' && (replica.role !== 'leader' || replica.term !== term);
        replica.role = role;
        replica.term = term;
        if (isNewLeader) {
          checkElectionSafety(replica);
          checkLeaderCompleteness(replica);
        }
      }
      if (commitIndex !== replica.commitIndex) {
        checkCommitNeverFalls(replica, commitIndex);
        this.#committed(replica, commitIndex);
        replica.commitIndex = commitIndex;
      }
      if (core.appliedIndex !== replica.appliedIndex || replica.membership === null) {
        replica.appliedIndex = core.appliedIndex;
        const { id } = replica.group;
        checkAppliedIndex(replica, core.appliedIndex, store.state.appliedIndex(id));
        checkWatch(replica, store);
        this.#checkMembership(replica, core.membership, store.state.membership(id));
      }
    }
  }

  afterTick(node: NodeId, tick: number): void {
    for (const replica of this.#replicas.get(node)!) {
      checkHungDisk(replica, tick, this.#hungDiskTicks);
      checkRemovedLeader(replica, tick, this.#leavingTicks);
      checkTransferEnds(replica, tick, this.#transferTicks);
    }
  }

  #checkMembership(replica: ReplicaGhost, inForce: Membership, stored: Membership | null): void {
    const { group, node } = replica;
    // Nobody's members have changed.
    if (group.configurations.length === 1 && inForce === replica.membership) return;
    checkInForce(replica, inForce, stored);
    if (inForce === replica.membership) return;
    const isChange = replica.membership !== null;
    replica.membership = inForce;
    if (!isChange) return;
    this.changes++;
    if (replica.role === 'leader') this.#onChange(node, group.id);
  }

  #committed(replica: ReplicaGhost, commitIndex: number): void {
    const { group } = replica;
    checkCommittedEntry(replica, Math.min(commitIndex, group.commitIndex));
    if (commitIndex <= group.commitIndex) return;
    const changesBefore = group.configurations.length;
    const isFirst = group.noteCommitted(replica, commitIndex);
    if (this.#isPlanned && group.configurations.length > changesBefore) {
      for (const change of group.configurations.slice(changesBefore)) {
        checkPlannedChange(replica, change, this.routing, this.mayFallShort);
      }
    }
    checkCommitDurable(replica, commitIndex);
    if (isFirst) this.#onFirstCommit(replica.node, group.id);
  }

  #checkSent(replica: ReplicaGhost, message: Message): void {
    checkTermDurable(replica, message);
    if (message.type === MessageType.VoteResponse && !message.reject) {
      checkVoteDurable(replica, message);
      checkToldVote(replica, message.term, message.to);
    } else if (message.type === MessageType.Vote) {
      checkVoteDurable(replica, message);
      checkToldVote(replica, message.term, replica.node);
    } else if (message.type === MessageType.AppendResponse && !message.reject) {
      checkAppendDurable(replica, message);
    }
  }

  #replica(node: NodeId, group: GroupId): ReplicaGhost | undefined {
    return this.groups.get(group)?.replicas.get(node);
  }
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether something waits for this write. Nothing waits for a log to be cut, or for one that is given up. */
function holdsUp({ reset, cut, hardState, entries }: LogWrite): boolean {
  if (reset === true) return false;
  return cut?.all === true || hardState !== null || entries.length > 0;
}
