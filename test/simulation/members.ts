import { hearOfReplica, whatToAsk, whyNoMember, type KnownMembers } from '../../engine/node/out-of-touch.ts';
import { partitionOfGroup, type GroupId } from '../../engine/config/ids.ts';
import { putChange } from '../../engine/server/members/table-change.ts';
import {
  beginTurn,
  groupReports,
  planTurn,
  STATUS_TIMEOUT_MS,
  TABLE_WRITE_TIMEOUT_MS,
  TURN_MS,
  type NodeReport,
} from '../../engine/server/members/turn.ts';
import { groupStatuses } from '../../engine/store/status.ts';
import type { RoutingTable } from '../../engine/store/routing.ts';
import type { Store } from '../../engine/store/store.ts';
import { Calls } from './calls.ts';
import { incarnationOf, type Network } from './network.ts';
import { checkNotNeeded } from './invariants/planned-moves.ts';
import type { SimulatedNode } from './node.ts';
import { ProcessEvent } from './node-events.ts';
import type { Observer } from './observer.ts';
import type { World } from './world.ts';

/** As often as `MembershipWatch` looks, and as long as it waits for an answer. */
const LOOK_MS = 1_000;
const ANSWER_TIMEOUT_MS = 800;

/** What a process does about the members of the cluster besides its store, from its start to its end. */
export function startMembership(node: SimulatedNode, world: World, network: Network, observer: Observer): void {
  const calls = new Calls(world, network, node);
  new SimulatedConductor(node, world, network, calls).start();
  new SimulatedWatch(node, world, calls, observer).start();
}

/** The engine's conductor with simulated calls and timers. */
class SimulatedConductor {
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #network: Network;
  readonly #calls: Calls;
  #isBusy = false;

  constructor(node: SimulatedNode, world: World, network: Network, calls: Calls) {
    this.#node = node;
    this.#world = world;
    this.#network = network;
    this.#calls = calls;
  }

  start(): void {
    this.#world.after(
      TURN_MS * 1000,
      new ProcessEvent(this.#node, this.#world, 0xd40, (store) => {
        this.start();
        if (!this.#isBusy) this.#take(store);
      }),
    );
  }

  #take(store: Store): void {
    const turn = beginTurn(store, this.#network.links(this.#node.id), incarnationOf(this.#node.id));
    if (turn.kind === 'rest') return;
    this.#isBusy = true;
    if (turn.kind === 'register') this.#put(store, turn.change);
    else this.#ask(turn.nodes, (reports) => this.#goOn(store, turn.table, reports));
  }

  #ask(nodes: readonly number[], done: (reports: readonly NodeReport[]) => void): void {
    const { tickMs } = this.#world.plan.timing;
    const reports: NodeReport[] = [];
    if (nodes.length === 0) return done(reports);
    for (const node of nodes) {
      this.#calls.call(
        node,
        STATUS_TIMEOUT_MS,
        (other) => groupStatuses(other, tickMs),
        (groups) => {
          reports.push({ node, groups: groups ?? [] });
          if (reports.length === nodes.length) done(reports);
        },
      );
    }
  }

  #goOn(store: Store, table: RoutingTable, reports: readonly NodeReport[]): void {
    const { id } = this.#node;
    const { next, change } = planTurn(table, groupReports(store, reports, this.#world.plan.timing.tickMs), id);
    if (next === null) {
      this.#isBusy = false;
      return;
    }
    this.#world.note(null, () => `node ${id} writes table ${next.table.epoch}: ${next.because}`);
    this.#world.onStep?.(id);
    this.#put(store, change);
  }

  #put(store: Store, change: (table: RoutingTable) => RoutingTable): void {
    putChange(store, change, this.#node.nowMs + TABLE_WRITE_TIMEOUT_MS, () => (this.#isBusy = false));
  }
}

/** The engine's membership watch with simulated calls and timers. */
class SimulatedWatch {
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #calls: Calls;
  readonly #observer: Observer;
  #turn = 0;
  #isAsking = false;
  #ended = false;

  constructor(node: SimulatedNode, world: World, calls: Calls, observer: Observer) {
    this.#node = node;
    this.#world = world;
    this.#calls = calls;
    this.#observer = observer;
  }

  start(): void {
    this.#node.onRouting = (table) => this.#judge(table);
    this.#judge(this.#node.store!.routing);
    this.#next();
  }

  #next(): void {
    this.#world.after(
      LOOK_MS * 1000,
      new ProcessEvent(this.#node, this.#world, 0xd50, (store) => {
        this.#next();
        if (!this.#isAsking && !this.#ended) this.#look(store);
      }),
    );
  }

  #judge(table: KnownMembers): void {
    const { id } = this.#node;
    const why = whyNoMember(id, incarnationOf(id), table);
    if (why === null || this.#ended) return;
    this.#ended = true;
    for (const group of this.#observer.groups.values()) this.#node.guard(() => checkNotNeeded(group, id, 'ends'));
    // Not in the middle of what its store does now.
    this.#world.after(0, new ProcessEvent(this.#node, this.#world, 0xd60, () => this.#node.leave(why)));
  }

  #look(store: Store): void {
    const question = whatToAsk(store, this.#node.nowMs);
    if (question?.kind === 'members') this.#askForMembers(store);
    else if (question?.kind === 'replicas') this.#askAfter(store, question.groups);
  }

  #askForMembers(store: Store): void {
    const known = store.routing.members.map(({ id }) => id);
    // Whoever starts a node says where to ask, when all that it knew are gone.
    const seeds = this.#observer.routing.members.map(({ id }) => id);
    const others = [...new Set([...known, ...seeds])].filter((id) => id !== this.#node.id);
    const other = others[this.#turn++ % Math.max(1, others.length)];
    if (other === undefined) return;
    this.#isAsking = true;
    this.#calls.call(
      other,
      ANSWER_TIMEOUT_MS,
      ({ routing }) => routing,
      (answer) => {
        this.#isAsking = false;
        if (answer !== null && answer.epoch > store.routing.epoch) this.#judge(answer);
      },
    );
  }

  #askAfter(store: Store, groups: readonly GroupId[]): void {
    const id = groups[this.#turn++ % groups.length]!;
    const replicas = store.routing.partitions[partitionOfGroup(id) ?? -1]?.replicas ?? [];
    this.#isAsking = true;
    this.#askNext(store, id, replicas);
  }

  #askNext(store: Store, id: GroupId, [replica, ...others]: readonly number[]): void {
    if (replica === undefined) {
      this.#isAsking = false;
      return;
    }
    const askedAtMs = this.#node.nowMs;
    const { tickMs } = this.#world.plan.timing;
    this.#calls.call(
      replica,
      ANSWER_TIMEOUT_MS,
      (other) => groupStatuses(other, tickMs),
      (groups) => {
        if (hearOfReplica(store, id, askedAtMs, groups ?? undefined)) this.#isAsking = false;
        else this.#askNext(store, id, others);
      },
    );
  }
}
