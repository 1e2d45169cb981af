import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import {
  bytes,
  changeEntry,
  ELECTION_MAX,
  ELECTION_MIN,
  entry,
  leaderMember,
  Member,
  MemoryDisk,
  ofType,
} from './harness.ts';
import { acknowledge, change, enter, followerWith, membershipOf, THREE } from './members.ts';

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
  TimeoutNow,
} = MessageType;

describe('a leader that is removed (dissertation, section 4.2.2; etcd#11038)', () => {
  it('leads until its removal is applied, then hands over to the voter that has the most', () => {
    const leader = leaderMember();
    leader.raft.proposeMembership({ voters: [2, 3], learners: [] });
    leader.settle();
    expect(leader.raft.role).toBe('leader');
    leader.step({ type: AppendResponse, from: 3, index: 2 });
    const sent = leader.settle();
    expect(leader.raft.role).toBe('leader');
    expect(ofType(sent, TimeoutNow)).toMatchObject([{ to: 3 }]);
    expect(leader.raft.propose(bytes('x'))).toMatchObject({ accepted: false, reason: 'transferring' });
    leader.step({ type: Vote, from: 3, term: 2, index: 2, logTerm: 1, transfer: true });
    expect(leader.settle()).toMatchObject([{ type: VoteResponse, to: 3, reject: false }]);
    expect(leader.raft.role).toBe('learner');
  });

  it('steps down when nobody takes over in time', () => {
    const leader = leaderMember();
    change(leader, [2, 3], [], [2]);
    for (let i = 0; i <= ELECTION_MAX; i++) {
      leader.tick();
      leader.step({ type: HeartbeatResponse, from: 2 });
      leader.step({ type: HeartbeatResponse, from: 3 });
    }
    leader.settle();
    expect(leader.raft.role).toBe('learner');
    expect(leader.ofKind('steppedDown').at(-1)?.reason).toContain('removed');
  });

  it('tells the others what is committed and steps down at once when there is nobody to hand over to', () => {
    const leader = leaderMember();
    leader.raft.proposeMembership({ voters: [2, 3], learners: [] });
    leader.settle();
    leader.step({ type: AppendResponse, from: 2, index: 2 });
    for (const peer of [2, 3]) leader.raft.peerUnreachable(peer);
    const sent = leader.settle();
    expect(leader.raft.role).toBe('learner');
    expect(ofType(sent, TimeoutNow)).toEqual([]);
    expect(ofType(sent, Heartbeat, 2)).toMatchObject([{ commit: 2 }]);
  });

  it('stands for nothing afterwards', () => {
    const leader = leaderMember();
    change(leader, [2, 3], [], [2]);
    leader.step({ type: Vote, from: 2, term: 2, index: 2, logTerm: 1, transfer: true });
    leader.settle();
    leader.tick(10 * ELECTION_MAX);
    leader.raft.campaign();
    expect(leader.settle()).toEqual([]);
    expect(leader.raft.role).toBe('learner');
  });
});

describe('who knows of a committed change that it has not applied', () => {
  /** A follower of node 2 whose driver was handed a committed change and has not applied it. */
  function undecided(): Member {
    const follower = followerWith([changeEntry(1, 1, enter(THREE, [1, 2, 4]))], 1, {}, false);
    follower.persist(follower.take());
    return follower;
  }

  it('does not stand by the membership before: the group may have moved on', () => {
    const follower = undecided();
    follower.tick(5 * ELECTION_MAX);
    follower.raft.campaign();
    expect(follower.raft.role).toBe('follower');
    follower.settle();
    follower.raft.campaign();
    expect(follower.raft.role).toBe('preCandidate');
    expect(ofType(follower.settle(), PreVote).map((m) => m.to)).toEqual([2, 3, 4]);
  });

  it('does not take over either, and is asked again', () => {
    const follower = undecided();
    follower.step({ type: TimeoutNow, from: 2 });
    expect(follower.raft.role).toBe('follower');
    follower.settle();
    follower.step({ type: TimeoutNow, from: 2 });
    expect(follower.raft.role).toBe('candidate');

    const leader = leaderMember();
    leader.raft.transferLeadership(2);
    expect(ofType(leader.settle(), TimeoutNow)).toHaveLength(1);
    leader.tick(2);
    expect(ofType(leader.settle(), TimeoutNow)).toHaveLength(1);
  });

  it('does not stand either after a restart that made it forget what it had applied', () => {
    const before = undecided();
    expect(before.disk.hardState.commitIndex).toBe(1);
    const after = new Member({ disk: before.disk });
    after.raft.campaign();
    expect(after.raft.role).toBe('follower');
    after.settle();
    after.raft.campaign();
    expect(after.raft.role).toBe('preCandidate');
  });

  it('still knows after a crash, if it has any entry that came later', () => {
    const follower = followerWith([entry(1, 1), changeEntry(2, 1, enter(THREE, [1, 4, 5]))], 0);
    // The commit alone is not worth a write, and the driver makes none.
    follower.step({ type: Heartbeat, from: 2, commit: 2 });
    expect(follower.take()).toMatchObject({ mustSync: false, hardState: { commitIndex: 2 } });
    expect(follower.disk.hardState.commitIndex).toBe(0);
    follower.step({ type: Append, from: 2, index: 2, logTerm: 1, entries: [entry(3, 1)], commit: 2 });
    follower.persist(follower.take());
    expect(follower.disk.hardState.commitIndex).toBe(2);
  });
});

