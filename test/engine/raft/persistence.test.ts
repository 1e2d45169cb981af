import { describe, expect, it } from 'vitest';
import { DriverOrderError, InvalidInitialStateError } from '../../../engine/raft/errors.ts';
import { MAX_COMMITTED_BYTES_PER_READY } from '../../../engine/raft/raft.ts';
import { MessageType } from '../../../engine/raft/types.ts';
import type { Entry, Message } from '../../../engine/raft/types.ts';
import { bytes, entry, followerMember, leaderMember, logOf, Member, MemoryDisk, ofType } from './harness.ts';

const { Append, AppendResponse, Heartbeat, HeartbeatResponse, PreVote, PreVoteResponse, Vote, VoteResponse } =
  MessageType;

const append = (member: Member, from: number, term: number, index: number, logTerm: number, entries: Entry[]) => {
  member.step({ type: Append, from, term, index, logTerm, entries });
};

describe('what waits for the disk', () => {
  it('a vote', () => {
    const member = new Member();
    member.step({ type: Vote, from: 2, term: 1 });
    const ready = member.take();
    expect(ready.messages).toEqual([]);
    expect(ready).toMatchObject({ hardState: { term: 1, votedFor: 2 }, mustSync: true });
    expect(ready.messagesAfterPersist).toMatchObject([{ type: VoteResponse, reject: false }]);
  });

  it('a candidate’s requests, since they say that it voted for itself', () => {
    const member = new Member();
    member.raft.campaign();
    const { messages } = member.take();
    expect(messages.map((m) => m.type)).toEqual([PreVote, PreVote]);
    member.step({ type: PreVoteResponse, from: 2, term: 1, context: messages[0]!.context });
    const ready = member.take();
    expect(ready.messages).toEqual([]);
    expect(ready.messagesAfterPersist.map((m) => m.type)).toEqual([Vote, Vote]);
  });

  it('an acknowledgement of entries', () => {
    const member = followerMember();
    append(member, 2, 1, 0, 0, [entry(1, 1)]);
    const ready = member.take();
    expect(ready.messages).toEqual([]);
    expect(ready.entries.map((e) => e.index)).toEqual([1]);
    expect(ready.messagesAfterPersist).toMatchObject([{ type: AppendResponse, index: 1 }]);
  });

  it('an acknowledgement of entries that an earlier ready took', () => {
    const member = followerMember();
    append(member, 2, 1, 0, 0, [entry(1, 1)]);
    const first = member.take();
    append(member, 2, 1, 0, 0, [entry(1, 1)]);
    const second = member.take();
    expect(second.entries).toEqual([]);
    expect(second.messages).toEqual([]);
    expect(second.messagesAfterPersist).toMatchObject([{ type: AppendResponse, index: 1 }]);
    member.persist(first);
    append(member, 2, 1, 0, 0, [entry(1, 1)]);
    expect(member.take().messages).toMatchObject([{ type: AppendResponse, index: 1 }]);
  });

  it('anything that speaks for a term that is not durable yet', () => {
    const member = new Member();
    member.step({ type: Heartbeat, from: 2, term: 4 });
    const ready = member.take();
    expect(ready.messages).toEqual([]);
    expect(ready.messagesAfterPersist).toMatchObject([{ type: HeartbeatResponse, term: 4 }]);
    // Still on its way: what comes later waits behind it.
    member.step({ type: Heartbeat, from: 2, term: 4 });
    expect(member.take()).toMatchObject({ messages: [], messagesAfterPersist: [{ type: HeartbeatResponse }] });
    member.persist(ready);
    member.step({ type: Heartbeat, from: 2, term: 4 });
    expect(member.take()).toMatchObject({ messages: [{ type: HeartbeatResponse }], messagesAfterPersist: [] });
  });

  it('not a refusal, and not a leader’s heartbeat (pitfall 13)', () => {
    const follower = followerMember();
    append(follower, 2, 1, 5, 1, [entry(6, 1)]);
    expect(follower.take()).toMatchObject({ messages: [{ type: AppendResponse, reject: true }] });
    const leader = leaderMember();
    leader.raft.propose(bytes('x'));
    leader.take();
    leader.tick(2);
    expect(ofType(leader.take().messages, Heartbeat).length).toBe(2);
  });
});

