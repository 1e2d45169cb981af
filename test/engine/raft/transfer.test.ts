import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import { bytes, ELECTION_MAX, followerMember, leaderMember, logOf, Member, MemoryDisk, ofType } from './harness.ts';

const { AppendResponse, Heartbeat, HeartbeatResponse, TimeoutNow, Vote, VoteResponse } = MessageType;

describe('leadership transfer (Raft dissertation, section 3.10)', () => {
  it('tells a follower that has the whole log to stand, at once', () => {
    const leader = leaderMember();
    expect(leader.raft.transferLeadership(2)).toBeNull();
    expect(ofType(leader.settle(), TimeoutNow)).toMatchObject([{ to: 2, term: 1 }]);
    expect(leader.raft.status().transferringTo).toBe(2);
    expect(leader.ofKind('transferStarted')).toEqual([{ kind: 'transferStarted', to: 2, term: 1 }]);
  });

  it('waits until the follower has the whole log, and tells it once', () => {
    const leader = leaderMember();
    leader.raft.propose(bytes('x'));
    leader.settle();
    leader.raft.transferLeadership(2);
    expect(ofType(leader.settle(), TimeoutNow)).toEqual([]);
    const { lastIndex } = leader.raft;
    expect(ofType(leader.stepAndSettle({ type: AppendResponse, from: 3, index: lastIndex }), TimeoutNow)).toEqual([]);
    expect(ofType(leader.stepAndSettle({ type: AppendResponse, from: 2, index: lastIndex }), TimeoutNow)).toHaveLength(
      1,
    );
    expect(ofType(leader.stepAndSettle({ type: AppendResponse, from: 2, index: lastIndex }), TimeoutNow)).toEqual([]);
  });

  it('takes no proposals meanwhile, or the follower would never be in step', () => {
    const leader = leaderMember();
    leader.raft.transferLeadership(2);
    expect(leader.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'transferring', leader: 1 });
  });

  it('is given up after an election timeout, and the leader goes on', () => {
    const leader = leaderMember();
    leader.raft.transferLeadership(2);
    for (let i = 0; i < ELECTION_MAX; i++) {
      leader.tick();
      for (const from of [2, 3]) leader.step({ type: HeartbeatResponse, from });
      leader.settle();
    }
    expect(leader.raft.role).toBe('leader');
    expect(leader.ofKind('transferFailed')).toMatchObject([{ to: 2, reason: 'it did not stand in time' }]);
    expect(leader.raft.propose(bytes('x')).accepted).toBe(true);
  });

  it('ends when the follower stands: the leader votes for it and says why it stepped down', () => {
    const leader = leaderMember();
    leader.raft.transferLeadership(2);
    leader.settle();
    const { lastIndex } = leader.raft;
    const sent = leader.stepAndSettle({ type: Vote, from: 2, term: 2, index: lastIndex, logTerm: 1, transfer: true });
    expect(ofType(sent, VoteResponse)).toMatchObject([{ to: 2, term: 2, reject: false }]);
    expect(leader.ofKind('steppedDown')).toMatchObject([{ reason: 'it hands over to node 2' }]);
  });

  it('refuses who cannot take over, and begins nothing', () => {
    const leader = leaderMember({ voters: [1, 2, 3], learners: [4] });
    expect(leader.raft.transferLeadership(4)).toBe('notVoter');
    expect(leader.raft.transferLeadership(9)).toBe('notVoter');
    expect(leader.raft.transferLeadership(1)).toBeNull();
    expect(leader.raft.status().transferringTo).toBe(0);
    leader.raft.transferLeadership(2);
    expect(leader.raft.transferLeadership(2)).toBeNull();
    expect(leader.raft.transferLeadership(3)).toBe('transferring');
    expect(followerMember().raft.transferLeadership(3)).toBe('notLeader');
  });

  it('refuses a follower that has been silent for an election timeout', () => {
    const leader = leaderMember();
    for (let i = 0; i < ELECTION_MAX; i++) {
      leader.tick();
      leader.stepAndSettle({ type: HeartbeatResponse, from: 3 });
    }
    expect(leader.raft.role).toBe('leader');
    expect(leader.raft.transferLeadership(2)).toBe('notHeardFrom');
  });
});

describe('a member that is told to stand', () => {
  it('skips the pre-vote and says in its requests that the leader asked', () => {
    const follower = followerMember();
    const sent = follower.stepAndSettle({ type: TimeoutNow, from: 2 });
    expect(ofType(sent, Vote)).toMatchObject([
      { to: 2, term: 2, transfer: true },
      { to: 3, term: 2, transfer: true },
    ]);
    expect(follower.raft.role).toBe('candidate');
  });

  it('does so only on the word of its own leader', () => {
    const follower = followerMember();
    expect(follower.stepAndSettle({ type: TimeoutNow, from: 3 })).toEqual([]);
    expect(follower.stepAndSettle({ type: TimeoutNow, from: 2, term: 0 })).toEqual([]);
    expect(follower.raft.role).toBe('follower');
  });

  it('does not when it is a learner', () => {
    const learner = new Member({ id: 4, voters: [1, 2, 3], learners: [4] });
    learner.stepAndSettle({ type: Heartbeat, from: 1, term: 1 });
    expect(learner.stepAndSettle({ type: TimeoutNow, from: 1 })).toEqual([]);
    expect(learner.raft.role).toBe('learner');
  });
});

describe('a vote that the leader asked for', () => {
  it('is given although the leader was just heard from', () => {
    const follower = followerMember();
    const { lastIndex } = follower.raft;
    const asked = { type: Vote, from: 3, term: 2, index: lastIndex, logTerm: 1 } as const;
    expect(ofType(follower.stepAndSettle(asked), VoteResponse)).toEqual([]);
    const sent = follower.stepAndSettle({ ...asked, transfer: true });
    expect(ofType(sent, VoteResponse)).toMatchObject([{ to: 3, reject: false }]);
  });

  it('is refused to a shorter log, and to a second candidate', () => {
    const follower = followerMember({ disk: new MemoryDisk(logOf(1, 1)) });
    const { lastIndex } = follower.raft;
    const short = follower.stepAndSettle({ type: Vote, from: 3, term: 2, index: 0, logTerm: 0, transfer: true });
    expect(ofType(short, VoteResponse)).toMatchObject([{ reject: true }]);
    const full = { type: Vote, term: 2, index: lastIndex, logTerm: 1, transfer: true } as const;
    expect(ofType(follower.stepAndSettle({ ...full, from: 3 }), VoteResponse)).toMatchObject([{ reject: false }]);
    expect(ofType(follower.stepAndSettle({ ...full, from: 2 }), VoteResponse)).toMatchObject([{ reject: true }]);
  });
});
