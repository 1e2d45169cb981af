import { SYSTEM_GROUP, groupOfPartition, type GroupId } from '../config/ids.ts';
import { allMembers } from '../raft/membership.ts';
import type { Membership, NodeId } from '../raft/types.ts';
import { balancedLeaders, balancedReplicas } from './balance.ts';
import type { RoutingMember, RoutingTable } from './routing.ts';
import { systemMembership, wantedMembers, type WantedMembers } from './routing.ts';

/** Each partition that moves copies its data: more at a time would take from clients what they need. */
export const MAX_MOVING = 2;

/** What is known of the groups as they are. A group that is not here has no leader that could be asked. */
export interface ClusterFacts {
  readonly memberships: ReadonlyMap<GroupId, Membership>;
  /**
   * Groups of whose membership a majority of its members knows durably. Before that, those who were
   * members can be needed still: who does not know of the change asks them for votes.
   */
  readonly known: ReadonlySet<GroupId>;
  readonly leaders: ReadonlyMap<GroupId, NodeId>;
  /** Members that follow the system group and answer. */
  readonly inStep: ReadonlySet<NodeId>;
}

export type Plan =
  /** The table to put in place of the one that was given. */
  | { readonly kind: 'next'; readonly table: RoutingTable; readonly because: string }
  /** Something is on its way, or waits for a node; ask again. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'done' };

/** Whether a group's membership is what the table wants, with nothing half done. */
export function isSettled(actual: Membership | undefined, wanted: WantedMembers): boolean {
  return (
    actual !== undefined &&
    actual.votersOutgoing.length === 0 &&
    sameIds(actual.voters, wanted.voters) &&
    sameIds(actual.learners, wanted.learners)
  );
}

export function sameIds(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

/** The partitions whose replicas are not yet where the table wants them. */
export function movingPartitions(table: RoutingTable, facts: Pick<ClusterFacts, 'memberships'>): number[] {
  return table.partitions
    .map(({ partition }) => partition)
    .filter((partition) => {
      const group = groupOfPartition(partition);
      return !isSettled(facts.memberships.get(group), wantedMembers(table, group)!);
    });
}

/**
 * The next step towards members that all have their share: a few partitions at a time get other
 * replicas, members that follow become active, drained ones go, and when all that is done the
 * leaders are spread. Pure: whoever leads the system group asks again after each step, and so the
 * work survives every change of leader.
 */
export function plan(table: RoutingTable, facts: ClusterFacts, maxMoving = MAX_MOVING): Plan {
  return (
    activate(table, facts) ??
    moveReplicas(table, facts, maxMoving) ??
    removeDrained(table, facts) ??
    spreadLeaders(table, facts) ?? { kind: 'done' }
  );
}

function next(table: RoutingTable, change: Partial<RoutingTable>, because: string): Plan {
  return { kind: 'next', table: { ...table, ...change, epoch: table.epoch + 1 }, because };
}

function name(id: NodeId): string {
  return `n${id}`;
}

/** A member gets replicas once it has shown that it is there and follows. */
function activate(table: RoutingTable, { memberships, inStep }: ClusterFacts): Plan | null {
  const system = memberships.get(SYSTEM_GROUP);
  if (system === undefined) return null;
  const isReady = (m: RoutingMember) =>
    m.state === 'joining' && inStep.has(m.id) && allMembers(system).includes(m.id) && m.incarnation !== '';
  const ready = table.members.filter(isReady);
  if (ready.length === 0) return null;
  const members = table.members.map((m): RoutingMember => (ready.includes(m) ? { ...m, state: 'active' } : m));
  return next(
    table,
    { members, balance: 'replicas' },
    `${ready.map((m) => name(m.id)).join(', ')} follows and is active`,
  );
}

function moveReplicas(table: RoutingTable, facts: ClusterFacts, maxMoving: number): Plan | null {
  if (table.balance !== 'replicas') return null;
  const wanted = balancedReplicas(table);
  const moving = new Set(movingPartitions(table, facts));
  const states = new Map(table.members.map((m) => [m.id, m.state]));
  const isVain = (replicas: readonly NodeId[]) => replicas.some((id) => states.get(id) !== 'active');
  let room = Math.max(0, maxMoving - moving.size);
  const moved: number[] = [];
  const partitions = table.partitions.map((entry, index) => {
    const target = wanted[index]!;
    if (sameIds(target, entry.replicas)) return entry;
    if (moving.has(entry.partition)) {
      // It waits for a member that is on its way out: it may never get there. One that nobody leads
      // may not have begun to move at all: sent elsewhere, it would be one more than may move.
      if (!isVain(entry.replicas) || !facts.memberships.has(groupOfPartition(entry.partition))) return entry;
    } else if (room-- <= 0) return entry;
    moved.push(entry.partition);
    return { ...entry, replicas: target };
  });
  if (moved.length > 0) return next(table, { partitions }, `partitions ${moved.join(', ')} move`);
  return moving.size > 0 || table.partitions.some((p) => isVain(p.replicas)) ? { kind: 'wait' } : null;
}

/** A leaving member that holds nothing any more, and that no group can need, is no member any more. */
function removeDrained(table: RoutingTable, { memberships, known }: ClusterFacts): Plan | null {
  const leaving = table.members.filter((m) => m.state === 'leaving');
  if (leaving.length === 0) return null;
  const isDrained = ({ id }: RoutingMember): boolean => {
    if (table.partitions.some((p) => p.replicas.includes(id))) return false;
    if (!known.has(SYSTEM_GROUP) || systemVoters(memberships).includes(id)) return false;
    // It is on its way to be one: its leader does what the table says while another is written.
    if (systemMembership(table).voters.includes(id)) return false;
    return table.partitions.every(({ partition }) => {
      const group = groupOfPartition(partition);
      const membership = memberships.get(group);
      return membership !== undefined && known.has(group) && !allMembers(membership).includes(id);
    });
  };
  if (!memberships.has(SYSTEM_GROUP)) return { kind: 'wait' };
  const drained = leaving.filter(isDrained);
  if (drained.length === 0) return { kind: 'wait' };
  const members = table.members.filter((m) => !drained.includes(m));
  const removed = [...new Set([...table.removed, ...drained.map((m) => m.id)])].sort((a, b) => a - b);
  return next(table, { members, removed }, `${drained.map((m) => name(m.id)).join(', ')} holds nothing and is removed`);
}

function systemVoters(memberships: ReadonlyMap<GroupId, Membership>): readonly NodeId[] {
  const system = memberships.get(SYSTEM_GROUP);
  return system === undefined ? [] : [...system.voters, ...system.votersOutgoing];
}

function spreadLeaders(table: RoutingTable, { leaders, inStep }: ClusterFacts): Plan | null {
  if (table.balance === 'replicas') {
    const members = table.members.filter((m) => m.state === 'active').map((m) => m.id);
    const ordered = balancedLeaders(
      members,
      table.partitions.map((p) => p.replicas),
    );
    const partitions = table.partitions.map((entry, index) => ({ ...entry, replicas: ordered[index]! }));
    return next(table, { partitions, balance: 'leaders' }, 'the replicas are spread; now the leaders');
  }
  if (table.balance !== 'leaders') return null;
  const isThere = ({ partition, replicas }: RoutingTable['partitions'][number]) => {
    const preferred = replicas[0]!;
    // One that is down cannot lead; the others go on without it.
    return !inStep.has(preferred) || leaders.get(groupOfPartition(partition)) === preferred;
  };
  if (!table.partitions.every(isThere)) return { kind: 'wait' };
  return next(table, { balance: 'settled' }, 'replicas and leaders are spread');
}
