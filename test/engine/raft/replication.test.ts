import { describe, expect, it } from 'vitest';
import { MessageType } from '../../../engine/raft/types.ts';
import type { Message, RaftConfig } from '../../../engine/raft/types.ts';
import { bytes, entry, followerMember, leaderMember, logOf, Member, MemoryDisk, ofType, text } from './harness.ts';

const { Append, AppendResponse, Heartbeat, HeartbeatResponse } = MessageType;

/** Carries messages between two members until both are quiet; returns the appends it took. */
function exchange(leader: Member, follower: Member, first: readonly Message[]): number {
  let appends = 0;
  let forLeader: Message[] = [];
  let forFollower = first.filter((m) => m.to === follower.raft.id);
  for (let i = 0; i < 1000 && forFollower.length > 0; i++) {
    appends += ofType(forFollower, Append).length;
    for (const m of forFollower) follower.raft.step(m);
    forLeader = follower.settle();
    for (const m of forLeader) leader.raft.step(m);
    forFollower = leader.settle().filter((m) => m.to === follower.raft.id);
  }
  return appends;
}

describe('AppendEntries (Raft paper, figure 2 and section 5.3)', () => {
  const send = (member: Member, partial: Partial<Message>) =>
    ofType(member.stepAndSettle({ type: Append, from: 2, term: 3, ...partial }), AppendResponse)[0];

  it('refuses entries after one that it does not have', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1)) });
    expect(send(member, { index: 5, logTerm: 2, entries: [entry(6, 2)] })).toMatchObject({ reject: true, index: 5 });
    expect(member.raft.lastIndex).toBe(2);
  });

  it('refuses entries after one of another term', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1)) });
    expect(send(member, { index: 2, logTerm: 2, entries: [entry(3, 2)] })).toMatchObject({ reject: true, index: 2 });
    expect(member.raft.lastIndex).toBe(2);
  });

  it('appends what follows an entry that matches', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1)) });
    const answer = send(member, { index: 2, logTerm: 1, entries: [entry(3, 2), entry(4, 3)] });
    expect(answer).toMatchObject({ reject: false, index: 4, term: 3 });
    expect(member.disk.log.map((e) => e.term)).toEqual([1, 1, 2, 3]);
  });

  it('replaces from the first entry that conflicts', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1, 2, 2, 2)) });
    send(member, { index: 1, logTerm: 1, entries: [entry(2, 1), entry(3, 3)] });
    expect(member.disk.log.map((e) => e.term)).toEqual([1, 1, 3]);
    expect(member.raft.lastIndex).toBe(3);
  });

  it('does not shorten the log for an append that comes late', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1, 2, 2)) });
    expect(send(member, { index: 1, logTerm: 1, entries: [entry(2, 1)] })).toMatchObject({ reject: false, index: 2 });
    expect(member.raft.lastIndex).toBe(4);
  });

  it('moves the commit index to the leader’s, but not past the last entry it vouches for', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1, 1, 1)) });
    send(member, { index: 1, logTerm: 1, entries: [entry(2, 1)], commit: 4 });
    expect(member.raft.commitIndex).toBe(2);
    send(member, { index: 2, logTerm: 1, commit: 1 });
    expect(member.raft.commitIndex).toBe(2);
  });

  it('never replaces a committed entry, whoever asks', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1), { term: 1, votedFor: 0, commitIndex: 2 }) });
    expect(send(member, { index: 2, logTerm: 2, entries: [entry(3, 3)] })).toMatchObject({ reject: true });
    expect(send(member, { index: 0, logTerm: 0, entries: [entry(1, 3)] })).toMatchObject({ reject: false, index: 2 });
    expect(member.disk.log.map((e) => e.term)).toEqual([1, 1]);
  });

  it.each([
    ['a gap', [entry(1, 1), entry(3, 1)]],
    ['a falling term', [entry(1, 3), entry(2, 2)]],
    ['a term beyond the sender’s', [entry(1, 4)]],
  ])('ignores entries with %s', (_, entries) => {
    const member = new Member();
    expect(send(member, { entries })).toBeUndefined();
    expect(member.raft.lastIndex).toBe(0);
  });

  it('acknowledges an append from before its commit index with that', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1, 1, 1), { term: 1, votedFor: 0, commitIndex: 3 }) });
    expect(send(member, { index: 1, logTerm: 1, entries: [entry(2, 1)] })).toMatchObject({ reject: false, index: 3 });
  });
});

