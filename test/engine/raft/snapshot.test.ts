import { describe, expect, it } from 'vitest';
import { DriverOrderError } from '../../../engine/raft/errors.ts';
import { MessageType } from '../../../engine/raft/types.ts';
import type { Member } from './harness.ts';
import { bytes, ELECTION_MAX, entry, followerMember, leaderMember, logOf, MemoryDisk, ofType } from './harness.ts';

const { Append, AppendResponse, HeartbeatResponse } = MessageType;

/** A leader in term 1 that has 10 entries applied everywhere but on node 3, and its log cut after 8. */
function cutLeader(): Member {
  const leader = leaderMember();
  for (let i = 0; i < 9; i++) leader.raft.propose(bytes(`v${i}`));
  leader.settle();
  leader.stepAndSettle({ type: AppendResponse, from: 2, index: 10 });
  expect(leader.raft.appliedIndex).toBe(10);
  expect(leader.raft.compact(8)).toEqual({ index: 8, term: 1 });
  return leader;
}

/** The answer of a follower whose log ends at `hint`. */
const refusal = (hint: number, index: number) =>
  ({ type: AppendResponse, from: 3, index, reject: true, rejectHint: hint, logTerm: 1 }) as const;

describe('log compaction (Raft paper, section 7)', () => {
  it('cuts what is applied and nothing more', () => {
    const leader = leaderMember();
    leader.raft.propose(bytes('x'));
    leader.settle();
    expect(() => leader.raft.compact(2)).toThrow(DriverOrderError);
    expect(leader.raft.compact(1)).toEqual({ index: 1, term: 1 });
    expect(leader.raft.compact(1)).toBeNull();
    expect(leader.raft.snapshotIndex).toBe(1);
    expect(leader.raft.status().firstIndex).toBe(2);
  });

  it('remembers the term of the entry before the log, so that the next append can be matched', () => {
    const leader = cutLeader();
    expect(leader.raft.logTerm(8)).toBe(1);
    expect(leader.raft.logTerm(7)).toBeUndefined();
  });
});

describe('a follower whose next entry was cut', () => {
  it('gets a snapshot, is named once, and gets no appends meanwhile', () => {
    const leader = cutLeader();
    const index = leader.raft.status().progress.find((p) => p.id === 3)!.nextIndex - 1;
    leader.step(refusal(0, index));
    let due: readonly number[] = [];
    let appends = 0;
    while (leader.raft.hasReady()) {
      const ready = leader.take();
      due = [...due, ...ready.snapshotsDue];
      appends += ofType([...ready.messages, ...leader.persist(ready)], Append, 3).length;
    }
    leader.raft.propose(bytes('more'));
    appends += ofType(leader.stepAndSettle({ type: HeartbeatResponse, from: 3 }), Append, 3).length;
    expect(due).toEqual([3]);
    expect(appends).toBe(0);
    expect(leader.raft.status().progress.find((p) => p.id === 3)?.state).toBe('snapshot');
  });

  it('is appended to after the snapshot, from the entry behind it', () => {
    const leader = cutLeader();
    leader.stepAndSettle(refusal(0, leader.raft.status().progress.find((p) => p.id === 3)!.nextIndex - 1));
    leader.raft.snapshotFinished(3, 10);
    leader.raft.propose(bytes('more'));
    expect(ofType(leader.settle(), Append, 3)).toMatchObject([{ index: 10, entries: [{ index: 11 }] }]);
  });

  it('is asked again after a failed one only when it is heard from', () => {
    const leader = cutLeader();
    leader.stepAndSettle(refusal(0, leader.raft.status().progress.find((p) => p.id === 3)!.nextIndex - 1));
    leader.raft.snapshotFinished(3, 0);
    expect(leader.take().snapshotsDue).toEqual([]);
    leader.step({ type: HeartbeatResponse, from: 3 });
    expect(leader.take().snapshotsDue).toEqual([3]);
  });

  it('gets none while it is silent', () => {
    const leader = cutLeader();
    for (let i = 0; i < ELECTION_MAX; i++) {
      leader.tick();
      leader.stepAndSettle({ type: HeartbeatResponse, from: 2 });
    }
    leader.raft.peerUnreachable(3);
    expect(leader.take().snapshotsDue).toEqual([]);
  });

  it('does not take an old answer for the end of the snapshot', () => {
    const leader = cutLeader();
    leader.stepAndSettle(refusal(0, leader.raft.status().progress.find((p) => p.id === 3)!.nextIndex - 1));
    leader.stepAndSettle({ type: AppendResponse, from: 3, index: 5 });
    expect(leader.raft.status().progress.find((p) => p.id === 3)?.state).toBe('snapshot');
    leader.stepAndSettle({ type: AppendResponse, from: 3, index: 10 });
    expect(leader.raft.status().progress.find((p) => p.id === 3)?.state).toBe('replicate');
  });
});

