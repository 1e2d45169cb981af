import { SYSTEM_GROUP, groupOfPartition, type GroupId } from '../config/ids.ts';
import {
  EntryType,
  NONE,
  Role,
  type Entry,
  type Membership,
  type Message,
  type NodeId,
  type PersistMark,
  type Ready,
  type Term,
  type TransferRefusal,
} from '../raft/types.ts';
import type { Mutation } from '../storage/codec.ts';
import { StorageError, StorageWriteError } from '../storage/errors.ts';
import type { LogWrite, StateMachine } from '../storage/types.ts';
import type { ChunkSink, Envelope, SnapshotOffer } from '../transport/types.ts';
import { dueCut } from './compaction.ts';
import { StoreCounters } from './counters.ts';
import { DiskWatch } from './disk-watch.ts';
import { EventSource } from './events.ts';
import { mutationBytes, type Group } from './group.ts';
import { HandOver } from './hand-over.ts';
import { Outbox } from './outbox.ts';
import { PeerMonitor } from './peer-monitor.ts';
import { isPlausible } from './plausible.ts';
import { reconcile } from './reconcile.ts';
import { Replicas } from './replicas.ts';
import type { RoutingTable } from './routing.ts';
import { Snapshots } from './snapshots.ts';
import type { Failure, PendingRead, ReadAnswer, ReadConsistency, StoreOptions, WriteAnswer } from './types.ts';

/** A replica that is not the preferred leader gives the preferred one this long after start to stand first. */
const START_GRACE_MS = 2_000;
/** Why a replica rests, as its events tell. */
const DISK_STALLED = 'its disk does not answer';

/** What has to follow once a batch is on disk. */
interface Completion {
  readonly group: Group;
  readonly messages: readonly Message[];
  readonly mark: PersistMark;
}

/**
 * All Raft groups of one node, driven by one loop. A round takes in what arrived, lets
 * the touched groups move, sends, hands everything that must be durable to the log as
 * one write, and applies what is committed. No promise and no timer in here: time comes
 * through `tick`, the loop through `options.schedule`, so that a simulator can own both.
 */
export class Store {
  readonly counters = new StoreCounters();
  readonly events: EventSource;
  readonly #options: StoreOptions;
  readonly #replicas: Replicas;
  /** Each once; see `Group.touched`. */
  #dirty: Group[] = [];
  readonly #outbox: Outbox;
  readonly #peers: PeerMonitor;
  readonly #disk: DiskWatch;
  readonly #snapshots: Snapshots;
  readonly #startedMs: number;
  #handOver: HandOver | null = null;
  #roundScheduled = false;
  #failure: string | null = null;
  #stopped = false;

