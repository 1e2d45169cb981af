import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import {
  ELECTION_MAX,
  ELECTION_MIN,
  followerMember,
  leaderMember,
  logOf,
  Member,
  MemoryDisk,
  ofType,
} from './harness.ts';

const {
  PreVote,
  PreVoteResponse,
  Vote,
  VoteResponse,
  Append,
  AppendResponse,
  Heartbeat,
  HeartbeatResponse,
  ReadIndex,
  ReadIndexResponse,
  TimeoutNow,
} = MessageType;

describe('elections (Raft paper, section 5.2)', () => {
  it('begin when nothing is heard for an election timeout', () => {
    const member = new Member();
    member.tick(member.raft.status().electionTicksLeft - 1);
    expect(member.raft.role).toBe('follower');
    member.tick();
    expect(member.raft.role).toBe('preCandidate');
  });

  it('draw the timeout anew from [min, max] at every wait', () => {
    const member = new Member();
    const drawn = new Set<number>();
    for (let i = 0; i < 300; i++) {
      member.step({ type: Heartbeat, from: 2, term: 1 });
      drawn.add(member.raft.status().electionTicksLeft);
    }
    const expected = Array.from({ length: ELECTION_MAX - ELECTION_MIN + 1 }, (_, i) => ELECTION_MIN + i);
    expect([...drawn].sort((a, b) => a - b)).toEqual(expected);
  });

  it('raise the term and vote for oneself', () => {
    const member = new Member();
    member.raft.campaign();
    const [request] = ofType(member.settle(), PreVote, 2);
    member.step({ type: PreVoteResponse, from: 2, term: 1, context: request!.context });
    const sent = member.settle();
    expect(member.raft.status()).toMatchObject({ role: 'candidate', term: 1, votedFor: 1 });
    expect(ofType(sent, Vote).map((m) => m.to)).toEqual([2, 3]);
    expect(member.disk.hardState).toMatchObject({ term: 1, votedFor: 1 });
  });

  it('are won by a majority, and only by one', () => {
    const member = new Member({ voters: [1, 2, 3, 4, 5] });
    member.becomeLeader([2]);
    expect(member.raft.role).toBe('preCandidate');
    member.becomeLeader([2, 3]);
    expect(member.raft.role).toBe('leader');
  });

  it('count one vote from each voter, and none from others', () => {
    const member = new Member({ voters: [1, 2, 3, 4, 5], learners: [6] });
    member.raft.campaign();
    const round = member.settle()[0]!.context;
    for (const from of [2, 2, 6, 7]) member.step({ type: PreVoteResponse, from, term: 1, context: round });
    expect(member.raft.role).toBe('preCandidate');
    member.step({ type: PreVoteResponse, from: 3, term: 1, context: round });
    expect(member.raft.role).toBe('candidate');
    member.settle();
    for (const from of [2, 2, 6, 7]) member.step({ type: VoteResponse, from });
    expect(member.raft.role).toBe('candidate');
    member.step({ type: VoteResponse, from: 5 });
    expect(member.raft.role).toBe('leader');
  });

  it('are lost when a majority refuses', () => {
    const member = new Member();
    member.raft.campaign();
    const round = member.settle()[0]!.context;
    for (const from of [2, 3]) member.step({ type: PreVoteResponse, from, term: 0, reject: true, context: round });
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 0 });
  });

  it('are given up when a leader of the term appears', () => {
    const member = new Member();
    member.raft.campaign();
    member.step({ type: PreVoteResponse, from: 2, term: 1, context: member.settle()[0]!.context });
    member.settle();
    member.step({ type: Append, from: 3, term: 1 });
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 1, leader: 3, votedFor: 1 });
  });

  it('start over when the vote is split', () => {
    const member = new Member();
    member.raft.campaign();
    member.step({ type: PreVoteResponse, from: 2, term: 1, context: member.settle()[0]!.context });
    member.settle();
    member.timeOut();
    expect(member.raft.status()).toMatchObject({ role: 'preCandidate', term: 1 });
    member.becomeLeader();
    expect(member.raft.status()).toMatchObject({ role: 'leader', term: 2 });
  });

  it('are not started by learners, nor by members that are not voters', () => {
    const learner = new Member({ id: 4, learners: [4] });
    const stranger = new Member({ id: 5 });
    for (const member of [learner, stranger]) {
      member.tick(100);
      member.raft.campaign();
      expect(member.raft.role).toBe('learner');
      expect(member.settle()).toEqual([]);
    }
  });

  it('need both majorities in a joint configuration (section 6)', () => {
    const member = new Member({ voters: [1, 2, 3], votersOutgoing: [3, 4, 5] });
    member.becomeLeader([2, 3]);
    expect(member.raft.role).toBe('preCandidate');
    member.becomeLeader([2, 4, 5]);
    expect(member.raft.role).toBe('leader');
  });
});

