import type { Member } from '../../engine/rpc/cluster.ts';
import {
  MembersError,
  rebalanced,
  withMember,
  withoutMember,
  withReplacement,
} from '../../engine/server/members/changes.ts';
import { putChange } from '../../engine/server/members/table-change.ts';
import { TABLE_WRITE_TIMEOUT_MS, TURN_MS } from '../../engine/server/members/turn.ts';
import { groupOfPartition, SYSTEM_GROUP, type GroupId } from '../../engine/config/ids.ts';
import { isSettled } from '../../engine/store/planner.ts';
import { wantedMembers, type RoutingTable } from '../../engine/store/routing.ts';
import type { NodeId } from '../../engine/raft/types.ts';
import type { Store } from '../../engine/store/store.ts';
import { Action } from './event-queue.ts';
import { incarnationOf } from './network.ts';
import type { SimulatedNode } from './node.ts';
import type { Observer } from './observer.ts';
import type { World } from './world.ts';

/** Whoever wants to join, or to be rid of a lost node, asks again after this long. */
const RETRY_US = 700_000;
/** Losing a machine for good must leave majorities everywhere. */
const MIN_VOTERS_TO_LOSE_ONE = 3;

type Change = (table: RoutingTable, store: Store) => RoutingTable;

/**
 * Somebody who adds, removes and replaces nodes as `MembersDesk` does, at times before the change
 * before is through, and loses machines for good, one at a time. What the cluster makes of it is
 * up to its own planner.
 */
export class ClusterOperator {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #observer: Observer;
  /** Nodes that ask to be taken in, and whom they shall replace (0: nobody). */
  readonly #joining = new Map<NodeId, NodeId>();
  readonly #lost = new Set<NodeId>();
  /** Changes that the cluster has taken on. */
  taken = 0;

  constructor(world: World, nodes: readonly SimulatedNode[], observer: Observer) {
    this.#world = world;
    this.#nodes = nodes;
    this.#observer = observer;
  }