  /** Throws what storage throws when a group's log or state cannot be read. */
  constructor(options: StoreOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
    this.events = new EventSource(options.nodeId, options.clock, options.onEvent);
    this.#outbox = new Outbox(options.transport);
    this.#peers = new PeerMonitor(
      options.transport,
      this.events,
      options.timing.tickMs * options.timing.heartbeatTicks,
    );
    const electionMs = options.timing.tickMs * options.timing.electionTicksMax;
    this.#disk = new DiskWatch(electionMs);
    this.#snapshots = new Snapshots({
      state: options.state,
      transfers: options.transfers,
      events: this.events,
      touch: (group) => this.#touch(group),
      guard: (run) => {
        if (this.#working()) this.#withStorage(run);
        return this.#working();
      },
    });
    this.#replicas = new Replicas(options, {
      events: this.events,
      isWorking: () => this.#working(),
      guard: (run) => this.#withStorage(run),
      failed: (error) => {
        if (!this.#stopped) this.#fail(`The Raft log cannot be written: ${error.message}`);
      },
      added: (group) => {
        if (this.#failure !== null) group.core.rest('its storage failed');
        else if (this.#disk.stalled) group.core.rest(DISK_STALLED);
      },
      removed: (group) => {
        this.#dirty = this.#dirty.filter((dirty) => dirty !== group);
      },
    });
    for (const group of this.groups.values()) this.#touch(group);
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
    this.#withStorage(() => (found = { ok: true, value: read(this.#options.state) }));
    return found ?? { ok: false, reason: 'unavailable', detail: this.#failure ?? '' };
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
    return this.#failure;
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
    const system = this.#groupFor(SYSTEM_GROUP, respond);
    if (system === null) return;
    this.#replicas.routing.replace(system, table, this.#options.clock.monotonicMs(), deadlineMs, respond);
    this.#touch(system);
  }

  /** See `Replicas.forsaken`. */
  forsaken(forMs: number): readonly GroupId[] {
    return this.#replicas.forsaken(forMs);
  }

  /** See `Replicas.forget`. */
  forget(id: GroupId, askedAtMs: number, term: Term): void {
    if (this.#working()) this.#replicas.forget(id, askedAtMs, term);
  }

  /** Messages from a peer, in the order of its stream. */
  receive(from: NodeId, envelopes: readonly Envelope[]): void {
    if (!this.#working()) return;
    const nowMs = this.#options.clock.monotonicMs();
    for (const { group: id, message } of envelopes) {
      const group = this.groups.get(id);
      // The stream was opened by `from`; it cannot speak for another node.
      if (group === undefined || message.from !== from || message.to !== this.#options.nodeId) continue;
      if (!isPlausible(message)) continue;
      this.#withStorage(() => group.core.step(message));
      if (!this.#working()) return;
      if (from === group.core.leader) group.leaderHeardAtMs = nowMs;
      if (group.core.hasReady() || group.hasQueued) this.#touch(group);
    }
  }

  /** Where the pieces of an offered snapshot go, or null when it is of no use here. */
  offerSnapshot(from: NodeId, offer: SnapshotOffer): ChunkSink | null {
    const group = this.groups.get(offer.group);
    if (group === undefined || !this.#working() || this.#disk.stalled) return null;
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
      this.#touch(group);
    }
  }

  /** Once every `timing.tickMs`. */
  tick(): void {
    if (this.#stopped) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#peers.check();
    for (const group of this.groups.values()) this.counters.failed += group.expire(nowMs);
    if (this.#failure !== null) return;
    if (this.#disk.check(nowMs)) this.#stepDownForDisk();
    // While the disk hangs no timer runs: this node neither leads nor stands.
    if (this.#disk.stalled) return;
    this.#continueHandOver();
    this.#withStorage(() => this.#options.state.tidy());
    const grace = nowMs - this.#startedMs < START_GRACE_MS;
    const wallMs = this.#options.clock.wallMs();
    for (const group of this.groups.values()) {
      const waits = grace && group.core.leader === NONE && group.preferredLeader !== this.#options.nodeId;
      if (waits && group.core.role === Role.Follower) continue;
      this.#withStorage(() => {
        group.core.tick();
        if (group.isLeader && this.#options.state.nextDueMs(group.id) <= wallMs) group.proposeTime(wallMs);
        this.#compact(group);
      });
      if (!this.#working()) return;
      if (this.#options.reconcile === true && this.#handOver === null) reconcile(group, this.routing, this.nodeId);
      if (group.core.hasReady() || group.hasQueued) this.#touch(group);
    }
    this.#replicas.removeGivenUp();
  }

  /**
   * Proposes one mutation; `respond` is called exactly once, with the result after it
   * was applied here, or with a failure. Only a failure by `deadline` leaves it open
   * whether the write happens.
   */
  write(partition: number, mutation: Mutation, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    this.#writeTo(groupOfPartition(partition), mutation, deadlineMs, respond);
  }

  /** The same in the system group. */
  writeSystem(mutation: Mutation, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    this.#writeTo(SYSTEM_GROUP, mutation, deadlineMs, respond);
  }

  #writeTo(id: GroupId, mutation: Mutation, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    const group = this.#groupFor(id, respond);
    if (group === null) return;
    const sizeBytes = mutationBytes(mutation);
    const startedMs = this.#options.clock.monotonicMs();
    const failure = group.enqueueWrite({ mutation, sizeBytes, startedMs, deadlineMs, respond });
    if (failure !== null) return this.#refuse(failure, respond);
    this.#touch(group);
  }

  /** Calls back when this node has applied all that the system group had committed when it was called. */
  catchUpSystem(deadlineMs: number, respond: (answer: ReadAnswer) => void): void {
    const group = this.#groupFor(SYSTEM_GROUP, respond);
    if (group === null) return;
    const failure = group.enqueueRead({ deadlineMs, respond }, 'follower');
    if (failure !== null) return this.#refuse(failure, respond);
    this.#touch(group);
  }

  /** Calls back when the local state may be read with this consistency. Read it inside the callback. */
  read(
    partition: number,
    consistency: ReadConsistency,
    deadlineMs: number,
    respond: (answer: ReadAnswer) => void,
  ): void {
    const group = this.#groupFor(groupOfPartition(partition), respond);
    if (group === null) return;
    if (consistency === 'stale') {
      this.counters.reads++;
      const stalenessMs = group.isLeader ? 0 : this.#options.clock.monotonicMs() - group.leaderHeardAtMs;
      return respond({ ok: true, stalenessMs });
    }
    const read: PendingRead = { deadlineMs, respond };
    const failure = group.enqueueRead(read, consistency);
    if (failure !== null) return this.#refuse(failure, respond);
    this.#touch(group);
  }

  /**
   * Asks a member to take over the leadership of a group; null when it was asked. It has it
   * when an event says so; writes wait meanwhile.
   */
  transferLeadership(id: GroupId, to: NodeId): TransferRefusal | 'notReplica' {
    const group = this.groups.get(id);
    if (group === undefined) return 'notReplica';
    const refusal = group.core.transferLeadership(to);
    this.#touch(group);
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
    if (this.#stopped) return;
    this.#stopped = true;
    for (const group of this.groups.values()) {
      group.failAll({ ok: false, reason: 'unavailable', detail: 'The node is stopping.' });
    }
  }

  #continueHandOver(): number {
    if (this.#handOver === null || !this.#working()) return 0;
    const open = this.#handOver.offer(this.groups.values());
    for (const group of open) this.#touch(group);
    return open.length;
  }

  #working(): boolean {
    return !this.#stopped && this.#failure === null;
  }

  #groupFor(id: GroupId, respond: (failure: Failure) => void): Group | null {
    if (!this.#working() || this.#disk.stalled) {
      const detail =
        this.#failure ?? (this.#stopped ? 'The node is stopping.' : 'The disk of this node does not answer.');
      this.#refuse({ ok: false, reason: 'unavailable', detail }, respond);
      return null;
    }
    const group = this.groups.get(id);
    // One that has got nothing yet would answer as if there were no keys.
    if (group === undefined || group.core.membership.voters.length === 0) {
      this.#refuse({ ok: false, reason: 'notReplica' }, respond);
      return null;
    }
    return group;
  }

  #refuse(failure: Failure, respond: (failure: Failure) => void): void {
    // Being sent elsewhere is no failure.
    if (failure.reason === 'overloaded' || failure.reason === 'unavailable') this.counters.failed++;
    respond(failure);
  }

  #touch(group: Group): void {
    if (group.closed) return;
    if (!group.touched) this.#dirty.push(group);
    group.touched = true;
    if (this.#roundScheduled || this.#stopped) return;
    this.#roundScheduled = true;
    this.#options.schedule(() => {
      this.#roundScheduled = false;
      this.#withStorage(() => this.#round());
    });
  }

  #round(): void {
    if (!this.#working()) return;
    const groups = this.#dirty.sort((a, b) => a.id - b.id);
    this.#dirty = [];
    for (const group of groups) group.touched = false;
    const nowMs = this.#options.clock.monotonicMs();
    const wallMs = this.#options.clock.wallMs();
    const writes: LogWrite[] = [];
    const completions: Completion[] = [];
    const taken: { readonly group: Group; readonly ready: Ready }[] = [];
    for (const group of groups) {
      group.proposeQueued(nowMs, wallMs);
      group.startReads();
      if (!group.core.hasReady()) continue;
      const ready = group.core.ready();
      this.#tell(group, ready);
      this.#outbox.add(group.id, ready.messages);
      if (ready.snapshotsDue.length > 0) this.#snapshots.want(group, ready.snapshotsDue);
      this.#persist(group, ready, writes, completions);
      taken.push({ group, ready });
    }
    // Appends leave before the own disk is asked: followers sync at the same time as we do.
    this.#outbox.flush();
    if (completions.length > 0) this.#submit(writes, completions, nowMs);
    // While the disk and the others are at work.
    for (const { group, ready } of taken) if (!group.closed) this.#apply(group, ready);
    for (const group of groups) this.counters.reads += group.releaseReads();
  }

  #persist(group: Group, ready: Ready, writes: LogWrite[], completions: Completion[]): void {
    const completion = { group, messages: ready.messagesAfterPersist, mark: ready.mark };
    if (ready.mustSync) {
      const cut = ready.restored === null ? null : { ...ready.restored, all: true };
      if (cut !== null && group.id === SYSTEM_GROUP) this.#learnSystem();
      writes.push({ group: group.id, cut, hardState: ready.hardState, entries: ready.entries });
    } else if (completion.messages.length === 0 || group.pendingPersists === 0) {
      // Nothing of this waits for the disk.
      this.#outbox.add(group.id, completion.messages);
      if (group.core.hasReady()) this.#touch(group);
      return;
    }
    // Behind the writes on their way, even when there is nothing new to write: order is the promise.
    group.pendingPersists++;
    completions.push(completion);
  }

  #submit(writes: readonly LogWrite[], completions: readonly Completion[], nowMs: number): void {
    const ticket = this.#disk.begin(nowMs);
    this.#options.log.write(writes, (error) => {
      if (this.#stopped) return;
      if (error !== null) return this.#fail(`The Raft log cannot be written: ${error.message}`);
      // A node that failed meanwhile keeps silent about this too.
      if (this.#failure !== null) return;
      this.#diskAnswered(ticket);
      this.counters.logWritten(this.#options.clock.monotonicMs() - nowMs);
      for (const { group, messages, mark } of completions) {
        group.pendingPersists--;
        if (group.closed) continue;
        this.#outbox.add(group.id, messages);
        group.core.persisted(mark);
        if (group.core.hasReady() || group.hasQueued) this.#touch(group);
      }
      this.#outbox.flush();
    });
  }

  #diskAnswered(ticket: number): void {
    if (!this.#disk.end(ticket)) return;
    this.events.emit('storageRecovered', { detail: 'The disk answers again.' });
    for (const group of this.groups.values()) group.core.wake();
  }

  #apply(group: Group, ready: Ready): void {
    const { committed } = ready;
    const last = committed[committed.length - 1];
    if (last !== undefined) {
      const committedMs = this.#options.clock.monotonicMs();
      let results;
      try {
        results = this.#options.state.apply(group.id, committed, this.#membershipAfter(group, committed));
      } catch (error) {
        return this.#fail(
          `The state machine cannot be written: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      group.changes.add(this.#options.state.lastChanges());
      const nowMs = this.#options.clock.monotonicMs();
      committed.forEach((entry, i) => {
        group.logSize.applied(entry.index, entry.data.length);
        group.answerApplied(entry, results[i] ?? [], ({ startedMs }, proposedMs) =>
          this.counters.writeAnswered(startedMs, proposedMs, committedMs, nowMs),
        );
      });
      group.core.applied(last.index);
      if (group.id === SYSTEM_GROUP) this.#learnSystem();
      if (group.core.hasReady() || group.hasQueued) this.#touch(group);
    }
    for (const { requestId, index } of ready.readStates) group.readConfirmed(requestId, index);
    for (const requestId of ready.rejectedReads) group.readRejected(requestId);
  }

  /** Takes the membership changes among these into effect. Undefined when what the state machine has stored still holds. */
  #membershipAfter({ id, core }: Group, committed: readonly Entry[]): Membership | undefined {
    let changed = this.#options.state.membership(id) === null;
    for (const entry of committed) {
      if (entry.type !== EntryType.ConfChange) continue;
      core.applyMembership(entry);
      changed = true;
    }
    return changed ? core.membership : undefined;
  }

  #learnSystem(): void {
    this.#replicas.learnRouting();
    this.#options.onSystemState?.();
  }

  #tell(group: Group, ready: Ready): void {
    if (ready.events.length === 0) return;
    const nowMs = this.#options.clock.monotonicMs();
    for (const event of ready.events) {
      if (event.kind === 'electionStarted' && !event.preVote) this.counters.electionsStarted++;
      if (event.kind === 'electionWon') {
        this.counters.electionsWon++;
        group.electionsWon++;
        if (group.id === SYSTEM_GROUP && this.#replicas.routing.publish(group, nowMs)) this.#touch(group);
      }
      this.events.emitRaft(group.id, event, group.leaderlessMs(event, nowMs));
    }
  }

  /** Right after a start, the preferred leader of a group does not wait for its timer. */
  #standWherePreferred(): void {
    if (this.#options.clock.monotonicMs() - this.#startedMs > START_GRACE_MS) return;
    for (const group of this.groups.values()) {
      if (group.preferredLeader !== this.#options.nodeId || group.core.leader !== NONE) continue;
      // A pre-vote that reached nobody is asked again; an election in progress is left alone.
      if (group.core.role === Role.Candidate) continue;
      this.#withStorage(() => group.core.campaign());
      this.#touch(group);
    }
  }

  /** What no follower at work needs any more, and the state machine holds durably, goes. */
  #compact(group: Group): void {
    const { core, id, logSize } = group;
    const { log, state, compaction } = this.#options;
    const index = dueCut(
      compaction,
      logSize,
      () => core.status(),
      core,
      (wanted) => {
        const durable = state.durableIndex(id);
        if (durable < wanted) state.makeDurable(id, wanted);
        return durable;
      },
    );
    if (index === 0) return;
    const point = core.compact(index);
    if (point === null) return;
    logSize.cut(point.index);
    const ticket = this.#disk.begin(this.#options.clock.monotonicMs());
    log.write([{ group: id, cut: { ...point, all: false }, hardState: null, entries: [] }], (error) => {
      if (this.#stopped) return;
      if (error !== null) return this.#fail(`The Raft log cannot be cut: ${error.message}`);
      this.#diskAnswered(ticket);
    });
  }

  #stepDownForDisk(): void {
    const detail = 'The disk does not answer; this node gives up leadership until it does.';
    this.events.emit('storageFailed', { detail });
    for (const group of this.groups.values()) {
      group.core.rest(DISK_STALLED);
      this.#touch(group);
    }
  }

  /** What is found damaged while the node runs ends its part in everything; the others have the data. */
  #withStorage(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const isWrite = error instanceof StorageWriteError;
      this.#fail(
        `${isWrite ? 'The state machine cannot be written' : 'The storage of this node cannot be read'}: ${error.message}`,
      );
    }
  }

  /** The node cannot keep promises any more: it leads nothing, votes for nobody and says why. */
  #fail(reason: string): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    this.events.emit('storageFailed', { detail: reason });
    for (const group of this.groups.values()) {
      group.core.rest('its storage failed');
      group.failAll({ ok: false, reason: 'unavailable', detail: reason });
    }
  }
}