describe('a snapshot that is offered (Raft paper, figure 13)', () => {
  const point = { index: 50, term: 1 };

  it('replaces the log, is acknowledged at once, and what follows is appended behind it', () => {
    const follower = followerMember({ disk: new MemoryDisk(logOf(1, 1)) });
    expect(follower.raft.considerSnapshot(2, 1, point)).toBe(true);
    follower.raft.restoreSnapshot(2, point, follower.raft.membership);
    const ready = follower.take();
    expect(ready.restored).toEqual(point);
    expect(ready.mustSync).toBe(true);
    expect(ready.committed).toEqual([]);
    expect(ofType(ready.messages, AppendResponse)).toMatchObject([{ index: 50, reject: false }]);
    expect(follower.raft.status()).toMatchObject({ firstIndex: 51, lastIndex: 50, commitIndex: 50, appliedIndex: 50 });
    follower.step({ type: Append, from: 2, index: 50, logTerm: 1, entries: [entry(51, 1)] });
    const next = follower.take();
    expect(next.restored).toBeNull();
    expect(next.entries).toMatchObject([{ index: 51 }]);
  });

  it('of an older term is refused, and the sender told of the newer one', () => {
    const follower = followerMember({}, 5);
    expect(follower.raft.considerSnapshot(2, 4, point)).toBe(false);
    expect(ofType(follower.settle(), AppendResponse)).toMatchObject([{ term: 5, reject: true }]);
  });

  it('that brings nothing new is acknowledged and changes nothing', () => {
    const disk = new MemoryDisk(logOf(1, 1, 1), { term: 1, votedFor: 0, commitIndex: 3 });
    const follower = followerMember({ disk });
    expect(follower.raft.considerSnapshot(2, 1, { index: 2, term: 1 })).toBe(false);
    expect(ofType(follower.settle(), AppendResponse)).toMatchObject([{ index: 3, reject: false }]);
    expect(() => follower.raft.restoreSnapshot(2, { index: 2, term: 1 }, follower.raft.membership)).toThrow(
      DriverOrderError,
    );
  });

  it('does not replace entries that the log has: the leader may have counted them (figure 13, rule 6)', () => {
    const follower = followerMember({ disk: new MemoryDisk(logOf(1, 1, 1, 1)) });
    expect(follower.raft.considerSnapshot(2, 1, { index: 2, term: 1 })).toBe(false);
    follower.settle();
    expect(follower.raft.status()).toMatchObject({ commitIndex: 2, lastIndex: 4 });
  });

  it('voids the confirmations of entries that were on their way to the disk', () => {
    const follower = followerMember();
    follower.step({ type: Append, from: 2, index: 0, logTerm: 0, entries: [entry(1, 1), entry(2, 1)] });
    const before = follower.take();
    follower.raft.considerSnapshot(2, 1, point);
    follower.raft.restoreSnapshot(2, point, follower.raft.membership);
    follower.take();
    follower.raft.persisted(before.mark);
    expect(follower.raft.status().persistedIndex).toBe(50);
  });

  it('is of no use to the leader of its own term', () => {
    const leader = leaderMember();
    expect(leader.raft.considerSnapshot(2, 1, point)).toBe(false);
    expect(leader.raft.role).toBe('leader');
  });

  it('of a newer term makes a follower of whoever gets it', () => {
    const leader = leaderMember();
    expect(leader.raft.considerSnapshot(2, 9, point)).toBe(true);
    expect(leader.raft.status()).toMatchObject({ role: 'follower', term: 9, leader: 2 });
  });
});
