import { describe, expect, it } from 'vitest';
import type { Member } from '../../../engine/rpc/cluster.ts';
import {
  MembersError,
  withIncarnations,
  withMember,
  withoutMember,
  withReplacement,
} from '../../../engine/server/members/changes.ts';
import { genesisRouting, type RoutingTable } from '../../../engine/store/routing.ts';

function addressOf(id: number) {
  return { id, host: '127.0.0.1', clientPort: 7100 + id, raftPort: 7200 + id, metricsPort: 7300 + id };
}

function member(id: number, incarnation = `disk-${id}`): Member {
  return { ...addressOf(id), state: '', incarnation };
}

function founded(nodes: number, replicationFactor = 3): RoutingTable {
  const members = Array.from({ length: nodes }, (_, i) => addressOf(i + 1));
  const table = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 4, replicationFactor });
  return withIncarnations(table, new Map(members.map(({ id }) => [id, `disk-${id}`])))!;
}

const refusal = (change: () => unknown): string => {
  try {
    change();
  } catch (error) {
    if (error instanceof MembersError) return error.message;
    throw error;
  }
  return 'it was not refused';
};
const all = { force: false, answers: () => true };

describe('a member is added', () => {
  it('joins in the next epoch, and only once however often it is asked for', () => {
    const before = founded(3);
    const after = withMember(before, member(4), 0);
    expect(after.epoch).toBe(before.epoch + 1);
    expect(after.members.at(-1)).toMatchObject({ id: 4, state: 'joining', incarnation: 'disk-4' });
    expect(after.balance).toBe('settled');
    expect(withMember(after, member(4), 0)).toBe(after);
  });

  it('gets the next id that was never given, when it asks for none', () => {
    const table = { ...founded(3), removed: [7] };
    expect(withMember(table, { ...member(4), id: 0 }, 0).members.map((m) => m.id)).toEqual([1, 2, 3, 8]);
  });

  it('takes the place of another at once', () => {
    const after = withMember(founded(3), member(4), 2);
    expect(after.members.map((m) => `${m.id} ${m.state}`)).toEqual(['1 active', '2 leaving', '3 active', '4 joining']);
    expect(after.balance).toBe('replicas');
  });

  it('is refused with another disk under an id that is known, and for ever under one that was removed', () => {
    const table = founded(3);
    const wiped = member(2, 'another-disk');
    expect(refusal(() => withMember(table, wiped, 0))).toMatch(/n2 is a member already and known by another data/);
    const without = { ...table, members: table.members.filter((m) => m.id !== 2), removed: [2] };
    expect(refusal(() => withMember(without, wiped, 0))).toMatch(
      /n2 was a member once, and an id is never given twice/,
    );
  });

  it('is refused an address that is taken, or that is none', () => {
    const table = founded(3);
    expect(refusal(() => withMember(table, { ...member(4), raftPort: 7202 }, 0))).toMatch(/n2 has the address/);
    expect(refusal(() => withMember(table, { ...member(4), clientPort: 0 }, 0))).toMatch(/0 is not a port/);
    expect(refusal(() => withMember(table, { ...member(4), host: '' }, 0))).toMatch(/needs a host/);
    expect(refusal(() => withMember(table, { ...member(2), clientPort: 7999 }, 0))).toMatch(/n2 is a member already/);
  });

  it('is refused beyond the most there can be, unless it replaces one', () => {
    const table = founded(9);
    expect(refusal(() => withMember(table, member(10), 0))).toMatch(/at most 9 nodes/);
    expect(withMember(table, member(10), 3).members).toHaveLength(10);
  });
});

describe('a member is removed', () => {
  it('begins to leave, once', () => {
    const after = withoutMember(founded(4), 2, all);
    expect(after.members.map((m) => m.state)).toEqual(['active', 'leaving', 'active', 'active']);
    expect(withoutMember(after, 2, all)).toBe(after);
  });

  it('is refused what would not work, with what to do instead', () => {
    expect(refusal(() => withoutMember(founded(3), 3, all))).toMatch(/2 nodes, fewer than the replication factor of 3/);
    expect(refusal(() => withoutMember(founded(1, 1), 1, all))).toMatch(/the last node/);
    expect(refusal(() => withoutMember(founded(4), 9, all))).toMatch(/n9 is no node of this cluster. Its nodes are/);
    expect(refusal(() => withoutMember({ ...founded(3), removed: [9] }, 9, all))).toMatch(/n9 was removed already/);
    const silent = { force: false, answers: (id: number) => id !== 2 };
    expect(refusal(() => withoutMember(founded(4), 2, silent))).toMatch(/n2 does not answer/);
    expect(withoutMember(founded(4), 2, { ...silent, force: true }).members[1]?.state).toBe('leaving');
    expect(withoutMember(founded(3), 3, { ...all, force: true }).members[2]?.state).toBe('leaving');
    const alone = { force: true, answers: (id: number) => id === 1 || id === 3 };
    expect(refusal(() => withoutMember(founded(3), 3, alone))).toMatch(/no majority that answers: n2 does not/);
  });
});

describe('a member that has not held anything yet', () => {
  it('goes as it came, but for one that another leaves for', () => {
    const joining = withMember(founded(3), member(4), 0);
    expect(withoutMember(joining, 4, all).members.at(-1)?.state).toBe('leaving');
    const replacing = withMember(founded(3), member(4), 2);
    expect(refusal(() => withoutMember(replacing, 4, all))).toMatch(/Without n4 there would be 2 nodes, fewer than/);
    expect(withMember(replacing, member(5), 4).members.map((m) => m.state)).toEqual([
      'active',
      'leaving',
      'active',
      'leaving',
      'joining',
    ]);
  });
});

describe('a member replaces another', () => {
  it('needs to be another member that stays, and enough others', () => {
    const table = founded(4);
    expect(withReplacement(table, 1, 4).members[0]?.state).toBe('leaving');
    expect(refusal(() => withReplacement(table, 1, 1))).toMatch(/cannot replace itself/);
    expect(refusal(() => withReplacement(table, 1, 9))).toMatch(/n9 is no node/);
    expect(refusal(() => withReplacement(founded(3), 1, 2))).toMatch(/fewer than the replication factor/);
    const leaving = withoutMember(table, 2, all);
    expect(refusal(() => withReplacement(leaving, 1, 2))).toMatch(/n2 is leaving itself/);
  });
});

describe('the data directory of a member', () => {
  it('is the first one that it comes with, and never another', () => {
    const table = founded(2, 2);
    expect(withIncarnations(table, new Map([[1, 'other']]))).toBeNull();
    const unknown = { ...table, members: table.members.map((m) => ({ ...m, incarnation: '' })) };
    expect(withIncarnations(unknown, new Map([[2, '']]))).toBeNull();
    expect(withIncarnations(unknown, new Map([[2, 'x']]))?.members.map((m) => m.incarnation)).toEqual(['', 'x']);
  });
});
