import { describe, expect, it } from 'vitest';
import { EntryType, MessageType } from '../../../engine/raft/types.ts';
import type { NodeId } from '../../../engine/raft/types.ts';
import { changeEntry, ELECTION_MAX, entry, leaderMember, Member, MemoryDisk, ofType } from './harness.ts';
import { acknowledge, change, enter, lastChange, membershipOf, THREE } from './members.ts';

const { PreVoteResponse, VoteResponse, AppendResponse, Heartbeat, HeartbeatResponse } = MessageType;

describe('a joint configuration (Raft paper, section 6)', () => {
  const joint = { id: 1, voters: [1, 2, 3], votersOutgoing: [1, 4, 5] };

  it('commits what both majorities have stored, and nothing before', () => {
    const leader = new Member({ ...joint });
    leader.becomeLeader([2, 4]);
    const index = leader.raft.lastIndex;
    leader.step({ type: AppendResponse, from: 2, index });
    leader.step({ type: AppendResponse, from: 3, index });
    expect(leader.raft.commitIndex).toBe(0);
    leader.step({ type: AppendResponse, from: 5, index });
    expect(leader.raft.commitIndex).toBe(index);
  });

  it('elects whom both majorities vote for, and nobody else', () => {
    const candidate = new Member({ ...joint });
    candidate.raft.campaign();
    candidate.settle();
    const answer = (type: MessageType, from: NodeId) => {
      const term = type === PreVoteResponse ? candidate.raft.term + 1 : candidate.raft.term;
      candidate.stepAndSettle({ type, from, term, context: 1 });
    };
    for (const from of [2, 3]) answer(PreVoteResponse, from);
    expect(candidate.raft.role).toBe('preCandidate');
    answer(PreVoteResponse, 4);
    expect(candidate.raft.role).toBe('candidate');
    for (const from of [4, 5]) answer(VoteResponse, from);
    expect(candidate.raft.role).toBe('candidate');
    answer(VoteResponse, 3);
    expect(candidate.raft.role).toBe('leader');
  });

  it('confirms reads by both majorities', () => {
    const leader = leaderMember({ ...joint }, [2, 4]);
    leader.raft.readIndex(7);
    const context = ofType(leader.settle(), Heartbeat, 2)[0]?.context ?? 0;
    for (const from of [2, 3]) leader.step({ type: HeartbeatResponse, from, context });
    expect(leader.take().readStates).toEqual([]);
    leader.step({ type: HeartbeatResponse, from: 5, context });
    expect(leader.take().readStates).toMatchObject([{ requestId: 7 }]);
  });

  it('keeps its leader only while both majorities are heard from', () => {
    const leader = leaderMember({ ...joint }, [2, 4]);
    for (let i = 0; i < 2 * ELECTION_MAX; i++) {
      leader.tick();
      for (const from of [2, 3]) leader.step({ type: HeartbeatResponse, from });
    }
    expect(leader.raft.role).not.toBe('leader');
  });

  it('is left by its leader, once it is applied', () => {
    const leader = leaderMember({ learners: [4, 5] });
    acknowledge(leader, 4, 5);
    change(leader, [1, 4, 5], [3], [2, 3]);
    expect(membershipOf(leader)).toEqual({ voters: [1, 4, 5], votersOutgoing: [1, 2, 3], learners: [3] });
    expect(lastChange(leader)).toEqual({ kind: 'leave' });
    acknowledge(leader, 4, 5);
    expect(membershipOf(leader).votersOutgoing).toEqual([1, 2, 3]);
    acknowledge(leader, 2);
    expect(membershipOf(leader)).toEqual({ voters: [1, 4, 5], votersOutgoing: [], learners: [3] });
  });

  it('is left by whoever leads next (etcd#12136), after an entry of its own term', () => {
    const leader = new Member({ ...joint });
    leader.becomeLeader([2, 4]);
    expect(lastChange(leader)).toBeNull();
    acknowledge(leader, 2, 4);
    expect(lastChange(leader)).toEqual({ kind: 'leave' });
    acknowledge(leader, 2, 4);
    expect(membershipOf(leader)).toEqual({ voters: [1, 2, 3], votersOutgoing: [], learners: [] });
    expect(leader.disk.log.filter((e) => e.type === EntryType.ConfChange)).toHaveLength(1);
  });

  it('is left by a new leader that finds the entry of the change in its tail', () => {
    const disk = new MemoryDisk([entry(1, 1), changeEntry(2, 1, enter(THREE, [1, 4, 5]))]);
    const leader = new Member({ disk });
    leader.becomeLeader([2, 3]);
    acknowledge(leader, 2);
    expect(membershipOf(leader)).toMatchObject({ voters: [1, 4, 5], votersOutgoing: [1, 2, 3] });
    expect(lastChange(leader)).toEqual({ kind: 'leave' });
  });

  it('is left after a transfer that stood against it', () => {
    const leader = new Member({ ...joint });
    leader.becomeLeader([2, 4]);
    leader.raft.transferLeadership(3);
    acknowledge(leader, 2, 4);
    expect(lastChange(leader)).toBeNull();
    for (let i = 0; i <= ELECTION_MAX; i++) {
      leader.tick();
      for (const from of [2, 4]) leader.step({ type: HeartbeatResponse, from });
    }
    leader.settle();
    expect(leader.raft.role).toBe('leader');
    expect(lastChange(leader)).toEqual({ kind: 'leave' });
  });
});
