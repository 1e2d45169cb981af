import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SYSTEM_GROUP, groupOfPartition } from '../../../engine/config/ids.ts';
import type { Membership, NodeId } from '../../../engine/raft/types.ts';
import { balancedReplicas } from '../../../engine/store/balance.ts';
import { movingPartitions, plan, type ClusterFacts } from '../../../engine/store/planner.ts';
import { genesisRouting, wantedMembers, type MemberState, type RoutingTable } from '../../../engine/store/routing.ts';

const MAX_MOVING = 2;

function founded(nodes: number, partitions: number, replicationFactor: number): RoutingTable {
  const members = Array.from({ length: nodes }, (_, i) => memberAt(i + 1));
  const table = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions, replicationFactor });
  return { ...table, members: table.members.map((m) => ({ ...m, incarnation: `disk-${m.id}` })) };
}

function memberAt(id: NodeId) {
  return { id, host: '127.0.0.1', clientPort: 7100 + id, raftPort: 7200 + id, metricsPort: 7300 + id };
}

function joining(table: RoutingTable, id: NodeId): RoutingTable {
  const member = { ...memberAt(id), state: 'joining' as MemberState, incarnation: `disk-${id}` };
  return { ...table, epoch: table.epoch + 1, balance: 'replicas', members: [...table.members, member] };
}

function leaving(table: RoutingTable, ...ids: NodeId[]): RoutingTable {
  const members = table.members.map((m) => (ids.includes(m.id) ? { ...m, state: 'leaving' as MemberState } : m));
  return { ...table, epoch: table.epoch + 1, balance: 'replicas', members };
}

/** A cluster that does at once what the table wants, but for the nodes that are down. */
class Cluster {
  table: RoutingTable;
  readonly memberships = new Map<number, Membership>();
  readonly leaders = new Map<number, NodeId>();
  readonly down = new Set<NodeId>();
  /** Replicas that were given to a node that had not held them. */
  copies = 0;
  mostMoving = 0;

  constructor(table: RoutingTable) {
    this.table = table;
    this.obey();
    this.copies = 0;
  }

  get facts(): ClusterFacts {
    const inStep = new Set(this.table.members.map((m) => m.id).filter((id) => !this.down.has(id)));
    return { memberships: this.memberships, known: new Set(this.memberships.keys()), leaders: this.leaders, inStep };
  }

  obey(): void {
    const groups = [SYSTEM_GROUP, ...this.table.partitions.map((p) => groupOfPartition(p.partition))];
    for (const group of groups) {
      const wanted = wantedMembers(this.table, group)!;
      const before = this.memberships.get(group);
      const news = wanted.voters.filter((id) => before?.voters.includes(id) !== true);
      // Whoever is down never catches up, and the group stays as it is.
      if (before !== undefined && news.some((id) => this.down.has(id))) continue;
      if (group !== SYSTEM_GROUP) this.copies += news.length;
      this.memberships.set(group, { voters: wanted.voters, votersOutgoing: [], learners: wanted.learners });
      const preferred = this.table.partitions[group - 1]?.replicas[0] ?? wanted.voters[0]!;
      this.leaders.set(group, preferred);
    }
  }

  /** Plans and obeys until there is nothing left, or all waits. */
  settle(): 'done' | 'waits' {
    for (let waits = 0, i = 0; i < 2000; i++) {
      const next = plan(this.table, this.facts, MAX_MOVING);
      if (next.kind === 'done') return 'done';
      if (next.kind === 'wait') {
        if (++waits > 3) return 'waits';
      } else {
        waits = 0;
        if (next.table.epoch !== this.table.epoch + 1) throw new Error('the epoch does not count the tables');
        this.table = next.table;
        this.mostMoving = Math.max(this.mostMoving, movingPartitions(this.table, this.facts).length);
        for (const { replicas } of this.table.partitions) {
          if (new Set(replicas).size !== replicas.length) throw new Error('a node holds a partition twice');
        }
      }
      this.obey();
    }
    throw new Error('it never ends');
  }

  load(of: (replicas: readonly NodeId[]) => readonly NodeId[]): number[] {
    const load = new Map(this.table.members.filter((m) => m.state === 'active').map((m) => [m.id, 0]));
    for (const { replicas } of this.table.partitions) {
      for (const id of of(replicas)) load.set(id, (load.get(id) ?? 0) + 1);
    }
    return [...load.values()];
  }
}

const spread = (load: readonly number[]) => Math.max(...load) - Math.min(...load);

