import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import { bytes, ELECTION_MAX, followerMember, leaderMember, Member } from './harness.ts';

const { AppendResponse, Heartbeat, HeartbeatResponse, PreVote, PreVoteResponse, Vote } = MessageType;

describe('events tell observers, in order,', () => {
  it('how a follower lost its leader and won an election', () => {
    const member = followerMember();
    member.events.length = 0;
    member.timeOut();
    member.becomeLeader();
    const kinds = member.events.filter((e) => !(e.kind === 'electionStarted' && e.preVote)).map((e) => e.kind);
    expect(kinds.filter((kind) => kind !== 'electionLost')).toEqual([
      'leaderLost',
      'roleChanged',
      'roleChanged',
      'electionStarted',
      'roleChanged',
      'electionWon',
    ]);
    expect(member.ofKind('leaderLost')).toEqual([{ kind: 'leaderLost', leader: 2, term: 1 }]);
    expect(member.ofKind('electionWon')).toEqual([{ kind: 'electionWon', term: 2, voters: [1, 2] }]);
    expect(member.ofKind('roleChanged').map((e) => e.role)).toEqual(['preCandidate', 'candidate', 'leader']);
    expect(member.ofKind('roleChanged')[0]!.reason).toMatch(/^node 2 was not heard from for \d+ ticks$/);
  });

  it('who was voted for, and why not', () => {
    const member = new Member();
    member.step({ type: PreVote, from: 2, term: 1 });
    member.step({ type: Vote, from: 2, term: 1 });
    member.step({ type: Vote, from: 3, term: 1 });
    member.settle();
    expect(member.ofKind('voteGranted')).toEqual([
      { kind: 'voteGranted', candidate: 2, term: 1, preVote: true },
      { kind: 'voteGranted', candidate: 2, term: 1, preVote: false },
    ]);
    expect(member.ofKind('voteRejected')).toMatchObject([{ candidate: 3, reason: 'it voted for node 2 in term 1' }]);
  });

  it('that an election was lost, and why', () => {
    const member = new Member();
    member.timeOut();
    const round = member.settle()[0]!.context;
    member.timeOut();
    for (const from of [2, 3]) {
      member.step({ type: PreVoteResponse, from, term: 0, reject: true, context: round + 1 });
    }
    member.settle();
    expect(member.ofKind('electionLost').map((e) => e.reason)).toEqual([
      'no majority answered within the election timeout',
      'a majority refused its vote',
    ]);
  });

  it('which leader became known, once', () => {
    const member = new Member();
    for (let i = 0; i < 3; i++) member.step({ type: Heartbeat, from: 2, term: 1 });
    member.settle();
    expect(member.ofKind('leaderKnown')).toEqual([{ kind: 'leaderKnown', leader: 2, term: 1 }]);
  });

  it('that a follower which was cut off is in step again, and nothing of one that was never behind', () => {
    const member = leaderMember();
    expect(member.ofKind('caughtUp')).toEqual([]);
    for (let i = 0; i < ELECTION_MAX + 2; i++) {
      member.tick();
      member.step({ type: HeartbeatResponse, from: 2 });
    }
    for (let i = 0; i < 5; i++) member.raft.propose(bytes('x'));
    member.settle();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 6 });
    member.stepAndSettle({ type: AppendResponse, from: 3, index: 4 });
    expect(member.ofKind('caughtUp')).toEqual([]);
    member.stepAndSettle({ type: AppendResponse, from: 3, index: 6 });
    expect(member.ofKind('caughtUp')).toEqual([{ kind: 'caughtUp', peer: 3, index: 6 }]);
  });

  it('nothing that decides anything: two members with the same input say the same', () => {
    const run = () => {
      const member = leaderMember();
      member.tick(ELECTION_MAX * 3);
      member.settle();
      return [member.raft.status(), member.events];
    };
    expect(run()).toEqual(run());
  });
});