describe('a leader', () => {
  it('begins its term with an empty entry (section 8) and sends it at once', () => {
    const member = new Member();
    const sent = member.becomeLeader();
    expect(member.disk.log).toMatchObject([{ index: 1, term: 1 }]);
    expect(member.disk.log[0]!.data.length).toBe(0);
    expect(ofType(sent, Append).map((m) => [m.to, m.index, m.entries.length])).toEqual([
      [2, 0, 1],
      [3, 0, 1],
    ]);
  });

  it('does not wait for its own disk before it sends', () => {
    const member = leaderMember();
    member.raft.propose(bytes('x'));
    const ready = member.take();
    expect(ofType(ready.messages, Append, 2)[0]!.entries.map((e) => text(e.data))).toEqual(['x']);
    expect(ready.messagesAfterPersist).toEqual([]);
  });

  it('only appends to its own log, never replaces (figure 3, leader append-only)', () => {
    const member = leaderMember();
    member.step({ type: Append, from: 2, index: 0, logTerm: 0, entries: [entry(1, 1, 'impostor')] });
    expect(member.settle()).toEqual([]);
    expect(text(member.disk.log[0]!.data)).toBe('');
  });

  it('sends proposals made between two readies in one append', () => {
    const member = leaderMember();
    for (const data of ['a', 'b', 'c']) member.raft.propose(bytes(data));
    const appends = ofType(member.settle(), Append, 2);
    expect(appends.map((m) => m.entries.map((e) => text(e.data)))).toEqual([['a', 'b', 'c']]);
  });

  it('tells followers of a new commit index with the next append, or the next heartbeat, and not by itself', () => {
    const member = leaderMember();
    member.raft.propose(bytes('x'));
    member.settle();
    const sent = member.stepAndSettle({ type: AppendResponse, from: 2, index: 2 });
    expect(member.raft.commitIndex).toBe(2);
    expect(ofType(sent, Append)).toEqual([]);
    member.raft.propose(bytes('y'));
    expect(ofType(member.settle(), Append).map((m) => [m.to, m.commit, m.entries.length])).toContainEqual([2, 2, 1]);
    member.tick(2);
    expect(ofType(member.settle(), Heartbeat, 2).map((m) => m.commit)).toEqual([2]);
  });

  it('never tells a follower in a heartbeat to commit what it is not known to have', () => {
    const member = leaderMember({}, [2]);
    member.tick(2);
    expect(ofType(member.settle(), Heartbeat).map((m) => [m.to, m.commit])).toEqual([
      [2, 1],
      [3, 0],
    ]);
  });

  it('replicates to learners', () => {
    const member = leaderMember({ learners: [4] });
    expect(member.raft.status().progress.map((p) => p.id)).toEqual([2, 3, 4]);
    member.tick(2);
    expect(ofType(member.settle(), Heartbeat, 4).length).toBe(1);
  });

  it('refuses to take proposals when it is none, and says who leads', () => {
    const member = followerMember();
    expect(member.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'notLeader', leader: 2 });
  });
});

