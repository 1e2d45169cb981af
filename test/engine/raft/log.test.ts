import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RaftLog } from '../../../engine/raft/log.ts';
import { configOf, entry, logOf, MemoryDisk } from './harness.ts';

function open(disk: MemoryDisk, maxCachedBytes: number): RaftLog {
  return new RaftLog(configOf({}, disk).initial, disk, maxCachedBytes);
}

/** Appends, persists, commits and applies one entry. */
function applyOne(log: RaftLog, disk: MemoryDisk, data: string): void {
  log.push(entry(log.lastIndex + 1, 1, data));
  disk.write(null, log.takeUnpersisted());
  log.persistedIndex = log.lastIndex;
  log.commitTo(log.lastIndex);
  log.takeApplicable(1000);
  log.appliedTo(log.lastIndex);
}

describe('the log', () => {
  it('finds the last index whose term is at most a given one, as a plain search does', () => {
    const terms = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 30 }).map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(terms, fc.integer({ min: 0, max: 35 }), fc.integer({ min: 0, max: 7 }), (list, from, term) => {
        let expected = Math.min(from, list.length);
        while (expected > 0 && list[expected - 1]! > term) expected--;
        expect(open(new MemoryDisk(logOf(...list)), 0).lastIndexWithin(from, term)).toBe(expected);
      }),
    );
  });

  it('keeps its cache of applied entries within its limit, forever', () => {
    const disk = new MemoryDisk();
    const log = open(disk, 2000);
    for (let i = 0; i < 500; i++) applyOne(log, disk, 'x'.repeat(100));
    const readsBefore = disk.reads;
    // 164 bytes an entry with its overhead: twelve of them fit.
    expect(log.slice(500 - 4, 501, 10_000).length).toBe(5);
    expect(disk.reads).toBe(readsBefore);
    expect(log.slice(500 - 12, 501, 10_000).length).toBeGreaterThan(0);
    expect(disk.reads).toBe(readsBefore + 1);
  });

  it('does not take entries without data for free', () => {
    const disk = new MemoryDisk();
    const log = open(disk, 640);
    for (let i = 0; i < 100; i++) applyOne(log, disk, '');
    log.slice(80, 101, 10_000);
    expect(disk.reads).toBe(1);
  });

  it('replaces entries that are on the disk only', () => {
    const disk = new MemoryDisk(logOf(1, 1, 1));
    const log = open(disk, 0);
    log.truncateFrom(2);
    expect(log).toMatchObject({ lastIndex: 1, lastTerm: 1, persistedIndex: 1, takenIndex: 1 });
    log.push(entry(2, 2));
    expect([log.term(1), log.term(2), log.term(3)]).toEqual([1, 2, undefined]);
    expect(log.takeUnpersisted()).toMatchObject([{ index: 2, term: 2 }]);
  });
});
