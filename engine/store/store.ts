import { SYSTEM_GROUP, groupOfPartition, type GroupId } from '../config/ids.ts';
import { isDismissal } from '../raft/messages.ts';
import { NONE, Role, type NodeId, type Term, type TransferRefusal } from '../raft/types.ts';
import type { Mutation } from '../storage/codec.ts';
import type { StateMachine } from '../storage/types.ts';
import type { ChunkSink, Envelope, SnapshotOffer } from '../transport/types.ts';
import { compactLog } from './compaction.ts';
import { StoreCounters } from './counters.ts';
import { EventSource } from './events.ts';
import type { Group } from './group.ts';
import { FreshTable } from './fresh-table.ts';
import { HandOver } from './hand-over.ts';
import { Health } from './health.ts';
import { PeerMonitor } from './peer-monitor.ts';
import { isPlausible } from './plausible.ts';
import { dueStep, takeStep } from './reconcile.ts';
import { Replicas } from './replicas.ts';
import { Requests } from './requests.ts';
import { Rounds } from './rounds.ts';
import type { RoutingTable } from './routing.ts';
import { Snapshots } from './snapshots.ts';
import { TouchedGroups } from './touched.ts';
import type { Failure, ReadAnswer, ReadConsistency, StoreOptions, WriteAnswer } from './types.ts';

/** A replica that is not the preferred leader gives the preferred one this long after start to stand first. */
const START_GRACE_MS = 2_000;

/**
 * All Raft groups of one node, driven by one loop: what arrives is taken in at once, and a round
 * soon after lets the touched groups move (rounds.ts). No promise and no timer in here: time comes
 * through `tick`, the loop through `options.schedule`, so that a simulator can own both.
 */
export class Store {
  readonly counters = new StoreCounters();
  readonly events: EventSource;
  readonly #options: StoreOptions;
  readonly #replicas: Replicas;
  readonly #touched: TouchedGroups;
  readonly #health: Health;
  readonly #peers: PeerMonitor;
  readonly #snapshots: Snapshots;
  readonly #rounds: Rounds;
  readonly #requests: Requests;
  readonly #freshTable: FreshTable;
  readonly #startedMs: number;
  #handOver: HandOver | null = null;