describe('conflict hints (end of section 5.3)', () => {
  /** The seven logs of figure 7: whatever a follower holds, it ends with the leader's log. */
  const leaderTerms = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  it.each([
    ['a', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b', [1, 1, 1, 4]],
    ['c', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e', [1, 1, 1, 4, 4, 4, 4]],
    ['f', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ])('bring follower (%s) of figure 7 to the leader’s log', (_, terms) => {
    const disk = () => new MemoryDisk(logOf(...leaderTerms), { term: 7, votedFor: 0, commitIndex: 0 });
    const leader = new Member({ disk: disk() });
    const first = leader.becomeLeader();
    const follower = new Member({ id: 2, disk: new MemoryDisk(logOf(...terms)) });
    const appends = exchange(leader, follower, first);
    expect(follower.disk.log.map((e) => e.term)).toEqual([...leaderTerms, 8]);
    expect(appends).toBeLessThanOrEqual(4);
  });

  it('need a number of appends in proportion to terms, not entries, and few reads of the disk', () => {
    const long = (term: number, count: number) => Array.from({ length: count }, () => term);
    // They agree on 100 entries; after that 20,000 entries of three terms each that the other has not.
    const ours = logOf(...long(1, 100), ...long(3, 7000), ...long(5, 7000), ...long(7, 6000));
    const theirs = logOf(...long(1, 100), ...long(2, 7000), ...long(4, 7000), ...long(6, 6000));
    const leader = new Member({ disk: new MemoryDisk(ours) });
    const first = leader.becomeLeader();
    const follower = new Member({ id: 2, disk: new MemoryDisk(theirs) });
    const appends = exchange(leader, follower, first);
    expect(follower.disk.log.length).toBe(leader.disk.log.length);
    expect(follower.disk.log.every((e, i) => e.term === leader.disk.log[i]!.term)).toBe(true);
    expect(appends).toBeLessThan(15);
  });
});

describe('progress and the in-flight window', () => {
  const limits = { maxInflightAppends: 3, maxAppendBytes: 10 };
  const progressOf = (member: Member, id: number) => member.raft.status().progress.find((p) => p.id === id)!;

  /** The follower has everything up to index 3, and its window of three is open. */
  function pipelining(withLimits: Partial<RaftConfig> = limits): Member {
    const member = leaderMember({ limits: withLimits });
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 1 });
    for (const index of [2, 3]) {
      member.raft.propose(bytes('widens'));
      member.settle();
      member.stepAndSettle({ type: AppendResponse, from: 2, index });
    }
    return member;
  }

  it('probes with one append at a time until the logs are known to agree', () => {
    const member = new Member();
    member.becomeLeader();
    expect(progressOf(member, 2)).toMatchObject({ state: 'probe', matchIndex: 0, nextIndex: 1 });
    member.raft.propose(bytes('x'));
    expect(ofType(member.settle(), Append)).toEqual([]);
    const sent = member.stepAndSettle({ type: AppendResponse, from: 2, index: 1 });
    expect(ofType(sent, Append, 2)).toMatchObject([{ index: 1, entries: [{ index: 2 }] }]);
    expect(progressOf(member, 2)).toMatchObject({ state: 'replicate', matchIndex: 1, nextIndex: 3, inFlight: 1 });
  });

  it('splits entries by the size of an append, but always sends one', () => {
    const member = pipelining();
    for (const data of ['12345', '67890', 'x', 'far more than ten bytes', 'y']) member.raft.propose(bytes(data));
    const appends = ofType(member.settle(), Append, 2);
    expect(appends.map((m) => m.entries.map((e) => text(e.data)))).toEqual([
      ['12345', '67890'],
      ['x'],
      ['far more than ten bytes'],
    ]);
  });

  it('holds back when the window is full, by count, and goes on as answers come', () => {
    const member = pipelining();
    for (let i = 0; i < 10; i++) {
      member.raft.propose(bytes('0123456789'));
      member.settle();
    }
    expect(progressOf(member, 2)).toMatchObject({ inFlight: 3, nextIndex: 7 });
    const sent = member.stepAndSettle({ type: AppendResponse, from: 2, index: 5 });
    expect(ofType(sent, Append, 2).flatMap((m) => m.entries.map((e) => e.index))).toEqual([7, 8]);
  });

  it('opens the window by one with each answer that brings the follower forward, from one', () => {
    const member = leaderMember({ limits: { ...limits, maxInflightAppends: 4 } });
    for (let i = 0; i < 20; i++) member.raft.propose(bytes('0123456789'));
    member.settle();
    const inFlight: number[] = [];
    for (const index of [1, 2, 2, 2, 1, 3, 4, 5, 6, 7]) {
      member.stepAndSettle({ type: AppendResponse, from: 2, index });
      inFlight.push(progressOf(member, 2).inFlight);
    }
    // Answers that say nothing new widen nothing: else each of them would call up more of its kind.
    expect(inFlight).toEqual([1, 2, 2, 2, 2, 3, 4, 4, 4, 4]);
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 11, reject: true, rejectHint: 7, logTerm: 1 });
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 7 });
    expect(progressOf(member, 2)).toMatchObject({ state: 'replicate', inFlight: 1 });
  });

  it('holds back when the window is full, by bytes', () => {
    const member = pipelining({ maxInflightBytes: 15, maxAppendBytes: 10 });
    for (let i = 0; i < 10; i++) member.raft.propose(bytes('0123456789'));
    expect(ofType(member.settle(), Append, 2).length).toBe(2);
  });

  it('leaks no entries to a stuck follower: a full window sends empty appends (pitfall 12, etcd#14633)', () => {
    const member = pipelining();
    for (let i = 0; i < 10; i++) member.raft.propose(bytes('0123456789'));
    member.settle();
    for (let i = 0; i < 5; i++) {
      const sent = member.stepAndSettle({ type: HeartbeatResponse, from: 2 });
      expect(ofType(sent, Append, 2)).toMatchObject([{ index: 6, entries: [] }]);
    }
    expect(progressOf(member, 2)).toMatchObject({ inFlight: 3, nextIndex: 7 });
  });

  it('finds out by an empty append that all in flight was lost, and starts over', () => {
    const member = pipelining();
    for (let i = 0; i < 10; i++) member.raft.propose(bytes('0123456789'));
    member.settle();
    member.stepAndSettle({ type: HeartbeatResponse, from: 2 });
    const rejection = { type: AppendResponse, from: 2, index: 6, reject: true, rejectHint: 3, logTerm: 1 } as const;
    const sent = member.stepAndSettle(rejection);
    expect(ofType(sent, Append, 2)).toMatchObject([{ index: 3, entries: [{ index: 4 }] }]);
    expect(progressOf(member, 2)).toMatchObject({ state: 'probe', inFlight: 0 });
  });

  it('notices after a heartbeat that the last append was lost, though nothing more is proposed', () => {
    const member = pipelining();
    member.raft.propose(bytes('lost'));
    member.settle();
    const sent = member.stepAndSettle({ type: HeartbeatResponse, from: 2 });
    expect(ofType(sent, Append, 2)).toMatchObject([{ index: 4, entries: [] }]);
  });

  it('probes again after a heartbeat is answered, when the probe was lost (pitfall 12)', () => {
    const member = new Member();
    member.becomeLeader();
    const sent = member.stepAndSettle({ type: HeartbeatResponse, from: 2 });
    expect(ofType(sent, Append, 2)).toMatchObject([{ index: 0, entries: [{ index: 1 }] }]);
  });

  it('probes from what is certain when the stream broke', () => {
    const member = pipelining();
    for (let i = 0; i < 3; i++) member.raft.propose(bytes('0123456789'));
    member.settle();
    member.raft.peerUnreachable(2);
    expect(ofType(member.settle(), Append, 2)).toMatchObject([{ index: 3, entries: [{ index: 4 }] }]);
    expect(progressOf(member, 2)).toMatchObject({ state: 'probe', matchIndex: 3, nextIndex: 4, inFlight: 0 });
    member.raft.peerUnreachable(77);
  });

  it('ignores answers that were overtaken', () => {
    const member = pipelining();
    member.raft.propose(bytes('x'));
    member.settle();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 2 });
    const before = progressOf(member, 2);
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 1, reject: true, rejectHint: 0 });
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 1 });
    expect(progressOf(member, 2)).toEqual(before);
  });

  it('never probes below what a follower is known to have, nor twice for one refusal', () => {
    const disk = new MemoryDisk(logOf(1, 1, 1, 1, 1), { term: 1, votedFor: 0, commitIndex: 0 });
    const member = new Member({ disk });
    member.becomeLeader();
    const refusal = { type: AppendResponse, from: 2, index: 5, reject: true, rejectHint: 3, logTerm: 1 } as const;
    expect(ofType(member.stepAndSettle(refusal), Append, 2)).toMatchObject([{ index: 3 }]);
    expect(ofType(member.stepAndSettle(refusal), Append, 2)).toEqual([]);
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 4 });
    member.raft.peerUnreachable(2);
    member.settle();
    member.stepAndSettle({ ...refusal, index: 4, rejectHint: 1 });
    expect(progressOf(member, 2)).toMatchObject({ matchIndex: 4, nextIndex: 5 });
  });

  it('does not believe in a match beyond its own log', () => {
    const member = leaderMember();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 1000 });
    expect(progressOf(member, 2)).toMatchObject({ matchIndex: 1 });
  });
});

