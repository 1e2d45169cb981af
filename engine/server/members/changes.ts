import { MAX_NODES } from '../../config/limits.ts';
import type { Member } from '../../rpc/cluster.ts';
import type { RoutingMember, RoutingTable } from '../../store/index.ts';

/** Why the members stay as they are, in a sentence that says what to do. */
export class MembersError extends Error {
  override readonly name = 'MembersError';
}

/** The largest that the consensus core takes. */
const MAX_ID = 0xffffffff;
const MAX_HOST_LENGTH = 255;

/**
 * Each of these takes the routing table and gives the one to put in its place, or the same when
 * there is nothing to do: a change that is asked for twice is done once. They throw a MembersError.
 */

export function withMember(table: RoutingTable, asked: Member, replaces: number): RoutingTable {
  const id = asked.id === 0 ? nextId(table) : asked.id;
  const known = table.members.find((m) => m.id === id);
  if (known !== undefined) return withKnown(table, known, asked);
  checkAddress(table, asked);
  if (id < 1 || id > MAX_ID) throw new MembersError(`A node has an id from 1 to ${MAX_ID}.`);
  // The logs of groups hold memberships of the past, in which the old node's votes count: one
  // that has nothing of what that node had acknowledged must not be able to give them.
  if (table.removed.includes(id)) {
    throw new MembersError(`n${id} was a member once, and an id is never given twice. Choose another, or none.`);
  }
  const staying = table.members.filter((m) => m.state !== 'leaving' && m.id !== replaces).length;
  if (staying >= MAX_NODES) {
    throw new MembersError(`A cluster has at most ${MAX_NODES} nodes. Remove one first, or replace one by this.`);
  }
  const { host, clientPort, raftPort, metricsPort, incarnation } = asked;
  const member: RoutingMember = { id, host, clientPort, raftPort, metricsPort, state: 'joining', incarnation };
  const others = replaces === 0 ? table.members : leaving(table, memberOf(table, replaces).id);
  return {
    ...table,
    epoch: table.epoch + 1,
    // A new member gets its share when it follows; only what another gives away is due before.
    balance: replaces === 0 ? table.balance : 'replicas',
    members: [...others, member].sort((a, b) => a.id - b.id),
  };
}

export function withoutMember(
  table: RoutingTable,
  id: number,
  { force, answers }: { readonly force: boolean; readonly answers: (id: number) => boolean },
): RoutingTable {
  const member = memberOf(table, id);
  if (member.state === 'leaving') return table;
  const staying = stayingBut(table, id);
  if (staying.length === 0) {
    throw new MembersError(`n${id} is the last node of the cluster. Delete the cluster instead, or add a node first.`);
  }
  if (!answers(id) && !force) {
    throw new MembersError(
      `n${id} does not answer. Start it, so that it can give away in order what it holds; or, if it is gone for good, force its removal.`,
    );
  }
  const deciding = staying.filter((other) => other.state === 'active');
  const silent = deciding.filter((other) => !answers(other.id)).map((other) => `n${other.id}`);
  if (silent.length > 0 && silent.length * 2 >= deciding.length) {
    throw new MembersError(
      `Without n${id} there would be no majority that answers: ${silent.join(', ')} ${silent.length === 1 ? 'does' : 'do'} not. Start or replace ${silent.length === 1 ? 'it' : 'them'} first.`,
    );
  }
  // What it never held, nobody misses, unless others leave since it is there to take their place.
  const isCountedOn = member.state === 'active' || table.members.some((m) => m.state === 'leaving');
  if (isCountedOn && !force) checkFactor(table, staying.length, `Without n${id}`);
  return changed(table, { members: leaving(table, id) });
}

export function withReplacement(table: RoutingTable, oldId: number, newId: number): RoutingTable {
  const old = memberOf(table, oldId);
  const successor = memberOf(table, newId);
  if (oldId === newId) throw new MembersError(`n${oldId} cannot replace itself. Add another node for it.`);
  if (successor.state === 'leaving') throw new MembersError(`n${newId} is leaving itself. Add another node.`);
  if (old.state === 'leaving') return table;
  checkFactor(table, stayingBut(table, oldId).length, `Without n${oldId}`);
  return changed(table, { members: leaving(table, oldId) });
}

