import type { NodeId } from '../raft/types.ts';
import type { RoutingTable } from './routing.ts';

type Placement = NodeId[][];

/**
 * Where the replicas of each partition should be, the preferred leader first: on active members
 * only, as many as the replication factor says, and no member with two more than another.
 * Replicas that may stay do, so what differs from the table is what has to move. A leaving
 * member keeps a replica as long as nobody is there to take it.
 */
export function balancedReplicas(table: RoutingTable): NodeId[][] {
  const active = table.members.filter((m) => m.state === 'active').map((m) => m.id);
  const joining = table.members.filter((m) => m.state === 'joining').length;
  if (active.length === 0) return table.partitions.map((p) => [...p.replicas]);
  const factor = Math.min(table.replicationFactor, active.length + joining);
  const isActive = new Set(active);
  const placement: Placement = table.partitions.map((p) => p.replicas.filter((id) => isActive.has(id)));
  const load = loads(active, placement);
  for (const [index, replicas] of placement.entries()) {
    while (replicas.length > factor) {
      const most = replicas.toSorted((a, b) => load.get(b)! - load.get(a)! || b - a)[0]!;
      replicas.splice(replicas.indexOf(most), 1);
      load.set(most, load.get(most)! - 1);
    }
    while (replicas.length < factor) {
      const least = active
        .filter((id) => !replicas.includes(id))
        .toSorted((a, b) => load.get(a)! - load.get(b)! || a - b)[0];
      if (least === undefined) break;
      replicas.push(least);
      load.set(least, load.get(least)! + 1);
    }
    const staying = table.partitions[index]!.replicas.filter((id) => !isActive.has(id));
    replicas.push(...staying.slice(0, Math.max(0, factor - replicas.length)));
  }
  evenOut(active, table, placement, load);
  return placement;
}

function loads(members: readonly NodeId[], placement: Placement): Map<NodeId, number> {
  const load = new Map(members.map((id) => [id, 0]));
  for (const id of placement.flat()) load.set(id, (load.get(id) ?? 0) + 1);
  return load;
}

/** One replica of a partition goes to another member. */
interface Shift {
  readonly partition: number;
  readonly from: NodeId;
  readonly to: NodeId;
}

/**
 * Brings the load closer to even, step by step. Where a replica has to go to a new place anyway,
 * another new place costs nothing; only when that does not help, one that could stay moves.
 */
function evenOut(
  active: readonly NodeId[],
  table: RoutingTable,
  placement: Placement,
  load: Map<NodeId, number>,
): void {
  const isNew = (partition: number, id: NodeId) => !table.partitions[partition]!.replicas.includes(id);
  for (;;) {
    const shifts = newPlaces(active, placement, load, isNew) ?? oneMove(active, placement, load);
    if (shifts === null) return;
    for (const { partition, from, to } of shifts) {
      const replicas = placement[partition]!;
      replicas.splice(replicas.indexOf(from), 1);
      replicas.push(to);
      load.set(from, load.get(from)! - 1);
      load.set(to, load.get(to)! + 1);
    }
  }
}

/** The shortest chain of new replicas that go elsewhere, from a member to one that has two less; null without one. */
function newPlaces(
  active: readonly NodeId[],
  placement: Placement,
  load: ReadonlyMap<NodeId, number>,
  isNew: (partition: number, id: NodeId) => boolean,
): Shift[] | null {
  for (const start of active.toSorted((a, b) => load.get(b)! - load.get(a)! || a - b)) {
    const reached = new Map<NodeId, Shift[]>([[start, []]]);
    const open = [start];
    for (let from = open.shift(); from !== undefined; from = open.shift()) {
      const way = reached.get(from)!;
      if (load.get(start)! - load.get(from)! >= 2) return way;
      for (const [partition, replicas] of placement.entries()) {
        if (!replicas.includes(from) || !isNew(partition, from)) continue;
        for (const to of active) {
          if (reached.has(to) || replicas.includes(to)) continue;
          reached.set(to, [...way, { partition, from, to }]);
          open.push(to);
        }
      }
    }
  }
  return null;
}

/** A replica of the fullest member that goes to the emptiest; null when they are even. */
function oneMove(active: readonly NodeId[], placement: Placement, load: ReadonlyMap<NodeId, number>): Shift[] | null {
  const order = active.toSorted((a, b) => load.get(a)! - load.get(b)! || a - b);
  const to = order[0]!;
  const from = order.at(-1)!;
  if (load.get(from)! - load.get(to)! <= 1) return null;
  const movable = [...placement.keys()].filter((p) => placement[p]!.includes(from) && !placement[p]!.includes(to));
  // Rather one that it does not lead: a leader that moves costs a hand-over too.
  const partition = movable.find((p) => placement[p]![0] !== from) ?? movable[0];
  return partition === undefined ? null : [{ partition, from, to }];
}

/**
 * The same replicas in an order that gives the members as even a share of the leaders as these
 * replicas allow, with as few changes of the first place as that takes.
 */
export function balancedLeaders(members: readonly NodeId[], placement: readonly (readonly NodeId[])[]): NodeId[][] {
  const result = placement.map((replicas) => [...replicas]);
  for (;;) {
    const chain = chainToEven(members, result);
    if (chain === null) return result;
    for (const { partition, to } of chain) {
      const replicas = result[partition]!;
      replicas.splice(replicas.indexOf(to), 1);
      replicas.unshift(to);
    }
  }
}

interface Handover {
  readonly partition: number;
  readonly to: NodeId;
}

/**
 * The shortest chain of hand-overs at whose one end a member leads one less and at whose other
 * end one leads one more, where they differ by two or more; null when there is none.
 */
function chainToEven(members: readonly NodeId[], placement: Placement): Handover[] | null {
  const leads = new Map(members.map((id) => [id, 0]));
  for (const [first] of placement) if (first !== undefined) leads.set(first, (leads.get(first) ?? 0) + 1);
  const fullest = members.toSorted((a, b) => leads.get(b)! - leads.get(a)! || a - b);
  for (const from of fullest) {
    const reached = new Map<NodeId, Handover[]>([[from, []]]);
    const open = [from];
    for (let node = open.shift(); node !== undefined; node = open.shift()) {
      const way = reached.get(node)!;
      if (leads.get(from)! - leads.get(node)! >= 2) return way;
      for (const [partition, replicas] of placement.entries()) {
        if (replicas[0] !== node) continue;
        for (const to of replicas.slice(1)) {
          if (reached.has(to) || !leads.has(to)) continue;
          reached.set(to, [...way, { partition, to }]);
          open.push(to);
        }
      }
    }
  }
  return null;
}