describe('ready', () => {
  it('is empty, and is not asked for, while nothing happens', () => {
    const member = followerMember();
    expect(member.raft.hasReady()).toBe(false);
    member.tick();
    expect(member.raft.hasReady()).toBe(false);
    expect(member.take()).toMatchObject({ hardState: null, entries: [], mustSync: false, messages: [], committed: [] });
  });

  it('needs no sync when only the commit index moved', () => {
    const member = followerMember({ disk: new MemoryDisk(logOf(1)) });
    member.step({ type: Append, from: 2, index: 1, logTerm: 1, commit: 1 });
    const ready = member.take();
    expect(ready).toMatchObject({ hardState: { term: 1, commitIndex: 1 }, mustSync: false });
    expect(ready.committed.map((e) => e.index)).toEqual([1]);
    expect(member.take().hardState).toBeNull();
  });

  it('hands an entry out once to be persisted and once to be applied', () => {
    const member = leaderMember();
    member.raft.propose(bytes('x'));
    const first = member.take();
    expect(first.entries.map((e) => e.index)).toEqual([2]);
    expect(member.take().entries).toEqual([]);
    member.persist(first);
    member.step({ type: AppendResponse, from: 2, index: 2 });
    expect(member.take().committed.map((e) => e.index)).toEqual([2]);
    expect(member.take().committed).toEqual([]);
  });

  it('holds a bounded size of committed entries', () => {
    const size = MAX_COMMITTED_BYTES_PER_READY / 2;
    const disk = new MemoryDisk(
      Array.from({ length: 5 }, (_, i) => ({ ...entry(i + 1, 1), data: new Uint8Array(size) })),
      { term: 1, votedFor: 0, commitIndex: 5 },
    );
    const member = new Member({ disk });
    const portions: number[] = [];
    while (member.raft.hasReady()) portions.push(member.take().committed.length);
    expect(portions).toEqual([2, 2, 1]);
  });

  it('lets a commit index pass the disk, but not the entries to be applied', () => {
    const member = followerMember();
    member.step({ type: Append, from: 2, index: 0, entries: [entry(1, 1), entry(2, 1)], commit: 2 });
    const ready = member.take();
    expect(member.raft.commitIndex).toBe(2);
    expect(ready.committed).toEqual([]);
    expect(member.raft.hasReady()).toBe(false);
    member.persist(ready);
    expect(member.take().committed.map((e) => e.index)).toEqual([1, 2]);
  });
});

describe('several readies on their way to the disk', () => {
  it('are confirmed one by one', () => {
    const member = leaderMember({}, [2]);
    const readies = ['a', 'b', 'c'].map((data) => {
      member.raft.propose(bytes(data));
      return member.take();
    });
    member.step({ type: AppendResponse, from: 2, index: 4 });
    const commits = readies.map((ready) => {
      member.persist(ready);
      return [member.raft.status().persistedIndex, member.raft.commitIndex];
    });
    expect(commits).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
  });

  it('may be confirmed together, by the newest; and a second time without effect', () => {
    const member = leaderMember();
    const readies = ['a', 'b', 'c'].map((data) => {
      member.raft.propose(bytes(data));
      return member.take();
    });
    member.raft.persisted(readies[2]!.mark);
    expect(member.raft.status().persistedIndex).toBe(4);
    member.raft.persisted(readies[0]!.mark);
    expect(member.raft.status().persistedIndex).toBe(4);
  });

  it('do not count for entries that a newer leader has replaced', () => {
    const member = followerMember();
    append(member, 2, 1, 0, 0, [entry(1, 1), entry(2, 1), entry(3, 1)]);
    const old = member.take();
    append(member, 3, 2, 1, 1, [entry(2, 2)]);
    const replacing = member.take();
    expect(replacing.entries).toMatchObject([{ index: 2, term: 2 }]);
    member.persist(old);
    expect(member.raft.status()).toMatchObject({ persistedIndex: 1, lastIndex: 2 });
    member.persist(replacing);
    expect(member.raft.status()).toMatchObject({ persistedIndex: 2 });
    expect(member.disk.log.map((e) => e.term)).toEqual([1, 2]);
  });

  it('do not count for entries that were replaced and came back (the same index and term twice)', () => {
    const member = followerMember();
    append(member, 2, 1, 0, 0, [entry(1, 1), entry(2, 1)]);
    const original = member.take();
    append(member, 3, 2, 1, 1, [entry(2, 2)]);
    const replaced = member.take();
    append(member, 2, 3, 1, 1, [entry(2, 1), entry(3, 3)]);
    const restored = member.take();
    // The disk holds entry 2 of term 1 now, but will lose it again before it holds it for good.
    member.persist(original);
    expect(member.raft.status().persistedIndex).toBe(1);
    member.persist(replaced);
    expect(member.raft.status().persistedIndex).toBe(1);
    member.persist(restored);
    expect(member.raft.status().persistedIndex).toBe(3);
    expect(member.disk.log.map((e) => e.term)).toEqual([1, 1, 3]);
  });

  it('send no acknowledgement for entries that were replaced before any ready took them', () => {
    const member = followerMember();
    append(member, 2, 1, 0, 0, [entry(1, 1)]);
    append(member, 2, 1, 1, 1, [entry(2, 1)]);
    append(member, 3, 2, 1, 1, [entry(2, 2)]);
    const ready = member.take();
    const acknowledged = ofType(ready.messagesAfterPersist, AppendResponse).map((m) => [m.to, m.term, m.index]);
    expect(acknowledged).toEqual([
      [2, 1, 1],
      [3, 2, 2],
    ]);
    expect(ready.entries.map((e) => e.term)).toEqual([1, 2]);
  });

  it('lose at a crash what was not synced, and only that', () => {
    const member = followerMember();
    append(member, 2, 1, 0, 0, [entry(1, 1)]);
    const first = member.take();
    append(member, 2, 1, 1, 1, [entry(2, 1)]);
    member.take();
    member.persist(first);
    const again = new Member({ disk: member.disk });
    expect(again.raft.status()).toMatchObject({ lastIndex: 1, persistedIndex: 1, term: 1 });
  });
});