describe('a removed member that did not hear of it', () => {
  it('gets no votes while there is a leader, and the reason says that it is no member', () => {
    const follower = new Member({ voters: [1, 2] });
    follower.stepAndSettle({ type: Heartbeat, from: 2, term: 1 });
    const sent = follower.stepAndSettle({ type: PreVote, from: 3, term: 2, index: 9, logTerm: 1 });
    expect(sent).toMatchObject([{ type: PreVoteResponse, to: 3, reject: true }]);
    expect(follower.ofKind('voteRejected').at(-1)?.reason).toBe(
      'node 2 leads term 1, and the candidate is no member of the group',
    );
  });

  it('does not raise the term of anyone by what it says', () => {
    const leader = leaderMember({ voters: [1, 2] }, [2]);
    for (const type of [VoteResponse, AppendResponse, HeartbeatResponse, ReadIndex, TimeoutNow, Vote, PreVote]) {
      leader.stepAndSettle({ type, from: 3, term: 9, reject: true });
    }
    expect(leader.raft.status()).toMatchObject({ role: 'leader', term: 1 });
  });

  it('is told what it lacks by the leader that it asks for a vote, and rests', () => {
    const leader = leaderMember();
    const removed = followerWith([entry(1, 1)], 1, { id: 3 });
    change(leader, [1, 2], [], [2]);
    leader.raft.propose(bytes('not for the one that is gone'));
    leader.settle();
    acknowledge(leader, 2);
    leader.settle();

    removed.tick(ELECTION_MIN);
    removed.timeOut();
    const [asked] = ofType(removed.settle(), PreVote, 1);
    leader.raft.step(asked!);
    const answers = leader.settle().filter((m) => m.to === 3);
    expect(answers).toMatchObject([
      { type: PreVoteResponse, reject: true },
      { type: Append, index: 1, entries: { length: 1 } },
      { type: Heartbeat, reject: true },
    ]);
    for (const answer of answers.slice(1)) removed.raft.step(answer);
    removed.settle();
    expect(removed.raft.role).toBe('learner');
    expect(removed.raft.dismissed).toBe(true);
    expect(membershipOf(removed).voters).toEqual([1, 2]);
  });
});

describe('a member that was removed, and whose log ends before that of the leader begins', () => {
  it('is dismissed without an append that it could only refuse', () => {
    const leader = leaderMember();
    change(leader, [1, 2], [], [2]);
    acknowledge(leader, 2);
    expect(leader.raft.compact(leader.raft.appliedIndex)).not.toBeNull();
    leader.step({ type: PreVote, from: 3, term: 2, index: 1, logTerm: 1 });
    expect(leader.settle().filter((m) => m.to === 3)).toMatchObject([
      { type: PreVoteResponse, reject: true },
      { type: Heartbeat, reject: true },
    ]);
  });
});

describe('a leader that has removed itself', () => {
  it('says of nobody that he is needed no more: who votes from now on may not know yet', () => {
    const leader = leaderMember();
    acknowledge(leader, 2, 3);
    expect(leader.raft.status().membershipSettled).toBe(true);
    change(leader, [2, 3], [], [2, 3]);
    expect(membershipOf(leader).voters).toEqual([2, 3]);
    expect(leader.raft.status()).toMatchObject({ role: 'leader', membershipSettled: false });
  });
});

