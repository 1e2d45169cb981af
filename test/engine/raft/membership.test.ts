import { describe, expect, it } from 'vitest';
import { CorruptEntryError, DriverOrderError } from '../../../engine/raft/errors.ts';
import { EntryType, MessageType } from '../../../engine/raft/types.ts';
import { bytes, changeEntry, ELECTION_MAX, entry, leaderMember, logOf, Member, MemoryDisk, ofType } from './harness.ts';
import { acknowledge, change, enter, followerWith, membershipOf, THREE } from './members.ts';

const { PreVote, Vote, VoteResponse, Append, AppendResponse, Heartbeat, ReadIndex, ReadIndexResponse } = MessageType;

describe('a membership', () => {
  it('takes effect when its entry is applied, and not when it is appended or committed', () => {
    const leader = leaderMember();
    leader.raft.proposeMembership({ voters: [1, 2, 3], learners: [4] });
    const sent = leader.settle();
    expect(ofType(sent, Append, 4)).toEqual([]);
    leader.step({ type: AppendResponse, from: 2, index: 2 });
    const ready = leader.take();
    leader.persist(ready);
    expect(membershipOf(leader).learners).toEqual([]);
    leader.apply(ready);
    expect(membershipOf(leader).learners).toEqual([4]);
    leader.settle();
    expect(leader.ofKind('membershipChanged')).toEqual([
      { kind: 'membershipChanged', index: 2, voters: [1, 2, 3], votersOutgoing: [], learners: [4] },
    ]);
  });

  it('is given back by applyMembership, for the state machine', () => {
    const follower = followerWith([entry(1, 1), changeEntry(2, 1, enter(THREE, [1, 2], [3]))], 2, {}, false);
    follower.persist(follower.take());
    const { committed } = follower.take();
    expect(follower.raft.applyMembership(committed[1]!)).toEqual({ voters: [1, 2], votersOutgoing: [], learners: [3] });
  });

  it('that another change overtook changes nothing, and this is told', () => {
    const other = { voters: [1, 2], learners: [] };
    const follower = followerWith([changeEntry(1, 1, enter(other, [1, 2, 3]))], 1);
    expect(membershipOf(follower)).toEqual({ ...THREE, votersOutgoing: [] });
    expect(follower.ofKind('membershipRefused')).toMatchObject([{ index: 1 }]);
  });

  it('is taken from no entry that the driver was not given, nor twice, nor from one without a change', () => {
    const changed = changeEntry(2, 1, enter(THREE, [1, 2], [3]));
    const follower = followerWith([entry(1, 1), changed], 2, {}, false);
    expect(() => follower.raft.applyMembership(changed)).toThrow(DriverOrderError);
    follower.persist(follower.take());
    const { committed } = follower.take();
    expect(() => follower.raft.applyMembership(committed[0]!)).toThrow(DriverOrderError);
    follower.raft.applyMembership(changed);
    expect(() => follower.raft.applyMembership(changed)).toThrow(DriverOrderError);
    follower.raft.applied(2);
    expect(() => follower.raft.applyMembership(changed)).toThrow(DriverOrderError);
  });

  it('whose entry says nothing ends the group here', () => {
    const broken = { ...entry(1, 1, 'nonsense'), type: EntryType.ConfChange };
    const follower = followerWith([broken], 1, {}, false);
    follower.persist(follower.take());
    const { committed } = follower.take();
    expect(() => follower.raft.applyMembership(committed[0]!)).toThrow(CorruptEntryError);
  });

  it('comes from a snapshot as of the entry it ends with (openraft#1808)', () => {
    // A change that never commits is in the log, and the snapshot does not have it.
    const tail = changeEntry(2, 1, enter(THREE, [1, 2], [3]));
    const follower = followerWith([entry(1, 1), tail], 1, { id: 3 });
    const point = { index: 9, term: 2 };
    expect(follower.raft.considerSnapshot(2, 2, point)).toBe(true);
    follower.raft.restoreSnapshot(2, point, { voters: [2, 4, 5], votersOutgoing: [1, 2, 3], learners: [6] });
    follower.settle();
    expect(membershipOf(follower)).toEqual({ voters: [2, 4, 5], votersOutgoing: [1, 2, 3], learners: [6] });
    expect(follower.ofKind('membershipChanged')).toMatchObject([{ index: 9, voters: [2, 4, 5] }]);
  });
});

