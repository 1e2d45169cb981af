import type { GroupId } from '../../engine/config/ids.ts';
import { isMember, NO_MEMBERSHIP } from '../../engine/raft/membership.ts';
import type { Membership, NodeId } from '../../engine/raft/types.ts';
import type { ClusterEvent } from '../../engine/rpc/cluster.ts';
import type { ReplicaDrops } from '../../engine/storage/types.ts';
import type { RoutingTable } from '../../engine/store/routing.ts';
import { Store } from '../../engine/store/store.ts';
import type { Clock } from '../../engine/store/types.ts';
import { SimulatedDisk } from './disk.ts';
import { Action, type SimulatedEvent } from './event-queue.ts';
import { startMembership } from './members.ts';
import type { Network } from './network.ts';
import { RoundEvent, SyncEvent, TickEvent } from './node-events.ts';
import type { Observer } from './observer.ts';
import { foundersOf, type Plan } from './plan.ts';
import { SimulatedStateMachine } from './state-machine.ts';
import type { SimulatedTransfers } from './transfers.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** A process on a machine of its own: the real store over simulated storage, network and time. */
export class SimulatedNode {
  readonly id: NodeId;
  readonly disk: SimulatedDisk;
  readonly state: SimulatedStateMachine;
  /** Counts the processes that this node has been; what an earlier one had under way is void. */
  incarnation = 0;
  store: Store | null = null;
  paused = false;
  /** False before it has joined, and once it has been removed or lost for good: then it never starts. */
  takesPart: boolean;
  /** How much slower than usual the disk is; Infinity while it hangs. */
  diskFactor = 1;
  ticks = 0;
  /** Who wants to know that the process has learned of a newer routing table. */
  onRouting: ((table: RoutingTable) => void) | null = null;
  readonly #world: World;
  readonly #network: Network;
  readonly #transfers: SimulatedTransfers;
  readonly #observer: Observer;
  readonly #clock: Clock;
  /** True milliseconds per millisecond of this node's clock, nearly 1. */
  readonly #clockRate: number;
  #wallOffsetMs: number;
  #round: (() => void) | null = null;
  #roundQueued = false;
  #held: SimulatedEvent[] = [];
  #heldSync: SyncEvent | null = null;
  /** What it knew of the cluster when it joined; null for a founder. */
  #joined: RoutingTable | null = null;

  constructor(id: NodeId, world: World, network: Network, transfers: SimulatedTransfers, observer: Observer) {
    this.#transfers = transfers;
    this.id = id;
    this.takesPart = id <= (world.plan.cluster?.founders ?? world.plan.nodes);
    this.#world = world;
    this.#network = network;
    this.#observer = observer;
    const skew = world.plan.clockSkew;
    this.#clockRate = 1 + skew * (2 * world.nodeRandom.float() - 1);
    this.#wallOffsetMs = 1_700_000_000_000 + world.nodeRandom.between(-5000, 5000);
    this.#clock = {
      monotonicMs: () => this.nowMs,
      wallMs: () => Math.floor(this.#wallOffsetMs + this.nowMs),
    };
    this.disk = new SimulatedDisk(
      {
        startSync: () => this.#startSync(),
        soon: (run) => this.#soon(run),
        submitted: (write) => observer.submitted(this.id, write, this.ticks),
        durable: (write) => observer.durable(this.id, write),
        committed: (group, upTo) => observer.groups.get(group)!.committed.slice(0, upTo),
      },
      world.plan.disk.maxReadEntries,
    );
    this.state = new SimulatedStateMachine(
      (group) => beginningOf(world.plan, id, group),
      world.plan.sessions,
      world.plan.time,
      world.plan.disk.unsyncedBatches,
      (applied) => this.guard(() => observer.applied(this.id, applied)),
      (group, point, contentHash) => this.guard(() => observer.restored(this.id, group, point, contentHash)),
    );
  }

  get isUp(): boolean {
    return this.store !== null;
  }

