import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import { bytes, ELECTION_MAX, leaderMember, logOf, Member, MemoryDisk } from './harness.ts';
import { acknowledge, change, followerWith, membershipOf, THREE } from './members.ts';

const { AppendResponse, HeartbeatResponse } = MessageType;

describe('proposing a change of members', () => {
  it('is for the leader alone', () => {
    const follower = followerWith(logOf(1), 1);
    expect(follower.raft.proposeMembership({ voters: [1, 2], learners: [] })).toMatchObject({
      accepted: false,
      reason: 'notLeader',
      leader: 2,
    });
  });

  it('waits for the commit of an entry of the leader’s own term (braft#182)', () => {
    const leader = new Member();
    leader.becomeLeader();
    const target = { voters: [1, 2, 3], learners: [4] };
    expect(leader.raft.proposeMembership(target)).toMatchObject({ accepted: false, reason: 'noOwnCommit' });
    acknowledge(leader, 2);
    expect(leader.raft.proposeMembership(target)).toMatchObject({ accepted: true, index: 2, term: 1 });
  });

  it('waits until the change before it is applied', () => {
    const leader = leaderMember();
    const first = leader.raft.proposeMembership({ voters: [1, 2, 3], learners: [4] });
    expect(first).toMatchObject({ accepted: true });
    const second = { voters: [1, 2, 3], learners: [5] };
    expect(leader.raft.proposeMembership(second)).toMatchObject({ accepted: false, reason: 'pending' });
    leader.settle();
    leader.step({ type: AppendResponse, from: 2, index: leader.raft.lastIndex });
    expect(leader.raft.commitIndex).toBe(2);
    expect(leader.raft.proposeMembership(second)).toMatchObject({ accepted: false, reason: 'pending' });
    leader.settle();
    expect(leader.raft.proposeMembership(second)).toMatchObject({ accepted: true });
  });

  it('waits until everything is applied that earlier leaders left: any of it may be a change', () => {
    const leader = new Member({ disk: new MemoryDisk(logOf(1, 1, 1)) });
    leader.becomeLeader();
    leader.step({ type: AppendResponse, from: 2, index: 4 });
    expect(leader.raft.commitIndex).toBe(4);
    const target = { voters: [1, 2, 3], learners: [4] };
    expect(leader.raft.proposeMembership(target)).toMatchObject({ accepted: false, reason: 'pending' });
    leader.settle();
    expect(leader.raft.proposeMembership(target)).toMatchObject({ accepted: true });
  });

  it('waits until the joint configuration before it is left', () => {
    const leader = leaderMember({ learners: [4, 5] });
    acknowledge(leader, 4, 5);
    change(leader, [1, 4, 5], [], [2, 3]);
    expect(membershipOf(leader).votersOutgoing).toEqual([1, 2, 3]);
    expect(leader.raft.proposeMembership(THREE)).toMatchObject({ accepted: false, reason: 'joint' });
  });

  it('waits for a transfer of leadership', () => {
    const leader = leaderMember();
    leader.raft.transferLeadership(2);
    expect(leader.raft.proposeMembership({ voters: [1, 2], learners: [] })).toMatchObject({ reason: 'transferring' });
  });

  it('waits while too much is not committed', () => {
    const leader = leaderMember({ limits: { maxUncommittedBytes: 10 } });
    leader.raft.propose(bytes('0123456789'));
    const target = { voters: [1, 2, 3], learners: [4] };
    expect(leader.raft.proposeMembership(target)).toMatchObject({ reason: 'tooManyUncommitted' });
  });

  it.each([
    ['no voter', { voters: [], learners: [1] }],
    ['a node twice', { voters: [1, 2], learners: [2] }],
    ['what is there already', { voters: [3, 2, 1], learners: [] }],
  ])('is refused with a sentence for %s', (_, target) => {
    const refusal = leaderMember().raft.proposeMembership(target);
    expect(refusal).toMatchObject({ accepted: false, reason: 'invalid', detail: expect.stringMatching(/ .* /) });
  });

  it('makes nobody a voter that is not nearly in step (dissertation, section 4.2.1)', () => {
    const options = { learners: [4], limits: { maxPromotionLagEntries: 2 } };
    const leader = leaderMember(options);
    const promote = () => leader.raft.proposeMembership({ voters: [1, 2, 3, 4], learners: [] });
    // Never heard of where its log ends.
    expect(promote()).toMatchObject({ accepted: false, reason: 'notCaughtUp' });
    for (let i = 0; i < 3; i++) leader.raft.propose(bytes('x'));
    leader.settle();
    leader.step({ type: AppendResponse, from: 4, index: 1 });
    expect(promote()).toMatchObject({ reason: 'notCaughtUp' });
    leader.step({ type: AppendResponse, from: 4, index: 2 });
    expect(promote()).toMatchObject({ accepted: true });
  });

  it('makes nobody a voter that lacks the entry which let it in', () => {
    const leader = leaderMember();
    leader.raft.proposeMembership({ voters: [1, 2, 3], learners: [4] });
    leader.settle();
    acknowledge(leader, 2);
    const promote = () => leader.raft.proposeMembership({ voters: [1, 2, 3, 4], learners: [] });
    leader.step({ type: AppendResponse, from: 4, index: 1, context: 2 });
    expect(promote()).toMatchObject({ accepted: false, reason: 'notCaughtUp' });
    leader.step({ type: AppendResponse, from: 4, index: 2, context: 2 });
    expect(promote()).toMatchObject({ accepted: true });
  });

  it('makes nobody a voter that was no learner, or is silent', () => {
    const leader = leaderMember({ learners: [4] });
    acknowledge(leader, 2, 3, 4);
    expect(leader.raft.proposeMembership({ voters: [1, 2, 3, 5], learners: [4] })).toMatchObject({
      reason: 'notCaughtUp',
      detail: expect.stringContaining('node 5'),
    });
    for (let i = 0; i < ELECTION_MAX; i++) {
      leader.tick();
      for (const from of [2, 3]) leader.step({ type: HeartbeatResponse, from });
    }
    expect(leader.raft.proposeMembership({ voters: [1, 2, 3, 4], learners: [] })).toMatchObject({
      reason: 'notCaughtUp',
    });
  });
});