export function rebalanced(table: RoutingTable): RoutingTable {
  return table.balance === 'replicas' ? table : changed(table, {});
}

/** The members with the data directories that they were seen to come with, where none was known; null: nothing new. */
export function withIncarnations(table: RoutingTable, seen: ReadonlyMap<number, string>): RoutingTable | null {
  const news = (m: RoutingMember) => (m.incarnation === '' ? (seen.get(m.id) ?? '') : '');
  if (table.members.every((m) => news(m) === '')) return null;
  const members = table.members.map((m) => (news(m) === '' ? m : { ...m, incarnation: news(m) }));
  return { ...table, members, epoch: table.epoch + 1 };
}

function withKnown(table: RoutingTable, known: RoutingMember, asked: Member): RoutingTable {
  const isSame =
    known.host === asked.host && known.raftPort === asked.raftPort && known.clientPort === asked.clientPort;
  if (known.state === 'leaving') {
    throw new MembersError(`n${known.id} is being removed. Wait until it is gone, or choose another id.`);
  }
  if (!isSame) throw new MembersError(`n${known.id} is a member already, at ${known.host}. Choose another id.`);
  if (known.incarnation === asked.incarnation || asked.incarnation === '') return table;
  if (known.incarnation !== '') {
    throw new MembersError(
      `n${known.id} is a member already and known by another data directory: its disk was wiped or exchanged. Bring its data back, or let another id replace it.`,
    );
  }
  const members = table.members.map((m) => (m === known ? { ...m, incarnation: asked.incarnation } : m));
  return { ...table, members, epoch: table.epoch + 1 };
}

function nextId(table: RoutingTable): number {
  return Math.max(0, ...table.members.map((m) => m.id), ...table.removed) + 1;
}

function checkAddress(table: RoutingTable, { host, clientPort, raftPort, metricsPort, incarnation }: Member): void {
  if (host.length === 0 || host.length > MAX_HOST_LENGTH || /[\s/]/.test(host)) {
    throw new MembersError('A node needs a host that the others can dial.');
  }
  if (incarnation.length > 64) throw new MembersError('The incarnation is too long to be one.');
  for (const port of [clientPort, raftPort, metricsPort]) {
    if (!(port >= 1 && port <= 65_535))
      throw new MembersError(`${port} is not a port. A node needs three, from 1 to 65535.`);
  }
  const twin = table.members.find((m) => m.host === host && (m.raftPort === raftPort || m.clientPort === clientPort));
  if (twin !== undefined) throw new MembersError(`n${twin.id} has the address of this node. Choose other ports.`);
}

function memberOf(table: RoutingTable, id: number): RoutingMember {
  const member = table.members.find((m) => m.id === id);
  if (member !== undefined) return member;
  const names = table.members.map((m) => `n${m.id}`).join(', ');
  const what = table.removed.includes(id) ? 'was removed already' : 'is no node of this cluster';
  throw new MembersError(`n${id} ${what}. Its nodes are ${names}.`);
}

function stayingBut(table: RoutingTable, id: number): readonly RoutingMember[] {
  return table.members.filter((m) => m.state !== 'leaving' && m.id !== id);
}

function checkFactor(table: RoutingTable, staying: number, when: string): void {
  if (staying >= table.replicationFactor) return;
  throw new MembersError(
    `${when} there would be ${staying === 1 ? 'one node' : `${staying} nodes`}, fewer than the replication factor of ${table.replicationFactor}. Add a node first, or let one replace it.`,
  );
}

function leaving(table: RoutingTable, id: number): RoutingMember[] {
  return table.members.map((m): RoutingMember => (m.id === id ? { ...m, state: 'leaving' } : m));
}

function changed(table: RoutingTable, change: Partial<RoutingTable>): RoutingTable {
  return { ...table, ...change, epoch: table.epoch + 1, balance: 'replicas' };
}