describe('starting', () => {
  it('hands out again what was committed and not applied, reading it from the disk', () => {
    const disk = new MemoryDisk(logOf(1, 1, 1), { term: 1, votedFor: 0, commitIndex: 2 });
    const member = new Member({ disk, appliedIndex: 1 });
    expect(member.take().committed.map((e) => e.index)).toEqual([2]);
  });

  it('takes what was applied for committed, though the hard state is older', () => {
    const disk = new MemoryDisk(logOf(1, 1, 1), { term: 1, votedFor: 0, commitIndex: 0 });
    expect(new Member({ disk, appliedIndex: 2 }).raft.commitIndex).toBe(2);
  });

  it('is refused when a part of the log is missing', () => {
    const disk = new MemoryDisk(logOf(1), { term: 1, votedFor: 0, commitIndex: 3 });
    expect(() => new Member({ disk })).toThrow(InvalidInitialStateError);
    expect(() => new Member({ appliedIndex: 1 })).toThrow(/part of the log is missing/);
  });
});

describe('a driver that has lost count', () => {
  it('is told when it applied what was never handed out', () => {
    const member = new Member({ disk: new MemoryDisk(logOf(1), { term: 1, votedFor: 0, commitIndex: 1 }) });
    expect(() => member.raft.applied(1)).toThrow(DriverOrderError);
    member.apply(member.take());
    expect(member.raft.appliedIndex).toBe(1);
    member.raft.applied(0);
    expect(member.raft.appliedIndex).toBe(1);
  });
});

describe('the cache of the log', () => {
  it('lets go of applied entries beyond its limit and reads them from the disk again', () => {
    const member = leaderMember({ limits: { maxCachedBytes: 2000, maxInflightAppends: 1000 } }, [2]);
    for (let i = 0; i < 50; i++) {
      member.raft.propose(bytes('x'.repeat(100)));
      member.settle();
      member.stepAndSettle({ type: AppendResponse, from: 2, index: member.raft.lastIndex });
    }
    expect(member.disk.reads).toBe(0);
    const collected: Entry[] = [];
    let sent: readonly Message[] = member.stepAndSettle({ type: AppendResponse, from: 3, index: 1 });
    for (let i = 0; i < 10; i++) {
      for (const m of ofType(sent, Append, 3)) collected.push(...m.entries);
      const last = collected.at(-1)!.index;
      if (last === member.raft.lastIndex) break;
      sent = member.stepAndSettle({ type: AppendResponse, from: 3, index: last });
    }
    expect(member.disk.reads).toBeGreaterThan(0);
    expect(collected.map((e) => e.index)).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
  });
});
