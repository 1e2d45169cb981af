import { describe, expect, it } from 'vitest';
import type { GroupStatus } from '../../../engine/rpc/cluster.ts';
import { LogRequestError, LogTails } from '../../../engine/server/log-tails.ts';

function statusOf(change: Partial<GroupStatus> = {}): GroupStatus {
  return {
    partition: 0,
    group: 1,
    role: 'follower',
    term: 3,
    votedFor: 2,
    leader: 2,
    commitIndex: 98,
    lastLogIndex: 101,
    appliedIndex: 98,
    firstLogIndex: 1,
    persistedIndex: 100,
    voters: [1, 2, 3],
    learners: [],
    progress: [],
    pendingProposals: 0,
    electionTimeoutLeftMs: 0,
    keyCount: 0,
    ...change,
  };
}

/** A log whose entries are of term 3 and of `sizeBytes`; `reads` are the indexes read from it. */
function tailsOf(sizeBytes = 10, term = 3): { tails: LogTails; reads: number[]; set: (term: number) => void } {
  const reads: number[] = [];
  let now = term;
  const tails = new LogTails(7, (_, index) => {
    reads.push(index);
    return { term: now, isConfChange: index === 99, sizeBytes };
  });
  return { tails, reads, set: (next) => (now = next) };
}

describe('LogTails', () => {
  it('gives the newest persisted entries, oldest first', () => {
    const { tails } = tailsOf();
    const { entries, status } = tails.tail({ partition: 0, fromIndex: 0, limit: 3 }, [statusOf()]);
    expect(entries).toEqual([
      { index: 98, term: 3, type: 'normal', sizeBytes: 10 },
      { index: 99, term: 3, type: 'confChange', sizeBytes: 10 },
      { index: 100, term: 3, type: 'normal', sizeBytes: 10 },
    ]);
    expect(status.lastLogIndex).toBe(101);
  });

  it('begins where it is asked to, and not before the log does', () => {
    const { tails } = tailsOf();
    const indexes = (fromIndex: number, firstLogIndex: number) =>
      tails.tail({ partition: 0, fromIndex, limit: 0 }, [statusOf({ firstLogIndex })]).entries.map((e) => e.index);
    expect(indexes(99, 1)).toEqual([99, 100]);
    expect(indexes(0, 100)).toEqual([100]);
    expect(indexes(101, 1)).toEqual([]);
    expect(indexes(0, 1)).toHaveLength(32);
  });

  it('reads a committed entry once, and an uncommitted one every time, since it may be replaced', () => {
    const { tails, reads, set } = tailsOf();
    tails.tail({ partition: 0, fromIndex: 0, limit: 4 }, [statusOf()]);
    expect(reads).toEqual([100, 99, 98, 97]);
    reads.length = 0;
    set(4);
    const { entries } = tails.tail({ partition: 0, fromIndex: 0, limit: 4 }, [statusOf()]);
    expect(reads).toEqual([100, 99]);
    expect(entries.map((e) => e.term)).toEqual([3, 3, 4, 4]);
  });

  it('stops early where entries are large, and keeps the newest', () => {
    const { tails, reads } = tailsOf(1024 * 1024);
    const { entries } = tails.tail({ partition: 0, fromIndex: 0, limit: 32 }, [statusOf({ commitIndex: 0 })]);
    expect(entries.map((e) => e.index)).toEqual([98, 99, 100]);
    expect(reads).toHaveLength(3);
  });

  it('answers an empty log', () => {
    const { tails } = tailsOf();
    const empty = statusOf({ persistedIndex: 0, commitIndex: 0, lastLogIndex: 0 });
    expect(tails.tail({ partition: 0, fromIndex: 0, limit: 0 }, [empty]).entries).toEqual([]);
  });

  it('tells the system group from partition 0, and refuses in words', () => {
    const { tails } = tailsOf();
    const system = statusOf({ partition: undefined, group: 0, term: 9 });
    const all = [system, statusOf(), statusOf({ partition: 2, group: 3 })];
    expect(tails.tail({ fromIndex: 0, limit: 1 }, all).status.term).toBe(9);
    expect(() => tails.tail({ partition: 1, fromIndex: 0, limit: 1 }, all)).toThrow(
      new LogRequestError('n7 holds no replica of partition 1; it holds 0, 2.'),
    );
    expect(() => tails.tail({ partition: 0, fromIndex: 0, limit: 257 }, all)).toThrow('At most 256 entries');
  });
});