describe('the members of a leader', () => {
  it('are probed when they are new', () => {
    const leader = leaderMember();
    change(leader, [1, 2, 3], [4], [2]);
    const before = leader.raft.status().progress.find((p) => p.id === 4);
    expect(before).toMatchObject({ state: 'probe', matchIndex: 0 });
    leader.step({ type: AppendResponse, from: 4, index: 2, reject: true, context: 2 });
    expect(ofType(leader.settle(), Append, 4)[0]).toMatchObject({ index: 0, entries: { length: 2 } });
  });

  it('are another life of theirs when they come back: late answers from before do not count', () => {
    const leader = leaderMember();
    change(leader, [1, 2], [], [2]);
    acknowledge(leader, 2);
    leader.raft.proposeMembership({ voters: [1, 2], learners: [3] });
    leader.settle();
    const life = leader.raft.lastIndex;
    acknowledge(leader, 2);
    const matched = () => leader.raft.status().progress.find((p) => p.id === 3)?.matchIndex;
    leader.step({ type: AppendResponse, from: 3, index: 1 });
    expect(matched()).toBe(0);
    leader.step({ type: AppendResponse, from: 3, index: 1, context: life });
    expect(matched()).toBe(1);

    const follower = new Member({ id: 3 });
    const sent = follower.stepAndSettle({ type: Append, from: 1, term: 1, entries: [entry(1, 1)], context: life });
    expect(ofType(sent, AppendResponse)).toMatchObject([{ index: 1, context: life }]);
  });

  it('keep what is known of them when they are promoted', () => {
    const leader = leaderMember({ learners: [4] });
    acknowledge(leader, 2, 3, 4);
    change(leader, [1, 2, 3, 4], [], [2, 3]);
    expect(leader.raft.status().progress.find((p) => p.id === 4)).toMatchObject({ state: 'replicate', matchIndex: 1 });
  });

  it('count for the commit from the moment they vote, and not before', () => {
    const leader = leaderMember({ voters: [1, 2], learners: [3, 4] }, [2]);
    acknowledge(leader, 3, 4);
    leader.raft.propose(bytes('x'));
    leader.settle();
    acknowledge(leader, 3, 4);
    expect(leader.raft.commitIndex).toBe(1);
    acknowledge(leader, 2);
    change(leader, [1, 2, 3], [4], [2]);
    leader.raft.propose(bytes('y'));
    leader.settle();
    acknowledge(leader, 3);
    expect(leader.raft.commitIndex).toBe(leader.raft.lastIndex);
  });

  it('hear nothing once their removal is applied', () => {
    const leader = leaderMember();
    leader.raft.proposeMembership({ voters: [1, 2], learners: [] });
    leader.settle();
    acknowledge(leader, 3);
    leader.raft.propose(bytes('x'));
    leader.tick(4);
    expect(leader.settle().filter((m) => m.to === 3)).toEqual([]);
    expect(leader.raft.status().progress.map((p) => p.id)).toEqual([2]);
  });

  it('are forgotten with the snapshot on its way to them', () => {
    const disk = new MemoryDisk(logOf(1, 1));
    const leader = leaderMember({ disk, learners: [4] }, [2, 3]);
    leader.raft.compact(3);
    leader.step({ type: AppendResponse, from: 4, index: 2, reject: true });
    const ready = leader.take();
    expect(ready.snapshotsDue).toEqual([4]);
    leader.persist(ready);
    change(leader, [1, 2, 3], [], [2]);
    leader.raft.snapshotFinished(4, 3);
    expect(leader.raft.status().progress.map((p) => p.id)).toEqual([2, 3]);
    expect(leader.settle()).toEqual([]);
  });

  it('let go what waited for a quorum that they are too few for now', () => {
    const leader = leaderMember({ voters: [1, 2, 3, 4] }, [2, 3]);
    leader.raft.proposeMembership({ voters: [1, 2, 3], learners: [] });
    leader.raft.propose(bytes('x'));
    leader.settle();
    leader.step({ type: AppendResponse, from: 2, index: 3 });
    leader.step({ type: AppendResponse, from: 3, index: 2 });
    // The change needs three of four, what follows it two of three.
    expect(leader.raft.commitIndex).toBe(2);
    leader.settle();
    expect(leader.raft.commitIndex).toBe(3);
  });

  it('end a transfer to the one that leaves', () => {
    const leader = leaderMember();
    leader.raft.proposeMembership({ voters: [1, 2], learners: [] });
    leader.settle();
    leader.raft.transferLeadership(3);
    leader.step({ type: AppendResponse, from: 2, index: 2 });
    leader.settle();
    expect(leader.ofKind('transferFailed')).toMatchObject([{ to: 3, reason: 'it is no voter any more' }]);
    expect(leader.raft.propose(bytes('x'))).toMatchObject({ accepted: true });
  });
});