describe('votes (sections 5.2 and 5.4.1, figure 2 "RequestVote RPC")', () => {
  const ask = (member: Member, from: number, term: number, index = 0, logTerm = 0) =>
    ofType(member.stepAndSettle({ type: Vote, from, term, index, logTerm }), VoteResponse)[0];

  it('go to one candidate a term, first come first served', () => {
    const member = new Member();
    expect(ask(member, 2, 1)).toMatchObject({ to: 2, reject: false, term: 1 });
    expect(ask(member, 3, 1)).toMatchObject({ to: 3, reject: true, term: 1 });
    expect(ask(member, 2, 1)).toMatchObject({ to: 2, reject: false });
    expect(ask(member, 3, 2)).toMatchObject({ to: 3, reject: false, term: 2 });
  });

  it('are remembered across a restart', () => {
    const { disk } = (() => {
      const member = new Member();
      ask(member, 2, 1);
      return member;
    })();
    const again = new Member({ disk });
    expect(ask(again, 3, 1)).toMatchObject({ reject: true });
    expect(ask(again, 2, 1)).toMatchObject({ reject: false });
  });

  it('are refused to a candidate of an older term, which learns the term', () => {
    const member = new Member({ disk: new MemoryDisk([], { term: 5, votedFor: 0, commitIndex: 0 }) });
    expect(ask(member, 2, 4)).toMatchObject({ reject: true, term: 5 });
  });

  it.each([
    ['an older last term', 9, 1, true],
    ['the same last term and a shorter log', 2, 2, true],
    ['the same log', 3, 2, false],
    ['a longer log', 4, 2, false],
    ['a newer last term, though shorter', 1, 3, false],
  ])('are judged by the log: %s', (_, index, logTerm, reject) => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1, 2)) });
    expect(ask(member, 2, 7, index, logTerm)).toMatchObject({ reject });
  });

  it('restart the election timer when granted', () => {
    const member = new Member();
    member.tick(member.raft.status().electionTicksLeft - 1);
    ask(member, 2, 1);
    expect(member.raft.status().electionTicksLeft).toBeGreaterThanOrEqual(ELECTION_MIN);
  });

  it('are given to a candidate that is not a voter here, since the own membership may be old (dissertation 4.2.2)', () => {
    expect(ask(new Member(), 9, 1)).toMatchObject({ to: 9, reject: false });
    expect(ask(new Member({ id: 4, learners: [4] }), 2, 1)).toMatchObject({ to: 2, reject: false });
  });
});

describe('terms (section 5.1)', () => {
  it('rise to what a message carries, and a leader steps down', () => {
    const member = leaderMember();
    member.step({ type: AppendResponse, from: 2, term: 7, reject: true });
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 7, leader: 0, votedFor: 0 });
  });

  it.each([
    ['an append', Append, AppendResponse],
    ['a heartbeat', Heartbeat, HeartbeatResponse],
  ])('of a stale leader are answered with the newer one: %s', (_, type, answer) => {
    const member = new Member({ disk: new MemoryDisk([], { term: 5, votedFor: 0, commitIndex: 0 }) });
    const [response] = ofType(member.stepAndSettle({ type, from: 2, term: 3 }), answer);
    expect(response).toMatchObject({ to: 2, term: 5, reject: true });
    expect(member.raft.leader).toBe(0);
    const stale = leaderMember({ id: 2, disk: new MemoryDisk([], { term: 2, votedFor: 0, commitIndex: 0 }) }, [1, 3]);
    stale.raft.step({ ...response!, from: 1 });
    expect(stale.raft.status()).toMatchObject({ role: 'follower', term: 5 });
  });

  it('of removed members do not disturb (pitfall 11)', () => {
    const member = leaderMember();
    const types = [AppendResponse, HeartbeatResponse, VoteResponse, PreVoteResponse, ReadIndex, ReadIndexResponse];
    for (const type of types) member.step({ type, from: 9, term: 50, reject: true });
    expect(member.raft.status()).toMatchObject({ role: 'leader', term: 1 });
  });
});