describe('a member that was removed', () => {
  it('is dismissed when a majority has an entry that came after its removal was applied', () => {
    const leader = leaderMember({ voters: [1, 2, 3, 4] }, [2, 3, 4]);
    leader.raft.proposeMembership({ voters: [1, 2, 3], learners: [] });
    leader.settle();
    acknowledge(leader, 2, 4);
    expect(membershipOf(leader).voters).toEqual([1, 2, 3]);
    leader.step({ type: AppendResponse, from: 3, index: 2 });
    expect(leader.settle().filter((m) => m.to === 4)).toEqual([]);
    // Who asks after its replica now must not be told that nobody needs it.
    expect(leader.raft.status().membershipSettled).toBe(false);
    // The empty entry after the removal.
    leader.step({ type: AppendResponse, from: 3, index: 3 });
    const [told] = leader.settle().filter((m) => m.to === 4);
    expect(leader.raft.status().membershipSettled).toBe(true);
    expect(told).toMatchObject({ type: Heartbeat, reject: true, commit: 2 });

    const removed = followerWith(leader.disk.log.slice(0, 2), 0, { id: 4, voters: [1, 2, 3, 4] });
    expect(removed.raft.dismissed).toBe(false);
    removed.step({ ...told!, from: 1 });
    expect(removed.settle()).toEqual([]);
    expect(removed.raft.status()).toMatchObject({ role: 'learner', membership: { voters: [1, 2, 3] } });
    expect(removed.raft.dismissed).toBe(true);
  });

  it('is needed by nobody, says a leader of a later term, once it has committed an entry of its own', () => {
    const log = [changeEntry(1, 1, enter({ voters: [1, 2, 3, 4], learners: [] }, [1, 2, 3]))];
    const member = followerWith(log, 1, { voters: [1, 2, 3, 4] });
    expect(membershipOf(member).voters).toEqual([1, 2, 3]);
    expect(member.raft.status().membershipSettled).toBe(false);
    member.tick(ELECTION_MIN);
    member.becomeLeader();
    expect(member.raft.status()).toMatchObject({ role: 'leader', membershipSettled: false });
    acknowledge(member, 2);
    expect(member.raft.status().membershipSettled).toBe(true);
  });

  it('is not dismissed by a word that comes late, when it was let in again', () => {
    const member = followerWith([entry(1, 1)], 1);
    member.stepAndSettle({ type: Append, from: 2, index: 1, logTerm: 1, context: 7 });
    member.stepAndSettle({ type: Heartbeat, from: 2, reject: true, context: 5 });
    expect(member.raft.dismissed).toBe(false);
    member.stepAndSettle({ type: Heartbeat, from: 2, reject: true, context: 9 });
    expect(member.raft.dismissed).toBe(true);
  });

  it('is not dismissed any more when a leader goes on with it', () => {
    const member = followerWith([entry(1, 1)], 1);
    member.stepAndSettle({ type: Heartbeat, from: 2, reject: true });
    expect(member.raft.dismissed).toBe(true);
    member.stepAndSettle({ type: Append, from: 2, index: 1, logTerm: 1, entries: [entry(2, 1)] });
    expect(member.raft.dismissed).toBe(false);
  });
});