  /** This node's monotonic clock. */
  get nowMs(): number {
    return (this.#world.nowUs / 1000) * this.#clockRate;
  }

  /** The cluster has taken this node in, and this is what it looked like then. */
  join(table: RoutingTable): void {
    if (this.takesPart) return;
    this.#joined = table;
    this.takesPart = true;
    this.start();
  }

  /** The process ends for good: the node is no member any more, or its machine is lost. */
  leave(why: string): void {
    this.#world.note(null, () => `node ${this.id} ends for good: ${why}`);
    this.crash(true);
    this.takesPart = false;
  }

  start(): void {
    if (!this.takesPart) return;
    const { timing, cluster } = this.#world.plan;
    this.incarnation++;
    this.#world.note(null, () => `node ${this.id} starts`);
    const store = this.#recover(() => this.#makeStore());
    this.store = store;
    this.#observer.started(this.id, store, this.disk);
    this.#world.after(this.#world.nodeRandom.below(timing.tickMs * 1000), new TickEvent(this, this.#world));
    this.#network.nodeStarted(this.id);
    if (cluster !== null) startMembership(this, this.#world, this.#network, this.#observer);
    this.settle();
  }

  #makeStore(): Store {
    const { genesis, timing, limits, compaction, cluster } = this.#world.plan;
    return new Store({
      nodeId: this.id,
      genesis: this.#joined ?? genesis,
      joined: this.#joined !== null,
      ...(cluster !== null && {
        reconcile: true,
        drops: this.#drops,
        onRouting: (table: RoutingTable) => this.onRouting?.(table),
      }),
      log: this.disk,
      state: this.state,
      transport: {
        send: (to, envelopes) => {
          this.#observer.sent(this.id, envelopes);
          this.#network.send(this.id, to, envelopes);
        },
        links: () => this.#network.links(this.id),
      },
      transfers: this.#transfers.of(this),
      clock: this.#clock,
      random: this.#world.nodeRandom.float,
      schedule: (run) => {
        this.#round = run;
      },
      timing,
      limits,
      compaction,
      onEvent: (event) => this.#tell(event),
    });
  }

  /** A node must be able to start from whatever a crash left. */
  #recover<T>(start: () => T): T {
    try {
      return start();
    } catch (error) {
      throw error instanceof Violation ? error : this.#crashed(error);
    }
  }