describe('pre-vote (dissertation, section 9.6)', () => {
  it('leaves the term alone until a majority would vote', () => {
    const member = new Member();
    for (let i = 0; i < 5; i++) {
      member.timeOut();
      expect(ofType(member.settle(), PreVote, 2)[0]).toMatchObject({ term: 1 });
    }
    expect(member.raft.term).toBe(0);
  });

  it('promises nothing: it may be granted to several, and is not written down', () => {
    const member = new Member();
    for (const from of [2, 3]) {
      const sent = member.stepAndSettle({ type: PreVote, from, term: 1, context: 8 });
      expect(sent).toMatchObject([{ type: PreVoteResponse, to: from, reject: false, term: 1, context: 8 }]);
    }
    expect(member.raft.status()).toMatchObject({ term: 0, votedFor: 0 });
  });

  it('is refused while a leader was heard from within the minimum election timeout', () => {
    const member = followerMember();
    const ask = () => member.stepAndSettle({ type: PreVote, from: 3, term: 2 })[0];
    member.tick(ELECTION_MIN - 1);
    expect(ask()).toMatchObject({ reject: true });
    member.tick();
    expect(ask()).toMatchObject({ reject: false });
  });

  it('counts no answer to an earlier attempt', () => {
    const member = new Member();
    member.raft.campaign();
    const first = member.settle()[0]!.context;
    member.timeOut();
    member.settle();
    member.step({ type: PreVoteResponse, from: 2, term: 1, context: first });
    expect(member.raft.role).toBe('preCandidate');
  });

  it('tells a candidate whose term is behind, though it hides the higher term (pitfall 6, etcd#8501)', () => {
    // Node 1 has the higher term and the shorter log: only node 2 can win, and needs to learn the term.
    const ahead = new Member({ disk: new MemoryDisk(logOf(1), { term: 9, votedFor: 1, commitIndex: 0 }) });
    const behind = new Member({ id: 2, voters: [1, 2], disk: new MemoryDisk(logOf(1, 2)) });
    behind.raft.campaign();
    const [request] = ofType(behind.settle(), PreVote, 1);
    ahead.raft.step(request!);
    const [refusal] = ahead.settle();
    expect(refusal).toMatchObject({ type: PreVoteResponse, reject: true, term: 9 });
    behind.raft.step(refusal!);
    expect(behind.raft.status()).toMatchObject({ role: 'follower', term: 9 });
    behind.raft.campaign();
    ahead.raft.step(ofType(behind.settle(), PreVote, 1)[0]!);
    expect(ahead.settle()[0]).toMatchObject({ type: PreVoteResponse, reject: false, term: 10 });
  });

  it('does not make a candidate believe a refusal from a lower term is news', () => {
    const member = new Member({ disk: new MemoryDisk([], { term: 9, votedFor: 0, commitIndex: 0 }) });
    member.raft.campaign();
    const round = member.settle()[0]!.context;
    member.step({ type: PreVoteResponse, from: 2, term: 3, reject: true, context: round });
    member.step({ type: PreVoteResponse, from: 3, term: 3, reject: true, context: round });
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 9 });
  });
});