  /** Throws what storage throws when a group's log or state cannot be read. */
  constructor(options: StoreOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    this.events = new EventSource(options.nodeId, options.clock, options.onEvent);
    this.#peers = new PeerMonitor(
      options.transport,
      this.events,
      options.timing.tickMs * options.timing.heartbeatTicks,
    );
    const round = () => this.#rounds.run();
    this.#touched = new TouchedGroups(options.schedule, () => this.#health.guard(round));
    const { timing } = options;
    this.#health = new Health(timing.tickMs * timing.electionTicksMax, this.events, {
      groups: () => this.groups.values(),
      touch: (group) => this.#touched.add(group),
    });
    this.#snapshots = new Snapshots({
      state: options.state,
      transfers: options.transfers,
      events: this.events,
      touch: (group) => this.#touched.add(group),
      guard: (run) => {
        if (this.#health.isWorking) this.#health.guard(run);
        return this.#health.isWorking;
      },
    });
    this.#replicas = new Replicas(options, {
      events: this.events,
      isWorking: () => this.#health.isWorking,
      guard: (run) => this.#health.guard(run),
      failed: (error) => {
        if (!this.#health.isStopped) this.#health.fail(`The Raft log cannot be written: ${error.message}`);
      },
      added: (group) => this.#health.joined(group),
      removed: (group) => this.#touched.remove(group),
    });
    const parts = {
      touched: this.#touched,
      health: this.#health,
      replicas: this.#replicas,
      snapshots: this.#snapshots,
      events: this.events,
      counters: this.counters,
    };
    this.#rounds = new Rounds(options, parts);
    this.#requests = new Requests({ clock: options.clock, ...parts });
    this.#freshTable = new FreshTable(timing.tickMs * timing.electionTicksMin, (deadlineMs, respond) =>
      this.#requests.catchUpSystem(deadlineMs, respond),
    );
    for (const group of this.groups.values()) this.#touched.add(group);
  }

  get nodeId(): NodeId {
    return this.#options.nodeId;
  }

  get state(): StateMachine {
    return this.#options.state;
  }

  /** What `read` finds in the state machine, or a failure when it is damaged: then this node serves nothing any more. */
  consult<T>(read: (state: StateMachine) => T): { readonly ok: true; readonly value: T } | Failure {
    let found: { readonly ok: true; readonly value: T } | undefined;
    this.#health.guard(() => (found = { ok: true, value: read(this.#options.state) }));
    return found ?? { ok: false, reason: 'unavailable', detail: this.#health.failure ?? '' };
  }

  /** How much of the snapshot that a member of the group needs was sent to it, 0 to 1; null when none is on its way. */
  snapshotShare(group: Group, peer: NodeId): number | null {
    return this.#snapshots.share(group, peer);
  }

  /** Who serves what, as this node knows it. */
  get routing(): RoutingTable {
    return this.#replicas.routing.table;
  }

  /** Why this node no longer works, in words, or null. */
  get storageFailure(): string | null {
    return this.#health.failure;
  }

  /** Why nothing may be read here now, or null. A disk that hangs is no reason. */
  get problem(): string | null {
    return this.#health.isWorking ? null : this.#health.refusal;
  }

  get groups(): ReadonlyMap<GroupId, Group> {
    return this.#replicas.groups;
  }

  /** Whether the system group has a routing table, as far as it is applied here. */
  get hasRouting(): boolean {
    return this.#replicas.routing.isWritten;
  }

  isSuspect(peer: NodeId): boolean {
    return this.#peers.isSuspect(peer);
  }

  /** Whether there is no stream to this peer, or nothing comes over it. */
  isSilent(peer: NodeId): boolean {
    if (this.#peers.isSuspect(peer)) return true;
    return !this.#options.transport.links().some((link) => link.nodeId === peer && link.connected);
  }

  /**
   * Puts a routing table in place of the one in force, which is the next lower epoch: the answer
   * is a conflict when another came first. Only on the leader of the system group.
   */
  replaceRouting(table: RoutingTable, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    this.#requests.replaceRouting(table, deadlineMs, respond);
  }

  /** See `Replicas.forsaken`. */
  forsaken(forMs: number): readonly GroupId[] {
    return this.#replicas.forsaken(forMs);
  }

  /** See `Replicas.forget`. */
  forget(id: GroupId, askedAtMs: number, term: Term): void {
    if (this.#health.isWorking) this.#replicas.forget(id, askedAtMs, term);
  }

  /** Messages from a peer, in the order of its stream. */
  receive(from: NodeId, envelopes: readonly Envelope[]): void {
    if (!this.#health.isWorking) return;
    const nowMs = this.#options.clock.monotonicMs();
    for (const { group: id, message } of envelopes) {
      const group = this.groups.get(id);
      // The stream was opened by `from`; it cannot speak for another node.
      if (group === undefined || message.from !== from || message.to !== this.#options.nodeId) continue;
      if (!isPlausible(message)) continue;
      this.#health.guard(() => group.core.step(message));
      if (!this.#health.isWorking) return;
      // A leader that counts this node among its members speaks otherwise.
      if (from === group.core.leader && !isDismissal(message)) group.leaderHeardAtMs = nowMs;
      if (group.core.hasReady() || group.hasQueued) this.#touched.add(group);
    }
  }

  /** Where the pieces of an offered snapshot go, or null when it is of no use here. */
  offerSnapshot(from: NodeId, offer: SnapshotOffer): ChunkSink | null {
    const group = this.groups.get(offer.group);
    if (group === undefined || !this.#health.isServing) return null;
    return this.#snapshots.take(group, from, offer);
  }

  /** A stream to this peer came up. */
  peerConnected(_peer: NodeId): void {
    this.#standWherePreferred();
  }

  /** The stream to this peer broke. */
  peerDisconnected(peer: NodeId): void {
    for (const group of this.groups.values()) {
      group.core.peerUnreachable(peer);
      this.#touched.add(group);
    }
  }

  /** Once every `timing.tickMs`. */
  tick(): void {
    if (this.#health.isStopped) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#peers.check();
    for (const group of this.groups.values()) this.counters.failed += group.expire(nowMs);
    if (this.#health.failure !== null) return;
    this.#health.checkDisk(nowMs);
    // While the disk hangs no timer runs: this node neither leads nor stands.
    if (this.#health.isDiskStalled) return;
    this.#continueHandOver();
    this.#health.guard(() => this.#options.state.tidy());
    const grace = nowMs - this.#startedMs < START_GRACE_MS;
    const wallMs = this.#options.clock.wallMs();
    for (const group of this.groups.values()) {
      const waits = grace && group.core.leader === NONE && group.preferredLeader !== this.#options.nodeId;
      if (waits && group.core.role === Role.Follower) continue;
      this.#health.guard(() => {
        group.core.tick();
        if (group.isLeader && this.#options.state.nextDueMs(group.id) <= wallMs) group.proposeTime(wallMs);
        compactLog(group, this.#options, this.#health);
      });
      if (!this.#health.isWorking) return;
      if (this.#options.reconcile === true && this.#handOver === null) this.#reconcile(group, nowMs);
      if (group.core.hasReady() || group.hasQueued) this.#touched.add(group);
    }
    this.#replicas.removeGivenUp();
  }

  /** Moves a group that this node leads towards the members, and then the leader, that it should have. */
  #reconcile(group: Group, nowMs: number): void {
    const step = dueStep(group, this.routing, this.nodeId);
    if (step !== null && this.#freshTable.isKnown(nowMs)) takeStep(group, step);
  }

  /**
   * Proposes one mutation; `respond` is called exactly once, with the result after it
   * was applied here, or with a failure. Only a failure by `deadline` leaves it open
   * whether the write happens.
   */
  write(partition: number, mutation: Mutation, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    this.#requests.write(groupOfPartition(partition), mutation, deadlineMs, respond);
  }

  /** The same in the system group. */
  writeSystem(mutation: Mutation, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    this.#requests.write(SYSTEM_GROUP, mutation, deadlineMs, respond);
  }

  /** Calls back when this node has applied all that the system group had committed when it was called. */
  catchUpSystem(deadlineMs: number, respond: (answer: ReadAnswer) => void): void {
    this.#requests.catchUpSystem(deadlineMs, respond);
  }

  /** Calls back when the local state may be read with this consistency. Read it inside the callback. */
  read(
    partition: number,
    consistency: ReadConsistency,
    deadlineMs: number,
    respond: (answer: ReadAnswer) => void,
  ): void {
    this.#requests.read(partition, consistency, deadlineMs, respond);
  }

  /**
   * Asks a member to take over the leadership of a group; null when it was asked. It has it
   * when an event says so; writes wait meanwhile.
   */
  transferLeadership(id: GroupId, to: NodeId): TransferRefusal | 'notReplica' {
    const group = this.groups.get(id);
    if (group === undefined) return 'notReplica';
    const refusal = group.core.transferLeadership(to);
    this.#touched.add(group);
    return refusal;
  }

  /** From now on this node hands over whatever it leads. Returns how many groups are still to go. */
  handOver(): number {
    this.#handOver ??= new HandOver((peer) => this.#peers.isSuspect(peer));
    return this.#continueHandOver();
  }

  /** What it leads from now on it keeps. */
  endHandOver(): void {
    this.#handOver = null;
  }

  /** Ends every waiting request; nothing moves afterwards. The caller closes storage and transport. */
  stop(): void {
    if (this.#health.isStopped) return;
    this.#health.stop();
    this.#touched.stop();
    for (const group of this.groups.values()) {
      group.failAll({ ok: false, reason: 'unavailable', detail: 'The node is stopping.' });
    }
  }

  #continueHandOver(): number {
    if (this.#handOver === null || !this.#health.isWorking) return 0;
    const open = this.#handOver.offer(this.groups.values());
    for (const group of open) this.#touched.add(group);
    return open.length;
  }

  /** Right after a start, the preferred leader of a group does not wait for its timer. */
  #standWherePreferred(): void {
    if (this.#options.clock.monotonicMs() - this.#startedMs > START_GRACE_MS) return;
    for (const group of this.groups.values()) {
      if (group.preferredLeader !== this.#options.nodeId || group.core.leader !== NONE) continue;
      // A pre-vote that reached nobody is asked again; an election in progress is left alone.
      if (group.core.role === Role.Candidate) continue;
      this.#health.guard(() => group.core.campaign());
      this.#touched.add(group);
    }
  }
}
