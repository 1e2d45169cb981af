import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import { bytes, leaderMember, logOf, Member, MemoryDisk, ofType } from './harness.ts';

const { Append, AppendResponse, PreVoteResponse, VoteResponse } = MessageType;

describe('commitment (Raft paper, sections 5.3 and 5.4.2)', () => {
  it('follows when a majority has stored an entry', () => {
    const member = leaderMember({ voters: [1, 2, 3, 4, 5] }, [2, 3]);
    member.raft.propose(bytes('x'));
    member.settle();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 2 });
    expect(member.raft.commitIndex).toBe(1);
    member.stepAndSettle({ type: AppendResponse, from: 4, index: 2 });
    expect(member.raft.commitIndex).toBe(2);
  });

  it('does not count replicas of an older term’s entry (figure 8, pitfall 3)', () => {
    // S1 of figure 8 (c): leader of term 4 that holds entry 2 of term 2.
    const disk = new MemoryDisk(logOf(1, 2), { term: 3, votedFor: 0, commitIndex: 1 });
    const member = new Member({ disk, voters: [1, 2, 3, 4, 5] });
    member.becomeLeader([2, 3]);
    expect(member.raft.term).toBe(4);
    for (const from of [2, 3, 4, 5]) member.stepAndSettle({ type: AppendResponse, from, index: 2 });
    expect(member.raft.commitIndex).toBe(1);
    // Figure 8 (e): an entry of term 4 on a majority commits all before it.
    for (const from of [2, 3]) member.stepAndSettle({ type: AppendResponse, from, index: 3 });
    expect(member.raft.commitIndex).toBe(3);
  });

  it('does not count learners', () => {
    const member = leaderMember({ learners: [4, 5] }, [2]);
    member.raft.propose(bytes('x'));
    member.settle();
    for (const from of [4, 5]) member.stepAndSettle({ type: AppendResponse, from, index: 2 });
    expect(member.raft.commitIndex).toBe(1);
  });

  it('needs both majorities in a joint configuration (section 6)', () => {
    const member = leaderMember({ voters: [1, 2, 3], votersOutgoing: [1, 4, 5] }, [2, 4]);
    member.raft.propose(bytes('x'));
    member.settle();
    for (const from of [2, 3]) member.stepAndSettle({ type: AppendResponse, from, index: 2 });
    expect(member.raft.commitIndex).toBe(1);
    member.stepAndSettle({ type: AppendResponse, from: 5, index: 2 });
    expect(member.raft.commitIndex).toBe(2);
  });
});

describe('the leader’s own disk (pitfall 4, etcd#14370)', () => {
  it('counts for the leader only once it is synced', () => {
    const member = leaderMember();
    member.raft.propose(bytes('x'));
    const ready = member.take();
    member.step({ type: AppendResponse, from: 2, index: 2 });
    expect(member.raft.commitIndex).toBe(1);
    member.persist(ready);
    expect(member.raft.commitIndex).toBe(2);
  });

  it('is not needed when a majority of others has the entry; yet it is applied only once it is synced here', () => {
    const member = leaderMember();
    member.raft.propose(bytes('x'));
    const ready = member.take();
    for (const from of [2, 3]) member.step({ type: AppendResponse, from, index: 2 });
    expect(member.raft.commitIndex).toBe(2);
    expect(member.take().committed).toEqual([]);
    member.persist(ready);
    expect(member.take().committed.map((e) => e.index)).toEqual([2]);
  });

  it('is all there is in a group of one, from the vote on', () => {
    const member = new Member({ voters: [1] });
    member.raft.campaign();
    expect(member.raft.role).toBe('candidate');
    const vote = member.take();
    expect(vote).toMatchObject({ hardState: { term: 1, votedFor: 1 }, mustSync: true, messages: [] });
    expect(member.raft.role).toBe('candidate');
    member.persist(vote);
    expect(member.raft.role).toBe('leader');
    const first = member.take();
    expect([first.entries.length, first.committed.length, member.raft.commitIndex]).toEqual([1, 0, 0]);
    member.persist(first);
    expect(member.raft.commitIndex).toBe(1);
    member.raft.propose(bytes('x'));
    const second = member.take();
    expect(second.committed.map((e) => e.index)).toEqual([1]);
    member.persist(second);
    expect(member.take().committed.map((e) => e.index)).toEqual([2]);
  });

  it('holds the own vote back until it is durable, also when others have voted', () => {
    const member = new Member({ voters: [1, 2, 3, 4, 5] });
    member.raft.campaign();
    const context = member.settle()[0]!.context;
    for (const from of [2, 3]) member.step({ type: PreVoteResponse, from, term: 1, context });
    const vote = member.take();
    for (const from of [2]) member.step({ type: VoteResponse, from });
    member.persist(vote);
    expect(member.raft.role).toBe('candidate');
    member.step({ type: VoteResponse, from: 3 });
    expect(member.raft.role).toBe('leader');
  });

  it('does not take an older write’s confirmation for that of its vote', () => {
    const member = new Member({ voters: [1], disk: new MemoryDisk(logOf(1)) });
    member.becomeLeader([]);
    member.raft.propose(bytes('x'));
    const older = member.take();
    member.raft.rest('asked to');
    member.raft.wake();
    member.raft.campaign();
    const vote = member.take();
    member.persist(older);
    expect(member.raft.status()).toMatchObject({ role: 'candidate', term: 3 });
    member.persist(vote);
    expect(member.raft.role).toBe('leader');
  });

  it('costs it its office when it hangs, though heartbeats flow (pitfall 13)', () => {
    const member = leaderMember();
    member.raft.propose(bytes('x'));
    const hung = member.take();
    for (let i = 0; i < 30; i++) {
      member.tick();
      for (const from of [2, 3]) member.step({ type: MessageType.HeartbeatResponse, from });
      member.take();
    }
    expect(member.raft.role).toBe('follower');
    expect(member.ofKind('steppedDown')[0]?.reason).toContain('disk');
    member.timeOut();
    expect(member.raft.role).toBe('follower');
    member.persist(hung);
    member.timeOut();
    expect(member.raft.role).toBe('preCandidate');
  });
});

describe('a follower whose disk hangs', () => {
  it('reports its leader lost once, and asks for no votes that it could not keep', () => {
    const member = new Member();
    member.step({ type: MessageType.Heartbeat, from: 2, term: 1 });
    member.take();
    member.tick(100);
    const { messages } = member.take();
    expect(messages).toEqual([]);
    expect(member.ofKind('leaderLost').length).toBe(1);
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 1, leader: 0 });
  });
});

describe('a whole group', () => {
  it('commits after two hops of messages, and tells all of it with the next entry', () => {
    const leader = leaderMember();
    leader.raft.propose(bytes('x'));
    const append = ofType(leader.settle(), Append, 2)[0]!;
    const follower = new Member({ id: 2, disk: new MemoryDisk(logOf(1)) });
    follower.raft.step(append);
    leader.raft.step(ofType(follower.settle(), AppendResponse)[0]!);
    expect(leader.raft.commitIndex).toBe(2);
    leader.settle();
    leader.raft.propose(bytes('y'));
    follower.raft.step(ofType(leader.settle(), Append, 2)[0]!);
    follower.settle();
    expect(follower.applied.map((e) => e.index)).toEqual([1, 2]);
  });
});