describe('a live leader is not deposed (dissertation, section 4.2.3)', () => {
  it('by a vote request of a higher term', () => {
    const leader = leaderMember();
    const follower = followerMember();
    for (const member of [leader, follower]) {
      const sent = member.stepAndSettle({ type: Vote, from: 3, term: 9, index: 99, logTerm: 8 });
      expect(sent).toEqual([]);
      expect(member.raft.term).toBe(1);
    }
  });

  it('but a member stuck at a higher term comes back in, through its answer to the leader (pitfall 6, etcd#8243)', () => {
    const leader = leaderMember();
    const stuck = new Member({ id: 3, disk: new MemoryDisk([], { term: 9, votedFor: 3, commitIndex: 0 }) });
    leader.tick(2);
    stuck.raft.step(ofType(leader.settle(), Heartbeat, 3)[0]!);
    leader.raft.step(stuck.settle()[0]!);
    expect(leader.raft.status()).toMatchObject({ role: 'follower', term: 9 });
    leader.becomeLeader([2]);
    expect(leader.raft.status()).toMatchObject({ role: 'leader', term: 10 });
    leader.tick(2);
    stuck.raft.step(ofType(leader.settle(), Heartbeat, 3)[0]!);
    expect(stuck.raft.status()).toMatchObject({ role: 'follower', term: 10, leader: 1 });
  });

  it('but may itself ask its followers again after it stepped down', () => {
    const member = followerMember();
    expect(member.stepAndSettle({ type: PreVote, from: 2, term: 2 })[0]).toMatchObject({ reject: false });
    expect(member.stepAndSettle({ type: Vote, from: 2, term: 2 })[0]).toMatchObject({ reject: false, term: 2 });
  });
});

describe('check-quorum (dissertation, section 6.2)', () => {
  it('keeps a leader in office that hears from a majority', () => {
    const member = leaderMember({ voters: [1, 2, 3] }, [2]);
    for (let i = 0; i < 100; i++) {
      member.tick();
      member.step({ type: HeartbeatResponse, from: 2 });
      member.settle();
    }
    expect(member.raft.role).toBe('leader');
  });

  it('makes a leader step down, in its term, that hears from none', () => {
    const member = leaderMember();
    member.tick(ELECTION_MAX + 2);
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 1, leader: 0 });
    member.settle();
    expect(member.ofKind('steppedDown')[0]?.reason).toContain('no majority');
  });

  it('is not put off by reads, whose rounds send heartbeats of their own', () => {
    const member = leaderMember();
    for (let i = 0; i < ELECTION_MAX + 2; i++) {
      member.tick();
      member.raft.readIndex(i + 1);
      member.settle();
    }
    expect(member.raft.role).toBe('follower');
  });

  it('does not count learners', () => {
    const member = leaderMember({ learners: [4, 5, 6] });
    for (let i = 0; i < ELECTION_MAX + 2; i++) {
      member.tick();
      for (const from of [4, 5, 6]) member.step({ type: HeartbeatResponse, from });
    }
    expect(member.raft.role).toBe('follower');
  });

  it('needs both majorities in a joint configuration (section 6)', () => {
    const member = leaderMember({ voters: [1, 2, 3], votersOutgoing: [1, 4, 5] }, [2, 3, 4]);
    for (let i = 0; i < ELECTION_MAX + 2; i++) {
      member.tick();
      for (const from of [2, 3]) member.step({ type: HeartbeatResponse, from });
    }
    expect(member.raft.role).toBe('follower');
  });
});

describe('a member that rests', () => {
  it('ends leadership and candidacy within the term, and means nothing to a follower', () => {
    const leader = leaderMember();
    leader.raft.rest('its disk hangs');
    leader.settle();
    expect(leader.raft.status()).toMatchObject({ role: 'follower', term: 1, leader: 0, votedFor: 1 });
    expect(leader.ofKind('steppedDown')).toMatchObject([{ term: 1, reason: 'its disk hangs' }]);
    leader.raft.wake();
    leader.raft.campaign();
    leader.raft.rest('its disk hangs');
    expect(leader.raft.role).toBe('follower');
    const follower = followerMember();
    follower.raft.rest('its disk hangs');
    expect(follower.raft.leader).toBe(2);
    expect(follower.raft.hasReady()).toBe(false);
  });

  it('stands for nobody: not when it is asked to, nor when the leader hands over, nor by its timer', () => {
    const follower = followerMember();
    follower.raft.rest('its disk hangs');
    follower.raft.campaign();
    follower.step({ type: TimeoutNow, from: 2 });
    for (let i = 0; i < 3 * ELECTION_MAX; i++) follower.tick();
    expect(follower.raft.status()).toMatchObject({ role: 'follower', term: 1 });
    follower.raft.wake();
    follower.raft.campaign();
    expect(follower.raft.role).toBe('preCandidate');
  });
});