describe('back-pressure', () => {
  const offered = (member: Member, size: number) => member.raft.propose(new Uint8Array(size)).accepted;

  it('refuses proposals while too many bytes wait for their commit', () => {
    const member = leaderMember({ limits: { maxUncommittedBytes: 100 } });
    expect(offered(member, 60)).toBe(true);
    expect(offered(member, 40)).toBe(true);
    expect(member.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'tooManyUncommitted', leader: 1 });
    member.settle();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 2 });
    expect(offered(member, 60)).toBe(true);
    expect(offered(member, 1)).toBe(false);
  });

  it('always lets one in, however big', () => {
    const member = leaderMember({ limits: { maxUncommittedBytes: 100 } });
    expect(offered(member, 1000)).toBe(true);
    expect(offered(member, 1)).toBe(false);
    member.settle();
    member.stepAndSettle({ type: AppendResponse, from: 2, index: 2 });
    expect(offered(member, 1000)).toBe(true);
  });

  it('does not count what predecessors left uncommitted', () => {
    const disk = new MemoryDisk([entry(1, 1, 'x'.repeat(500)), entry(2, 1, 'x'.repeat(500))]);
    const member = leaderMember({ disk, limits: { maxUncommittedBytes: 100 } });
    expect(member.raft.commitIndex).toBe(3);
    expect(offered(member, 100)).toBe(true);
    expect(offered(member, 1)).toBe(false);
  });
});