describe('the plan after a change of members', () => {
  it('has nothing to do for a cluster that is settled, however it was founded', () => {
    const cluster = new Cluster(founded(5, 8, 3));
    expect(plan(cluster.table, cluster.facts)).toEqual({ kind: 'done' });
  });

  it('waits until a new node follows before it gives it anything', () => {
    const cluster = new Cluster(founded(3, 8, 3));
    cluster.table = joining(cluster.table, 4);
    cluster.down.add(4);
    cluster.settle();
    expect(cluster.table.members.at(-1)?.state).toBe('joining');
    cluster.down.delete(4);
    expect(cluster.settle()).toBe('done');
    expect(cluster.table.members.at(-1)?.state).toBe('active');
    expect(cluster.table.partitions.some((p) => p.replicas.includes(4))).toBe(true);
  });

  it('gives a new node its share, with no move that is not needed', () => {
    const cluster = new Cluster(founded(3, 8, 3));
    cluster.table = joining(cluster.table, 4);
    expect(cluster.settle()).toBe('done');
    // 24 replicas on 4 nodes: 6 for the new one.
    expect(cluster.copies).toBe(6);
    expect(cluster.mostMoving).toBe(MAX_MOVING);
    expect(spread(cluster.load((r) => r))).toBeLessThanOrEqual(1);
    expect(spread(cluster.load((r) => r.slice(0, 1)))).toBeLessThanOrEqual(1);
    expect(cluster.table.balance).toBe('settled');
  });

  it('drains a leaving node before it removes it, and moves only what that one held', () => {
    const cluster = new Cluster(founded(4, 8, 3));
    const held = cluster.table.partitions.filter((p) => p.replicas.includes(2)).length;
    cluster.table = leaving(cluster.table, 2);
    expect(cluster.settle()).toBe('done');
    expect(cluster.copies).toBe(held);
    expect(cluster.table.members.map((m) => m.id)).toEqual([1, 3, 4]);
    expect(cluster.table.removed).toEqual([2]);
    expect(cluster.table.partitions.every((p) => !p.replicas.includes(2) && p.replicas.length === 3)).toBe(true);
  });

  it('does not remove a node whose groups have not let it go, or cannot be asked', () => {
    const cluster = new Cluster(founded(4, 2, 3));
    cluster.table = leaving(cluster.table, 1);
    let next = plan(cluster.table, cluster.facts);
    while (next.kind === 'next' && next.table.members.length === 4) {
      cluster.table = next.table;
      next = plan(cluster.table, cluster.facts);
    }
    expect(next.kind).toBe('wait');
    cluster.obey();
    const facts = { ...cluster.facts, memberships: new Map(cluster.memberships) };
    facts.memberships.delete(groupOfPartition(1));
    expect(plan(cluster.table, facts).kind).toBe('wait');
    // One whose members may ask it for votes yet.
    for (const group of [SYSTEM_GROUP, groupOfPartition(1)]) {
      const known = new Set(cluster.facts.known);
      known.delete(group);
      expect(plan(cluster.table, { ...cluster.facts, known }).kind).toBe('wait');
    }
    expect(cluster.settle()).toBe('done');
    expect(cluster.table.members).toHaveLength(3);
  });

  it('does not remove a node that is to decide in the system group until another has come', () => {
    const cluster = new Cluster(founded(3, 2, 2));
    cluster.table = leaving(cluster.table, 1);
    while (cluster.table.partitions.some((p) => p.replicas.includes(1))) {
      const next = plan(cluster.table, cluster.facts);
      if (next.kind === 'next') cluster.table = next.table;
      cluster.obey();
    }
    cluster.table = joining(cluster.table, 4);
    cluster.down.add(4);
    // Node 1 votes no more, and not again yet.
    expect(cluster.memberships.get(SYSTEM_GROUP)?.voters).toEqual([2, 3]);
    expect(wantedMembers(cluster.table, SYSTEM_GROUP)?.voters).toEqual([1, 2, 3]);
    expect(plan(cluster.table, cluster.facts).kind).toBe('wait');
    cluster.down.delete(4);
    expect(cluster.settle()).toBe('done');
    expect(cluster.table.members.map((m) => m.id)).toEqual([2, 3, 4]);
  });

  it('lets one node take the place of another', () => {
    const cluster = new Cluster(founded(3, 6, 3));
    cluster.table = leaving(joining(cluster.table, 4), 3);
    expect(cluster.settle()).toBe('done');
    expect(cluster.copies).toBe(6);
    expect(cluster.table.members.map((m) => m.id)).toEqual([1, 2, 4]);
    expect(cluster.table.partitions.every((p) => p.replicas.includes(4) && p.replicas.length === 3)).toBe(true);
  });

  it('plans anew when a node that was to get replicas has to go again', () => {
    const cluster = new Cluster(founded(3, 8, 3));
    cluster.table = joining(cluster.table, 4);
    cluster.obey();
    const first = plan(cluster.table, cluster.facts);
    if (first.kind === 'next') cluster.table = first.table;
    cluster.down.add(4);
    expect(cluster.settle()).toBe('waits');
    expect(movingPartitions(cluster.table, cluster.facts).length).toBeGreaterThan(0);
    cluster.table = leaving(cluster.table, 4);
    expect(cluster.settle()).toBe('done');
    expect(cluster.table.members.map((m) => m.id)).toEqual([1, 2, 3]);
    expect(cluster.copies).toBe(0);
  });

  it('lets partitions that nobody leads be, and does not begin with more than may move', () => {
    const cluster = new Cluster(founded(5, 8, 3));
    cluster.table = leaving(cluster.table, 1);
    const facts = { ...cluster.facts, memberships: new Map(cluster.memberships) };
    // Two are on their way, for all that can be seen, and may not have begun.
    for (const partition of [0, 3]) facts.memberships.delete(groupOfPartition(partition));
    expect(plan(cluster.table, facts).kind).toBe('wait');
    facts.memberships.set(groupOfPartition(0), cluster.memberships.get(groupOfPartition(0))!);
    const next = plan(cluster.table, facts);
    const moved = next.kind === 'next' ? next.table.partitions.filter((p, i) => p !== cluster.table.partitions[i]) : [];
    expect(moved).toHaveLength(1);
  });

  it('shrinks partitions only when fewer nodes are left than they want, and fills them up again', () => {
    const cluster = new Cluster(founded(3, 4, 3));
    cluster.table = leaving(cluster.table, 2);
    expect(cluster.settle()).toBe('done');
    expect(cluster.table.partitions.every((p) => p.replicas.length === 2)).toBe(true);
    cluster.table = joining(cluster.table, 5);
    expect(cluster.settle()).toBe('done');
    expect(cluster.table.partitions.every((p) => p.replicas.length === 3)).toBe(true);
  });

  it('ends with an even spread and the replication factor, whatever comes and goes', () => {
    const changes = fc.array(fc.record({ add: fc.boolean(), pick: fc.nat() }), { minLength: 1, maxLength: 6 });
    const shape = fc
      .record({ nodes: fc.integer({ min: 1, max: 7 }), partitions: fc.integer({ min: 1, max: 24 }) })
      .chain((s) => fc.record({ ...constants(s), factor: fc.integer({ min: 1, max: Math.min(5, s.nodes) }) }));
    fc.assert(
      fc.property(shape, changes, ({ nodes, partitions, factor }, steps) => {
        const cluster = new Cluster(founded(nodes, partitions, factor));
        let nextId = nodes;
        for (const { add, pick } of steps) {
          const { members } = cluster.table;
          if (add || members.length <= factor) cluster.table = joining(cluster.table, ++nextId);
          else cluster.table = leaving(cluster.table, members[pick % members.length]!.id);
          cluster.copies = 0;
          expect(cluster.settle()).toBe('done');
          expect(cluster.table.members.every((m) => m.state === 'active')).toBe(true);
          expect(cluster.table.partitions.every((p) => p.replicas.length === factor)).toBe(true);
          expect(spread(cluster.load((r) => r))).toBeLessThanOrEqual(1);
          expect(spread(cluster.load((r) => r.slice(0, 1)))).toBeLessThanOrEqual(1);
          expect(cluster.mostMoving).toBeLessThanOrEqual(MAX_MOVING);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('moves no more replicas than any other way to an even spread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.integer({ min: 1, max: 20 }), (nodes, partitions) => {
        const factor = Math.min(3, nodes);
        const even = new Cluster(joining(founded(nodes, partitions, factor), nodes + 1));
        even.settle();
        const cluster = new Cluster(leaving(even.table, 1));
        const held = cluster.table.partitions.filter((p) => p.replicas.includes(1)).length;
        const target = balancedReplicas(cluster.table);
        const copies = cluster.table.partitions.flatMap((p, i) => target[i]!.filter((id) => !p.replicas.includes(id)));
        // From an even spread it takes what the leaving node held; its share fills up the rest evenly.
        expect(copies).toHaveLength(held);
      }),
    );
  });
});

function constants<T extends object>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([k, v]) => [k, fc.constant(v)])) as never;
}
