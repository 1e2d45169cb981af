import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import type { ReadState } from '../../../engine/raft/types.ts';
import { bytes, ELECTION_MAX, followerMember, leaderMember, logOf, Member, MemoryDisk, ofType } from './harness.ts';

const { AppendResponse, Heartbeat, HeartbeatResponse, ReadIndex, ReadIndexResponse } = MessageType;

/** Takes readies like `settle`, but gives back the reads. */
function reads(member: Member): { released: ReadState[]; rejected: number[] } {
  const released: ReadState[] = [];
  const rejected: number[] = [];
  while (member.raft.hasReady()) {
    const ready = member.take();
    member.persist(ready);
    member.apply(ready);
    released.push(...ready.readStates);
    rejected.push(...ready.rejectedReads);
  }
  return { released, rejected };
}

describe('ReadIndex on a leader (dissertation, section 6.4)', () => {
  it('waits for a majority to confirm the leader, and gives its commit index', () => {
    const member = leaderMember({ voters: [1, 2, 3, 4, 5] }, [2, 3]);
    expect(member.raft.readIndex(77)).toBe(true);
    const ready = member.take();
    const round = ofType(ready.messages, Heartbeat);
    expect(round.map((m) => m.to)).toEqual([2, 3, 4, 5]);
    expect(ready.readStates).toEqual([]);
    const confirm = { type: HeartbeatResponse, context: round[0]!.context } as const;
    member.step({ ...confirm, from: 2 });
    member.step({ ...confirm, from: 2 });
    expect(reads(member).released).toEqual([]);
    member.step({ ...confirm, from: 3 });
    expect(reads(member).released).toEqual([{ requestId: 77, index: 1 }]);
  });

  it('shares one round between all that ask before a ready', () => {
    const member = leaderMember();
    for (let id = 1; id <= 100; id++) member.raft.readIndex(id);
    member.step({ type: ReadIndex, from: 3, context: 500 });
    const { messages } = member.take();
    expect(ofType(messages, Heartbeat).length).toBe(2);
    member.step({ type: HeartbeatResponse, from: 2, context: messages[0]!.context });
    const ready = member.take();
    expect(ready.readStates.length).toBe(100);
    expect(ofType(ready.messages, ReadIndexResponse)).toMatchObject([{ to: 3, context: 500, index: 1, reject: false }]);
  });

  it('waits until an entry of the own term is committed (pitfall 1, etcd#7331)', () => {
    const disk = new MemoryDisk(logOf(1, 1), { term: 1, votedFor: 0, commitIndex: 1 });
    const member = new Member({ disk });
    member.becomeLeader();
    member.raft.readIndex(5);
    member.step({ type: ReadIndex, from: 3, context: 6 });
    for (const from of [2, 3]) member.step({ type: HeartbeatResponse, from });
    expect(ofType(member.settle(), Heartbeat)).toEqual([]);
    member.step({ type: AppendResponse, from: 2, index: 3 });
    const round = ofType(member.settle(), Heartbeat, 2)[0]!;
    member.step({ type: HeartbeatResponse, from: 2, context: round.context });
    const ready = member.take();
    expect(ready.readStates).toEqual([{ requestId: 5, index: 3 }]);
    expect(ofType(ready.messages, ReadIndexResponse)).toMatchObject([{ to: 3, context: 6, index: 3 }]);
  });

  it('matches confirmations by its own counter, not by what callers sent (pitfall 2, etcd#20418)', () => {
    const member = leaderMember();
    member.raft.readIndex(9);
    const first = ofType(member.settle(), Heartbeat, 2)[0]!;
    member.step({ type: HeartbeatResponse, from: 2, context: first.context });
    expect(reads(member).released).toEqual([{ requestId: 9, index: 1 }]);
    // The same id again, as a caller that retries may send it; and the old confirmation again.
    member.step({ type: ReadIndex, from: 3, context: 9 });
    member.settle();
    member.step({ type: HeartbeatResponse, from: 2, context: first.context });
    expect(ofType(member.settle(), ReadIndexResponse)).toEqual([]);
  });

  it('takes no confirmation of a round that did not begin', () => {
    const member = leaderMember();
    member.step({ type: HeartbeatResponse, from: 2, context: 1000 });
    member.raft.readIndex(1);
    expect(reads(member).released).toEqual([]);
  });

  it('takes a confirmation of a later round for all earlier ones', () => {
    const member = leaderMember();
    member.raft.readIndex(1);
    member.settle();
    member.raft.propose(bytes('x'));
    member.settle();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 2 });
    member.raft.readIndex(2);
    const second = ofType(member.settle(), Heartbeat, 2)[0]!;
    member.step({ type: HeartbeatResponse, from: 2, context: second.context });
    expect(reads(member).released).toEqual([
      { requestId: 1, index: 1 },
      { requestId: 2, index: 2 },
    ]);
  });

  it('makes a lost round good with the next heartbeat', () => {
    const member = leaderMember();
    member.raft.readIndex(1);
    const { context } = ofType(member.settle(), Heartbeat, 2)[0]!;
    member.tick(2);
    expect(ofType(member.settle(), Heartbeat, 3)[0]).toMatchObject({ context });
  });

  it('does not count learners, and needs both majorities in a joint configuration', () => {
    const member = leaderMember({ voters: [1, 2, 3], votersOutgoing: [1, 4, 5], learners: [6, 7] }, [2, 4]);
    member.raft.readIndex(1);
    const { context } = ofType(member.settle(), Heartbeat, 2)[0]!;
    for (const from of [2, 3, 6, 7]) member.step({ type: HeartbeatResponse, from, context });
    expect(reads(member).released).toEqual([]);
    member.step({ type: HeartbeatResponse, from: 5, context });
    expect(reads(member).released.length).toBe(1);
  });

  it('answers at once in a group of one voter, but not before its own entry is committed', () => {
    const member = new Member({ voters: [1], learners: [2] });
    member.raft.campaign();
    member.persist(member.take());
    expect(member.raft.role).toBe('leader');
    member.raft.readIndex(1);
    const ready = member.take();
    expect(ready.readStates).toEqual([]);
    member.persist(ready);
    expect(member.take().readStates).toEqual([{ requestId: 1, index: 1 }]);
  });

  it('is rejected, wherever it came from, when the leader steps down', () => {
    const member = leaderMember();
    member.raft.readIndex(1);
    member.settle();
    member.raft.readIndex(2);
    member.step({ type: ReadIndex, from: 3, context: 8 });
    member.raft.rest('asked to');
    const ready = member.take();
    expect(ready.rejectedReads).toEqual([1, 2]);
    expect(ofType(ready.messages, ReadIndexResponse)).toMatchObject([{ to: 3, context: 8, reject: true }]);
  });

  it('does not serve strangers', () => {
    const member = leaderMember();
    member.step({ type: ReadIndex, from: 9, context: 8 });
    expect(member.raft.hasReady()).toBe(false);
  });
});