  start(): void {
    if (this.#world.plan.cluster === null) return;
    this.#next();
    this.#pursue();
  }

  /** What the cluster is still to do: nodes that wait to be taken in, or lost ones that are members still. */
  get isBusy(): boolean {
    return this.#joining.size > 0 || [...this.#lost].some((id) => this.#isMember(id));
  }

  /** Asks that replicas and leaders be spread anew. */
  rebalance(taken?: (store: Store) => void): void {
    this.#ask('to spread replicas and leaders', rebalanced, taken);
  }

  #next(): void {
    const { plan, operatorRandom: random } = this.#world;
    this.#later(random.float() * 2 * plan.cluster!.everyUs, () => {
      if (!this.#world.faultsOn) return;
      this.#wish();
      this.#next();
    });
  }

  #wish(): void {
    const { operatorRandom: random } = this.#world;
    const { members } = this.#observer.routing;
    const spares = this.#spares();
    const ids = members.map(({ id }) => id);
    const someone = random.pick(ids);
    const other = random.pick(ids);
    const spare = spares.length > 0 ? random.pick(spares) : null;
    const wishes: (() => void)[] = [
      () => this.#remove(someone, false),
      () => this.#remove(someone, false),
      () => this.#ask(`to let node ${other} replace node ${someone}`, (t) => withReplacement(t, someone, other)),
      () => this.rebalance(),
    ];
    if (spare !== null) {
      const add = () => this.#join(spare, 0);
      const replace = () => {
        this.#join(spare, someone);
        // Before it has come to anything, when the other leaves since it is to come.
        if (random.chance(0.5)) this.#later(random.float() * 2000 * TURN_MS, () => this.#remove(spare, false));
      };
      wishes.push(add, add, add, replace, replace, replace);
    }
    const dispensable = this.#dispensable(spare !== null);
    if (dispensable.length > 0) {
      const lose = () => this.#lose(random.pick(dispensable), spare);
      wishes.push(lose, lose);
    }
    random.pick(wishes)();
  }

  /** Nodes that were never members and are not about to be. */
  #spares(): NodeId[] {
    const { members, removed } = this.#observer.routing;
    return this.#nodes
      .filter(({ id, takesPart }) => !takesPart && !this.#joining.has(id) && !this.#lost.has(id))
      .map(({ id }) => id)
      .filter((id) => !removed.includes(id) && !members.some((m) => m.id === id));
  }

  /** Nodes without which every group still has its majority, whatever is done about it. */
  #dispensable(hasSpare: boolean): NodeId[] {
    const { routing, groups } = this.#observer;
    const { members, balance, replicationFactor } = routing;
    if (balance !== 'settled' || this.isBusy || replicationFactor < MIN_VOTERS_TO_LOSE_ONE) return [];
    if (members.some(({ state }) => state !== 'active')) return [];
    if (!hasSpare && members.length <= replicationFactor) return [];
    for (const { id, configurations } of groups.values()) {
      if (!isSettled(configurations.at(-1)!.membership, wantedMembers(routing, id)!)) return [];
    }
    return members.map(({ id }) => id);
  }

  #lose(id: NodeId, spare: NodeId | null): void {
    this.#lost.add(id);
    this.#nodes[id - 1]!.leave('its machine is lost');
    if (spare !== null) this.#join(spare, id);
  }

  #join(id: NodeId, replaces: NodeId): void {
    this.#joining.set(id, replaces);
    this.#askToJoin(id, replaces);
  }

  #askToJoin(id: NodeId, replaces: NodeId): void {
    const self: Member = {
      id,
      host: 'simulated',
      clientPort: id,
      raftPort: id,
      metricsPort: id,
      state: '',
      incarnation: incarnationOf(id),
    };
    const words = `to take in node ${id}${replaces === 0 ? '' : ` for node ${replaces}`}`;
    const taken = (store: Store): void => {
      // The answer may be lost: then the node asks again, and is told that it is a member.
      if (this.#world.faultsOn && this.#world.operatorRandom.chance(0.2)) return;
      if (this.#joining.delete(id)) this.#nodes[id - 1]!.join(store.routing);
    };
    this.#ask(
      words,
      (table) => withMember(table, self, replaces),
      taken,
      () => this.#joining.delete(id),
    );
  }

  /** Others may have begun to leave since it was lost. */
  #noteForce(id: NodeId): void {
    const { members, replicationFactor } = this.#observer.routing;
    const staying = members.filter((m) => m.state !== 'leaving' && m.id !== id);
    if (staying.length < replicationFactor) this.#observer.mayFallShort = true;
  }

  #remove(id: NodeId, force: boolean): void {
    this.#ask(`to remove node ${id}${force ? ' by force' : ''}`, (table, store) =>
      withoutMember(table, id, { force, answers: (other) => other === store.nodeId || !store.isSilent(other) }),
    );
  }

  /** Asks again for what must come to something: that nodes are taken in, and that lost ones go. */
  #pursue(): void {
    this.#later(RETRY_US, () => {
      for (const [id, replaces] of this.#joining) this.#askToJoin(id, replaces);
      const awaited = new Set(this.#joining.values());
      for (const id of this.#lost) {
        if (!this.#isMember(id) || awaited.has(id)) continue;
        this.#noteForce(id);
        this.#remove(id, true);
      }
      this.#pursue();
    });
  }

  /** Asks some node that believes to lead the system group; `taken` when it has written it, `refused` when it never will. */
  #ask(words: string, change: Change, taken?: (store: Store) => void, refused?: () => void): void {
    const leads = (node: SimulatedNode) => node.store?.groups.get(SYSTEM_GROUP)?.isLeader === true;
    const leaders = this.#nodes.filter((node) => !node.paused && leads(node));
    if (leaders.length === 0) return;
    const node = this.#world.operatorRandom.pick(leaders);
    const note = (outcome: string) =>
      this.#world.note(SYSTEM_GROUP, () => `node ${node.id} is asked ${words}: ${outcome}`);
    node.run((store) => {
      try {
        const deadlineMs = node.nowMs + TABLE_WRITE_TIMEOUT_MS;
        putChange(
          store,
          (table) => change(table, store),
          deadlineMs,
          ({ kind }) => {
            note(kind);
            if (kind === 'written') this.taken++;
            // Not in the middle of what its store does now.
            if (kind === 'written' || kind === 'same') this.#later(0, () => taken?.(store));
          },
        );
      } catch (error) {
        if (!(error instanceof MembersError)) throw error;
        note(error.message);
        refused?.();
      }
    });
  }

  #isMember(id: NodeId): boolean {
    return this.#observer.routing.members.some((m) => m.id === id);
  }

  #later(delayUs: number, run: () => void): void {
    this.#world.after(delayUs, new Action(0xe00, run));
  }
}

/** What is missing until the cluster is as its operator wants it, and in which group; null when nothing is. */
export interface Unfinished {
  readonly group: GroupId;
  readonly why: string;
  /** Everything but one leader is in its place. */
  readonly isPlaceOfLeader?: boolean;
}