  /** The process ends without a word, with `power` because the machine does: then what was not synced may be lost. */
  crash(power: boolean): void {
    if (this.store === null) return;
    const random = this.#world.nodeRandom;
    this.store = null;
    this.incarnation++;
    this.paused = false;
    this.#round = null;
    this.#roundQueued = false;
    this.#held = [];
    this.#heldSync = null;
    this.onRouting = null;
    const survivors = this.disk.crash(random);
    const lost = this.state.crash(power, random);
    this.#observer.crashed(this.id);
    this.#network.nodeCrashed(this.id);
    this.#world.note(
      null,
      () =>
        `node ${this.id} ${power ? 'loses its power' : 'is killed'}; ${survivors} unconfirmed log writes survive, ` +
        `${lost} applied batches are lost`,
    );
  }

  /** As the state machine gives replicas up, with whoever watches told. */
  get #drops(): ReplicaDrops {
    return {
      beginDrop: (group, end) => {
        this.#world.note(group, () => `node ${this.id} gives its replica up`);
        this.state.beginDrop(group, end);
        this.#observer.gaveUp(this.id, group);
      },
      finishDrop: (group) => this.state.finishDrop(group),
      dropsBegun: () => this.state.dropsBegun(),
    };
  }

  /** Deletes a replica that its group has let go, as a process between two lives. */
  forget(group: GroupId): void {
    this.#world.note(group, () => `node ${this.id} deletes its replica`);
    this.crash(false);
    this.state.forget(group, this.disk.forget(group));
    this.#observer.forgot(this.id, group);
    this.start();
  }

  pause(): void {
    this.paused = true;
    this.#world.note(null, () => `node ${this.id} is paused`);
  }

  /** What arrived meanwhile is handled now, in the order of its arrival. */
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#world.note(null, () => `node ${this.id} goes on`);
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.#world.after(0, event);
  }

  setDiskFactor(factor: number): void {
    this.diskFactor = factor;
    this.#world.note(null, () => `the disk of node ${this.id} ${diskWords(factor)}`);
    const sync = this.#heldSync;
    if (factor === Infinity || sync === null) return;
    this.#heldSync = null;
    this.#world.after(0, sync);
  }

  moveWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
    this.#world.note(null, () => `the wall clock of node ${this.id} moves by ${byMs} ms`);
  }

  get tickIntervalUs(): number {
    return (this.#world.plan.timing.tickMs * 1000) / this.#clockRate;
  }

  tick(): void {
    this.ticks++;
    this.run(tickStore);
    if (this.store !== null) this.#observer.afterTick(this.id, this.ticks);
  }

  /** True when the process does not run now; the event happens when it does. */
  holds(event: SimulatedEvent): boolean {
    if (!this.paused) return false;
    this.#held.push(event);
    return true;
  }

  /** True when the disk hangs; the sync completes when it does not. */
  holdsSync(event: SyncEvent): boolean {
    if (this.diskFactor !== Infinity) return false;
    this.#heldSync = event;
    return true;
  }

  /** Runs something of this node's process. What it throws would end a real process: a violation. */
  run(work: (store: Store) => void): void {
    const { store } = this;
    if (store === null) return;
    this.guard(() => work(store));
    this.settle();
  }

  /** A violation must get out, even through code that would catch it. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      const violation = error instanceof Violation ? error : this.#crashed(error);
      this.#world.violation ??= violation;
      throw violation;
    }
  }

  runRound(): void {
    this.#roundQueued = false;
    const round = this.#round;
    this.#round = null;
    if (round !== null) {
      this.guard(round);
      // Busy as it may be: what others can see by now has to be known.
      if (this.store !== null) this.#lookAt(this.store);
    }
    this.settle();
  }

  /** Lets the node finish what the last step began. */
  settle(): void {
    const { store } = this;
    if (store === null) return;
    const { roundDelayMaxUs } = this.#world.plan;
    if (roundDelayMaxUs === 0) {
      for (let round = this.#round; round !== null; round = this.#round) {
        this.#round = null;
        this.guard(round);
      }
    } else if (this.#round !== null) {
      if (this.#roundQueued) return;
      this.#roundQueued = true;
      this.#world.after(this.#world.nodeRandom.below(roundDelayMaxUs), new RoundEvent(this));
      return;
    }
    this.#lookAt(store);
  }

  #lookAt(store: Store): void {
    if (store.storageFailure === null) this.#observer.afterStep(this.id, store);
    else this.#checkFailure(store.storageFailure);
  }

  #checkFailure(failure: string): void {
    if (this.disk.failNextSync || this.state.failNextApply) return;
    throw new Violation('Storage Failures Have A Cause', 0, this.id, `node ${this.id} gave up: ${failure}`);
  }

  #crashed(error: unknown): Violation {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new Violation('Nothing Ends A Process', 0, this.id, `node ${this.id} threw: ${text}`);
  }

  #startSync(): void {
    const { syncMinUs, syncMaxUs } = this.#world.plan.disk;
    const factor = this.diskFactor === Infinity ? 1 : this.diskFactor;
    const delayUs = this.#world.nodeRandom.between(syncMinUs, syncMaxUs) * factor;
    this.#world.after(delayUs, new SyncEvent(this, this.#world));
  }

  #soon(run: () => void): void {
    const { incarnation } = this;
    const action = new Action(0x800 + this.id, () => {
      if (this.incarnation === incarnation) this.run(run);
    });
    this.#world.after(0, action);
  }

  #hosts(group: GroupId): void {
    const core = this.store?.groups.get(group)?.core;
    if (core !== undefined) this.#observer.hosts(this.id, group, core, this.disk);
  }

  #tell(event: ClusterEvent): void {
    this.#world.note(event.kind === 'storageFailed' ? null : event.group, () => eventWords(event));
    if (event.kind === 'replicaAdded') this.#hosts(event.group);
    this.guard(() => this.#observer.told(event, this.ticks));
    if (event.kind === 'electionWon') this.#world.onElection?.(this.id, event.group);
    // A node that has failed tells it once it has: this one only waits for its disk.
    if (event.kind === 'storageFailed' && this.store?.storageFailure === null) this.#world.onStall?.(this.id);
  }
}

/** A node knows the members of the groups that it founded, and nothing of the others. */
function beginningOf(plan: Plan, node: NodeId, group: GroupId): Membership | null {
  if (plan.membership === null) return null;
  const founders = foundersOf(plan, group);
  return isMember(founders, node) ? founders : NO_MEMBERSHIP;
}

function tickStore(store: Store): void {
  store.tick();
}

function diskWords(factor: number): string {
  if (factor === 1) return 'is as fast as ever';
  return factor === Infinity ? 'hangs' : `is ${factor} times slower`;
}

function eventWords({ nodeId, kind, term, peer, index, detail, voters }: ClusterEvent): string {
  const facts = [
    term === 0 ? '' : ` term ${term}`,
    peer === 0 ? '' : ` node ${peer}`,
    index === 0 ? '' : ` index ${index}`,
    voters.length === 0 ? '' : ` by ${voters.join(', ')}`,
    detail === '' ? '' : ` (${detail})`,
  ];
  return `node ${nodeId}: ${kind}${facts.join('')}`;
}