describe('what candidates and voters know to be committed', () => {
  const pair = { voters: [1, 3], learners: [] };

  it('saves a group whose removed member is the last to know of the removal', () => {
    // Both have the change. Node 1 knows that it is committed, and has one entry more.
    const change = changeEntry(1, 1, enter(pair, [3]));
    const gone = new Member({ id: 1, voters: [1, 3] });
    gone.stepAndSettle({ type: Append, from: 3, term: 2, entries: [change, entry(2, 2)], commit: 1 });
    expect(gone.raft.role).toBe('learner');
    const left = new Member({ id: 3, voters: [1, 3], disk: new MemoryDisk([change], hardState(2)) });

    left.timeOut();
    const [asked] = ofType(left.settle(), PreVote, 1);
    gone.tick(2 * ELECTION_MAX);
    gone.raft.step(asked!);
    const [answer] = ofType(gone.settle(), PreVoteResponse, 3);
    expect(answer).toMatchObject({ reject: true, commit: 1, logTerm: 1 });
    left.raft.step(answer!);
    left.settle();
    expect(membershipOf(left).voters).toEqual([3]);
    left.timeOut();
    left.settle();
    expect(left.raft.role).toBe('leader');
  });

  it('saves a group whose new voter has the most of the log and does not know that it is one', () => {
    const change = changeEntry(1, 1, enter({ voters: [3], learners: [2] }, [2, 3]));
    const promoted = new Member({ id: 2, voters: [3], learners: [2] });
    promoted.stepAndSettle({ type: Append, from: 3, term: 1, entries: [change, entry(2, 1)] });
    promoted.tick(2 * ELECTION_MAX);
    expect(promoted.raft.role).toBe('learner');
    // Node 3 fell before its own disk had the second entry.
    const leader = new Member({ id: 3, voters: [2, 3], appliedIndex: 1, disk: new MemoryDisk([change], hardState(1)) });
    leader.timeOut();
    const [asked] = ofType(leader.settle(), PreVote, 2);
    expect(asked).toMatchObject({ commit: 1, rejectHint: 1 });
    promoted.raft.step(asked!);
    expect(ofType(promoted.settle(), PreVoteResponse)).toMatchObject([{ reject: true }]);
    expect(promoted.raft.role).toBe('follower');
    promoted.timeOut();
    expect(ofType(promoted.settle(), PreVote, 3)).toHaveLength(1);
  });

  it('ends a candidacy by the members of before, even with a vote', () => {
    const change = changeEntry(1, 1, enter(THREE, [1, 2]));
    const candidate = new Member({ disk: new MemoryDisk([change], hardState(1)) });
    candidate.raft.campaign();
    const [asked] = ofType(candidate.settle(), PreVote, 2);
    const { term, context } = asked!;
    candidate.step({ type: PreVoteResponse, from: 2, term, context, commit: 1, logTerm: 1 });
    expect(candidate.raft.role).toBe('follower');
    candidate.settle();
    expect(membershipOf(candidate).voters).toEqual([1, 2]);
  });

  it('is believed only of an entry that the candidate has', () => {
    const candidate = new Member({ disk: new MemoryDisk([entry(1, 1), entry(2, 2)], hardState(2)) });
    candidate.raft.campaign();
    candidate.settle();
    candidate.step({ type: PreVoteResponse, from: 2, reject: true, context: 1, commit: 2, logTerm: 1 });
    candidate.step({ type: PreVoteResponse, from: 3, reject: true, context: 1, commit: 9, logTerm: 2 });
    expect(candidate.raft.commitIndex).toBe(0);
    candidate.step({ type: VoteResponse, from: 2, reject: true, commit: 1, logTerm: 1 });
    expect(candidate.raft.commitIndex).toBe(1);
  });
});

describe('a replica that was given up and has come back', () => {
  // Long ago it was the only voter; by the third entry the others had taken over.
  const past = [changeEntry(1, 1, enter({ voters: [1, 2], learners: [] }, [1])), entry(2, 1), entry(3, 2)];
  const back = (held: number) => {
    const disk = new MemoryDisk(past.slice(0, held), { ...hardState(2), commitIndex: held });
    const replica = new Member({ voters: [], givenUpAt: { index: 3, term: 2 }, disk });
    replica.settle();
    return replica;
  };

  it('stands for nothing by a membership of the past, before its log holds what it held', () => {
    const replica = back(2);
    expect(membershipOf(replica).voters).toEqual([1]);
    replica.timeOut();
    replica.settle();
    expect(replica.raft.role).toBe('follower');
    replica.step({ type: Append, from: 2, term: 2, index: 2, logTerm: 1, commit: 3, entries: past.slice(2) });
    replica.settle();
    replica.timeOut();
    replica.settle();
    expect(replica.raft.role).toBe('leader');
  });

  it('votes for nobody before that, however long the log of the candidate is', () => {
    const asked = { type: Vote, from: 2, term: 3, index: 9, logTerm: 2 } as const;
    expect(ofType(back(2).stepAndSettle(asked), VoteResponse)).toMatchObject([{ reject: true }]);
    expect(ofType(back(2).stepAndSettle({ ...asked, type: PreVote }), PreVoteResponse)).toMatchObject([
      { reject: true },
    ]);
    expect(ofType(back(3).stepAndSettle(asked), VoteResponse)).toMatchObject([{ reject: false }]);
  });
});

function hardState(term: number) {
  return { term, votedFor: 0, commitIndex: 0 };
}
