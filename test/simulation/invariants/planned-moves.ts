import { groupOfPartition, SYSTEM_GROUP, type GroupId } from '../../../engine/config/ids.ts';
import type { Membership, NodeId } from '../../../engine/raft/types.ts';
import { MAX_MOVING } from '../../../engine/store/planner.ts';
import type { RoutingTable } from '../../../engine/store/routing.ts';
import type { Configuration, GroupGhost, ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';
import { decides, words } from './configurations.ts';

const NAME = 'Planned Moves Leave Every Group Its Majority';

type Groups = ReadonlyMap<GroupId, GroupGhost>;

/**
 * One routing table follows another: nobody writes over one that he has not seen, no member goes
 * that a group still counts on, and no more partitions begin to move than may at a time. Called
 * with each table that is applied anywhere for the first time. `mayFallShort` when somebody has
 * removed nodes by force: then partitions can have fewer replicas than they should.
 */
export function checkRouting(
  before: RoutingTable,
  table: RoutingTable,
  node: NodeId,
  groups: Groups,
  mayFallShort: boolean,
): void {
  const fail = (group: GroupId, message: string): never => {
    throw new Violation(NAME, group, node, message);
  };
  const isFirst = table.epoch === 1 && before.epoch === 1;
  if (!isFirst && table.epoch !== before.epoch + 1) {
    fail(SYSTEM_GROUP, `the table of epoch ${table.epoch} was put in place of that of epoch ${before.epoch}`);
  }
  const ids = table.members.map(({ id }) => id);
  for (const { id } of before.members) {
    if (ids.includes(id)) continue;
    if (!table.removed.includes(id)) fail(SYSTEM_GROUP, `node ${id} is no member any more, and was not removed`);
    for (const group of groups.values()) {
      checkNotNeeded(group, id, 'is removed');
      checkKnown(group, id);
    }
  }
  if (before.removed.some((id) => !table.removed.includes(id))) {
    fail(SYSTEM_GROUP, `the nodes removed were ${before.removed.join(', ')}, and are ${table.removed.join(', ')}`);
  }
  const started: number[] = [];
  let moving = 0;
  for (const [i, { partition, replicas }] of table.partitions.entries()) {
    const group = groupOfPartition(partition);
    const strangers = replicas.filter((id) => !ids.includes(id));
    if (strangers.length > 0) fail(group, `it is to be on node ${strangers.join(', ')}, which is no member`);
    if (!mayFallShort && new Set(replicas).size < table.replicationFactor)
      fail(group, `it is to be on ${replicas.join(', ')} only`);
    const now = groups.get(group)!.configurations.at(-1)!.membership;
    if (isOn(now, replicas)) continue;
    moving++;
    if (isOn(now, before.partitions[i]!.replicas)) started.push(partition);
  }
  if (started.length > 0 && moving > MAX_MOVING) {
    fail(groupOfPartition(started[0]!), `partitions ${started.join(', ')} begin to move, and then ${moving} do`);
  }
}

/** A voter counts for a majority; a learner that a leader has let in anew, with a table of before, does not. */
export function checkNotNeeded({ id: group, configurations }: GroupGhost, id: NodeId, what: string): void {
  const { membership } = configurations.at(-1)!;
  if (![...membership.voters, ...membership.votersOutgoing].includes(id)) return;
  throw new Violation(NAME, group, id, `node ${id} ${what}, and the members are ${words(membership)}`);
}

/**
 * Whoever was a voter is asked for votes by those who do not know that it is none any more, and so
 * must stay until a majority knows that durably.
 */
function checkKnown({ id: group, configurations, replicas }: GroupGhost, id: NodeId): void {
  const last = configurations.findLastIndex(({ membership: m }) => [...m.voters, ...m.votersOutgoing].includes(id));
  const since = configurations.slice(last + 1);
  const first = since[0];
  if (last < 0 || first === undefined) return;
  const knows = (voter: NodeId): boolean => {
    const replica = replicas.get(voter);
    if (replica === undefined) return false;
    const { durable, restoredIndex } = replica;
    return Math.max(durable.hardState.commitIndex, durable.snapshotIndex, restoredIndex) >= first.index;
  };
  if (since.some(({ membership }) => decides(membership, knows))) return;
  const { voters } = first.membership;
  const message = `node ${id} is removed, and of the voters ${voters.join(', ')} only ${voters.filter(knows).join(', ') || 'nobody'} knows that it votes no more`;
  throw new Violation(NAME, group, id, message);
}

/**
 * The voters of a partition never become fewer than the replication factor says: whoever goes has a
 * successor that votes. And nobody who was removed votes again. Called with each change that is
 * committed; `table` is the one in force.
 */
export function checkPlannedChange(
  { group: { id }, node }: ReplicaGhost,
  { membership }: Configuration,
  { replicationFactor, removed }: RoutingTable,
  mayFallShort: boolean,
): void {
  const fail = (message: string): never => {
    throw new Violation(NAME, id, node, message);
  };
  const { voters } = membership;
  if (!mayFallShort && id !== SYSTEM_GROUP && voters.length < replicationFactor) {
    fail(`the members become ${words(membership)}, and there shall be ${replicationFactor} voters`);
  }
  const back = voters.filter((voter) => removed.includes(voter));
  if (back.length > 0) fail(`the members become ${words(membership)}, and node ${back.join(', ')} was removed`);
}

function isOn({ voters, votersOutgoing, learners }: Membership, replicas: readonly NodeId[]): boolean {
  if (votersOutgoing.length > 0 || learners.length > 0 || voters.length !== replicas.length) return false;
  return voters.every((id) => replicas.includes(id));
}