describe('a member whose place changes', () => {
  it('rests once it has applied its removal, and says why', () => {
    const follower = followerWith([changeEntry(1, 1, enter(THREE, [2, 3]))], 1);
    expect(follower.raft.role).toBe('learner');
    expect(follower.ofKind('roleChanged').at(-1)).toMatchObject({
      role: 'learner',
      reason: 'it was removed from the group',
    });
    follower.tick(10 * ELECTION_MAX);
    expect(follower.settle()).toEqual([]);
  });

  it('stands as soon as it was promoted', () => {
    const before = { voters: [2, 3], learners: [1] };
    const learner = followerWith([changeEntry(1, 1, enter(before, [1, 2, 3]))], 1, before);
    expect(learner.raft.role).toBe('follower');
    learner.timeOut();
    expect(ofType(learner.settle(), PreVote)).toHaveLength(2);
  });

  it('stays a voter in the joint configuration that makes it a learner', () => {
    const follower = followerWith([changeEntry(1, 1, enter(THREE, [2, 4, 5], [1]))], 1);
    expect(follower.raft.role).toBe('follower');
    expect(membershipOf(follower)).toEqual({ voters: [2, 4, 5], votersOutgoing: [1, 2, 3], learners: [1] });
  });
});

describe('a member that knows nothing', () => {
  const nothing = { id: 4, voters: [] };

  it('never stands', () => {
    const fresh = new Member(nothing);
    fresh.tick(10 * ELECTION_MAX);
    fresh.raft.campaign();
    expect(fresh.settle()).toEqual([]);
    expect(fresh.raft.role).toBe('learner');
  });

  it('learns who the members are from the log', () => {
    const fresh = new Member(nothing);
    const change = changeEntry(2, 1, enter(THREE, [4, 5, 6], [1]));
    fresh.stepAndSettle({ type: Append, from: 1, term: 1, entries: [entry(1, 1), change], commit: 2 });
    expect(membershipOf(fresh)).toEqual({ voters: [4, 5, 6], votersOutgoing: [1, 2, 3], learners: [1] });
    expect(fresh.raft.role).toBe('follower');
  });

  it('learns who the members are from a snapshot', () => {
    const fresh = new Member(nothing);
    const point = { index: 5, term: 1 };
    expect(fresh.raft.considerSnapshot(1, 1, point)).toBe(true);
    fresh.raft.restoreSnapshot(1, point, { voters: [1, 2, 3], votersOutgoing: [], learners: [4] });
    fresh.settle();
    expect(membershipOf(fresh).learners).toEqual([4]);
    expect(fresh.raft.role).toBe('learner');
  });

  it('forgets a leader that it does not hear from, so that nobody waits for its answer', () => {
    const fresh = new Member(nothing);
    fresh.stepAndSettle({ type: Heartbeat, from: 1, term: 1 });
    fresh.tick(ELECTION_MAX);
    expect(fresh.raft.leader).toBe(0);
    expect(fresh.raft.readIndex(1)).toBe(false);
    fresh.settle();
    expect(fresh.ofKind('leaderLost')).toMatchObject([{ leader: 1 }]);
  });

  it('has its reads answered by the leader', () => {
    const fresh = new Member(nothing);
    fresh.stepAndSettle({ type: Heartbeat, from: 1, term: 1 });
    expect(fresh.raft.readIndex(9)).toBe(true);
    expect(ofType(fresh.settle(), ReadIndex, 1)).toHaveLength(1);
    fresh.step({ type: ReadIndexResponse, from: 1, context: 9, index: 0 });
    expect(fresh.take().readStates).toMatchObject([{ requestId: 9 }]);
  });

  it('votes for nobody: it may have voted before, with a log that was deleted', () => {
    const fresh = new Member(nothing);
    const ask = () => fresh.stepAndSettle({ type: Vote, from: 1, term: 3, index: 5, logTerm: 2 });
    expect(ofType(ask(), VoteResponse)).toMatchObject([{ to: 1, reject: true }]);
    const change = changeEntry(1, 2, enter(THREE, [1, 2, 3], [4]));
    fresh.stepAndSettle({ type: Append, from: 2, term: 3, entries: [change], commit: 1 });
    fresh.tick(ELECTION_MAX);
    expect(ofType(ask(), VoteResponse)).toMatchObject([{ to: 1, reject: false }]);
  });

  it('votes as a learner, by its log: those who count it may need it (dissertation, section 4.2.2)', () => {
    const learner = new Member({ id: 4, learners: [4] });
    const sent = learner.stepAndSettle({ type: Vote, from: 1, term: 3, index: 5, logTerm: 2 });
    expect(ofType(sent, VoteResponse)).toMatchObject([{ to: 1, reject: false }]);
  });
});