/** Brings a cluster to rest when the faults are over, and says what is missing until it is. */
export class ClusterRest {
  readonly #operator: ClusterOperator;
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #observer: Observer;
  /** The cluster has begun to spread what it has, since the faults are over. */
  #hasAsked = false;

  constructor(operator: ClusterOperator, world: World, nodes: readonly SimulatedNode[], observer: Observer) {
    this.#operator = operator;
    this.#world = world;
    this.#nodes = nodes;
    this.#observer = observer;
  }

  settle(): void {
    if (this.#world.plan.cluster !== null) this.#pursue();
  }

  #pursue(): void {
    const { routing } = this.#observer;
    if (!this.#operator.isBusy && routing.balance === 'settled') {
      // Leaders that do not follow yet are not waited for, and an election may move one from its place once more.
      if (!this.#hasAsked || this.whyNot()?.isPlaceOfLeader === true)
        this.#operator.rebalance(() => (this.#hasAsked = true));
    }
    this.#world.after(RETRY_US, new Action(0xe10, () => this.#pursue()));
  }

  whyNot(): Unfinished | null {
    if (this.#world.plan.cluster === null) return null;
    const { routing, groups } = this.#observer;
    const { members, balance } = routing;
    const system = (why: string): Unfinished => ({ group: SYSTEM_GROUP, why });
    if (this.#operator.isBusy) return system('nodes wait to be taken in or removed');
    if (!this.#hasAsked) return system('nobody has asked to spread replicas and leaders');
    const coming = members.filter(({ state }) => state !== 'active').map(({ id, state }) => `node ${id} is ${state}`);
    if (coming.length > 0) return system(coming.join(', '));
    if (balance !== 'settled') return system(`the table of epoch ${routing.epoch} says ${balance}`);
    for (const { id, configurations } of groups.values()) {
      if (!isSettled(configurations.at(-1)!.membership, wantedMembers(routing, id)!)) {
        return { group: id, why: 'its members are not those of the routing table' };
      }
    }
    return this.#unspread(routing) ?? this.#leftOver(routing);
  }

  #unspread({ members, partitions }: RoutingTable): Unfinished | null {
    const ids = members.map(({ id }) => id);
    const counts = ids.map((id) => partitions.filter(({ replicas }) => replicas.includes(id)).length);
    if (Math.max(...counts) - Math.min(...counts) > 1) {
      return { group: SYSTEM_GROUP, why: `nodes ${ids.join(', ')} have ${counts.join(', ')} replicas` };
    }
    const leads = ids.map((id) => partitions.filter(({ replicas }) => replicas[0] === id).length);
    const least = leastOfMost(partitions.map(({ replicas }) => replicas));
    if (Math.max(...leads) > least) {
      return {
        group: SYSTEM_GROUP,
        why: `nodes ${ids.join(', ')} are to lead ${leads.join(', ')}, not at most ${least}`,
      };
    }
    for (const { partition, replicas } of partitions) {
      const group = groupOfPartition(partition);
      const leader = this.#nodes[replicas[0]! - 1]!.store?.groups.get(group)?.isLeader;
      if (leader !== true) return { group, why: `node ${replicas[0]} does not lead it`, isPlaceOfLeader: true };
    }
    return null;
  }

  /** Who was removed has ended, and nobody has a replica that is not to be there. */
  #leftOver(routing: RoutingTable): Unfinished | null {
    for (const { id, store } of this.#nodes) {
      if (store === null) continue;
      if (routing.removed.includes(id)) return { group: SYSTEM_GROUP, why: `node ${id} was removed and still runs` };
      for (const group of store.groups.keys()) {
        const { voters, learners } = wantedMembers(routing, group)!;
        if (![...voters, ...learners].includes(id)) return { group, why: `node ${id} still has a replica` };
      }
    }
    return null;
  }
}

/** The fewest partitions that the node with most of them must lead, tried out in every way. */
function leastOfMost(placement: readonly (readonly NodeId[])[]): number {
  const fits = (limit: number): boolean => {
    const leads = new Map<NodeId, number>();
    const place = (at: number): boolean => {
      const replicas = placement[at];
      if (replicas === undefined) return true;
      for (const id of replicas) {
        const count = leads.get(id) ?? 0;
        if (count >= limit) continue;
        leads.set(id, count + 1);
        if (place(at + 1)) return true;
        leads.set(id, count);
      }
      return false;
    };
    return place(0);
  };
  let limit = 1;
  while (!fits(limit)) limit++;
  return limit;
}