describe('ReadIndex on a follower', () => {
  it('asks the leader and releases with its answer, once', () => {
    const member = followerMember();
    expect(member.raft.readIndex(42)).toBe(true);
    expect(member.settle()).toMatchObject([{ type: ReadIndex, to: 2, term: 1, context: 42 }]);
    const answer = { type: ReadIndexResponse, from: 2, context: 42, index: 17 } as const;
    member.step(answer);
    member.step(answer);
    expect(reads(member)).toEqual({ released: [{ requestId: 42, index: 17 }], rejected: [] });
  });

  it('is not accepted while no leader is known', () => {
    const member = new Member();
    expect(member.raft.readIndex(1)).toBe(false);
    member.raft.campaign();
    expect(member.raft.readIndex(2)).toBe(false);
    member.settle();
    expect(reads(member)).toEqual({ released: [], rejected: [] });
  });

  it('is rejected when the leader cannot serve it', () => {
    const member = followerMember();
    member.raft.readIndex(42);
    member.step({ type: ReadIndexResponse, from: 2, context: 42, reject: true });
    expect(reads(member).rejected).toEqual([42]);
  });

  it('is rejected when the leader changes, in a new term even to the same node', () => {
    for (const from of [2, 3]) {
      const member = followerMember();
      member.raft.readIndex(42);
      member.step({ type: Heartbeat, from, term: 2 });
      expect(reads(member).rejected).toEqual([42]);
      member.step({ type: ReadIndexResponse, from, term: 2, context: 42, index: 1 });
      expect(reads(member)).toEqual({ released: [], rejected: [] });
    }
  });

  it('is rejected when this member campaigns', () => {
    const member = followerMember();
    member.raft.readIndex(42);
    member.timeOut();
    expect(reads(member).rejected).toEqual([42]);
  });

  it('is rejected when no answer comes within an election timeout, though the leader lives', () => {
    const member = followerMember();
    member.raft.readIndex(1);
    const rejected: number[] = [];
    for (let i = 0; i < ELECTION_MAX; i++) {
      expect(rejected).toEqual([]);
      if (i === 5) member.raft.readIndex(2);
      member.tick();
      member.step({ type: Heartbeat, from: 2 });
      rejected.push(...reads(member).rejected);
    }
    expect(rejected).toEqual([1]);
  });

  it('is passed back when it reaches a member that does not lead', () => {
    const member = followerMember();
    expect(member.stepAndSettle({ type: ReadIndex, from: 3, context: 8 })).toMatchObject([
      { type: ReadIndexResponse, to: 3, reject: true, context: 8 },
    ]);
  });
});
