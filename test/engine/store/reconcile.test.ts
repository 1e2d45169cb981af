import { describe, expect, it } from 'vitest';
import { Role, type Membership, type ProgressStatus, type RaftStatus } from '../../../engine/raft/types.ts';
import { leaderStep, nextStep } from '../../../engine/store/reconcile.ts';
import { routingWords } from '../../../engine/store/routing-words.ts';
import { decodeRouting, genesisRouting, systemMembership, type MemberState } from '../../../engine/store/routing.ts';

const LAST = 1000;

function peer(id: number, matchIndex = LAST, recentlyActive = true): ProgressStatus {
  return { id, matchIndex, nextIndex: matchIndex + 1, state: 'replicate', inFlight: 0, recentlyActive };
}

function leads(membership: Partial<Membership>, progress: readonly ProgressStatus[], id = 1): RaftStatus {
  return {
    id,
    role: Role.Leader,
    term: 2,
    votedFor: id,
    leader: id,
    commitIndex: LAST,
    appliedIndex: LAST,
    firstIndex: 1,
    lastIndex: LAST,
    persistedIndex: LAST,
    membership: { voters: [1, 2, 3], votersOutgoing: [], learners: [], ...membership },
    electionTicksLeft: 0,
    ticksSinceLeader: 0,
    transferringTo: 0,
    membershipSettled: true,
    progress,
  };
}

const wanted = (...voters: number[]) => ({ voters, learners: [] });

describe('the way of a group to the members it shall have', () => {
  it('begins with the new ones as learners, waits for them, and then changes all at once', () => {
    const two = [peer(2), peer(3)];
    expect(nextStep(leads({}, two), wanted(1, 2, 4))).toEqual({
      kind: 'propose',
      target: { voters: [1, 2, 3], learners: [4] },
    });
    const behind = leads({ learners: [4] }, [...two, peer(4, 10)]);
    expect(nextStep(behind, wanted(1, 2, 4))).toBeNull();
    const silent = leads({ learners: [4] }, [...two, peer(4, LAST, false)]);
    expect(nextStep(silent, wanted(1, 2, 4))).toBeNull();
    expect(nextStep(leads({ learners: [4] }, [...two, peer(4)]), wanted(1, 2, 4))).toEqual({
      kind: 'propose',
      target: { voters: [1, 2, 4], learners: [] },
    });
  });

  it('does nothing in a joint configuration, during a hand-over, or at its end', () => {
    const two = [peer(2), peer(3)];
    expect(nextStep(leads({ votersOutgoing: [1, 2, 3], voters: [1, 2, 4] }, two), wanted(1, 2, 5))).toBeNull();
    expect(nextStep({ ...leads({}, two), transferringTo: 2 }, wanted(1, 2, 4))).toBeNull();
    expect(nextStep(leads({}, two), wanted(1, 2, 3))).toBeNull();
  });

  it('lets a leader that is not to stay hand over first, to one that is', () => {
    const caughtUp = leads({ learners: [4] }, [peer(2, 950), peer(3), peer(4)]);
    expect(nextStep(caughtUp, wanted(2, 3, 4))).toEqual({ kind: 'transfer', to: 3 });
    const alone = leads({ voters: [1], learners: [4] }, [peer(4)]);
    expect(nextStep(alone, wanted(4))).toEqual({ kind: 'propose', target: { voters: [4], learners: [] } });
  });

  it('lets those in step vote while another is behind, where the group only grows', () => {
    const grows = leads({ learners: [4, 5] }, [peer(2), peer(3), peer(4), peer(5, 1)]);
    expect(nextStep(grows, wanted(1, 2, 3, 4, 5))).toEqual({
      kind: 'propose',
      target: { voters: [1, 2, 3, 4], learners: [5] },
    });
    expect(nextStep(grows, wanted(2, 3, 4, 5))).toBeNull();
  });

  it('never goes to voters of whom no majority answers', () => {
    const dead = [peer(2), peer(3, LAST, false)];
    expect(nextStep(leads({}, dead), wanted(1, 3))).toBeNull();
    expect(nextStep(leads({}, dead), wanted(1, 2))).toEqual({
      kind: 'propose',
      target: { voters: [1, 2], learners: [] },
    });
  });

  it('hands over to the preferred leader when that one is in step', () => {
    expect(leaderStep(leads({}, [peer(2), peer(3)]), 2)).toEqual({ kind: 'transfer', to: 2 });
    expect(leaderStep(leads({}, [peer(2), peer(3)]), 1)).toBeNull();
    expect(leaderStep(leads({}, [peer(2, 10), peer(3)]), 2)).toBeNull();
    expect(leaderStep(leads({}, [peer(2), peer(3)]), 9)).toBeNull();
  });
});

describe('the members of the system group', () => {
  const tableOf = (...states: MemberState[]) => {
    const members = states.map((_, i) => ({ id: i + 1, host: 'h', clientPort: 1, raftPort: 2, metricsPort: 3 }));
    const table = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor: 1 });
    return { ...table, members: table.members.map((m, i) => ({ ...m, state: states[i]! })) };
  };

  it('are all that are active, five of them with a vote', () => {
    const seven = tableOf('active', 'active', 'active', 'active', 'active', 'active', 'active');
    expect(systemMembership(seven)).toEqual({ voters: [1, 2, 3, 4, 5], learners: [6, 7] });
    expect(systemMembership(tableOf('active', 'active', 'joining'))).toEqual({ voters: [1, 2], learners: [3] });
  });

  it('keep one that leaves among the voters until its successor can vote', () => {
    expect(systemMembership(tableOf('active', 'leaving', 'active', 'joining')).voters).toEqual([1, 2, 3]);
    expect(systemMembership(tableOf('active', 'leaving', 'active', 'active')).voters).toEqual([1, 3, 4]);
    expect(systemMembership(tableOf('leaving', 'joining')).voters).toEqual([1]);
    // One that never comes keeps nobody from leaving where enough others are left.
    expect(systemMembership(tableOf('active', 'leaving', 'active', 'joining', 'active')).voters).toEqual([1, 3, 5]);
  });
});

describe('a routing table', () => {
  it('that an older version wrote is read as what it meant', () => {
    const old = {
      clusterId: 'c',
      clusterName: 'c',
      epoch: 1,
      members: [{ id: 1, host: 'h', clientPort: 1, raftPort: 2, metricsPort: 3 }],
      partitions: [{ partition: 0, replicas: [1] }],
    };
    expect(decodeRouting(new TextEncoder().encode(JSON.stringify(old)))).toEqual({
      ...old,
      layoutEpoch: 1,
      replicationFactor: 1,
      balance: 'settled',
      removed: [],
      members: [{ ...old.members[0], state: 'active', incarnation: '' }],
    });
  });

  it('says in words what it changes', () => {
    const members = [1, 2, 3].map((id) => ({ id, host: 'h', clientPort: id, raftPort: id, metricsPort: id }));
    const before = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 2, replicationFactor: 1 });
    const [one, two, three] = before.members;
    const after = {
      ...before,
      members: [one!, { ...two!, state: 'leaving' as const }, { ...three!, id: 4, state: 'joining' as const }],
      partitions: [{ partition: 0, replicas: [4] }, before.partitions[1]!],
    };
    expect(routingWords(before, after)).toBe('n2 is leaving; n4 joins; n3 was removed; partition 0 moves');
    expect(routingWords(before, { ...before, epoch: 9 })).toBe('');
  });
});
