import { describe, expect, it } from 'vitest';
import { AlertBook } from '../../../electron/backend/monitor/alert-book.ts';
import { ElectionTally } from '../../../electron/backend/monitor/election-tally.ts';
import type { Condition } from '../../../electron/backend/monitor/rules.ts';
import type { RuleName } from '../../../electron/contract/monitor-rules.ts';
import { NOW, partition, sample } from './scene.ts';

const noLeader: Condition = { rule: 'noLeader', severity: 'bad', words: 'No leader.', sinceMs: null, holdMs: 10_000 };
const atRisk: Condition = { rule: 'quorum', severity: 'warn', words: 'At risk.', sinceMs: null, holdMs: 0 };

const seen = (conditions: Condition[], unknown: RuleName[] = []) => ({ conditions, unknown: new Set(unknown) });

describe('alerts', () => {
  it('fire once what they watch for has held long enough, and only once', () => {
    const book = new AlertBook();
    expect(book.take('c', seen([noLeader]), NOW)).toEqual([]);
    expect(book.take('c', seen([noLeader]), NOW + 9_999)).toEqual([]);
    expect(book.firing('c')).toEqual([]);
    expect(book.take('c', seen([noLeader]), NOW + 10_000)).toMatchObject([{ rule: 'noLeader', change: 'fired' }]);
    expect(book.take('c', seen([noLeader]), NOW + 20_000)).toEqual([]);
    expect(book.firing('c')).toEqual([{ rule: 'noLeader', sinceMs: NOW, words: 'No leader.' }]);
  });

  it('count from when it began, where that is known', () => {
    const book = new AlertBook();
    expect(book.take('c', seen([{ ...noLeader, sinceMs: NOW - 10_000 }]), NOW)).toHaveLength(1);
  });

  it('begin anew after a gap in what is watched for', () => {
    const book = new AlertBook();
    book.take('c', seen([noLeader]), NOW);
    expect(book.take('c', seen([]), NOW + 5_000)).toEqual([]);
    expect(book.take('c', seen([noLeader]), NOW + 11_000)).toEqual([]);
  });

  it('clear when it is over for a moment, with how long it lasted', () => {
    const book = new AlertBook();
    book.take('c', seen([atRisk]), NOW);
    expect(book.take('c', seen([]), NOW + 60_000)).toEqual([]);
    expect(book.take('c', seen([atRisk]), NOW + 61_000)).toEqual([]);
    book.take('c', seen([]), NOW + 70_000);
    expect(book.take('c', seen([]), NOW + 73_000)).toMatchObject([{ change: 'cleared', lastedMs: 70_000 }]);
    expect(book.firing('c')).toEqual([]);
  });

  it('fire again when it gets worse', () => {
    const book = new AlertBook();
    expect(book.take('c', seen([atRisk]), NOW)).toHaveLength(1);
    const lost = { ...atRisk, severity: 'bad' as const, words: 'Lost.' };
    expect(book.take('c', seen([lost]), NOW + 1)).toMatchObject([{ change: 'fired', words: 'Lost.' }]);
    expect(book.take('c', seen([lost]), NOW + 2)).toEqual([]);
    expect(book.take('c', seen([atRisk]), NOW + 3)).toEqual([]);
  });

  it('stay as they are while nothing is known', () => {
    const book = new AlertBook();
    book.take('c', seen([atRisk]), NOW);
    expect(book.take('c', seen([], ['quorum']), NOW + 60_000)).toEqual([]);
    expect(book.firing('c')).toHaveLength(1);
    expect(book.take('c', seen([atRisk]), NOW + 61_000)).toEqual([]);
  });

  it('go on after a restart, and clear with their cluster', () => {
    const book = new AlertBook();
    book.resume('c', 'quorum', NOW - 1_000, 'At risk.');
    expect(book.take('c', seen([atRisk]), NOW)).toEqual([]);
    expect(book.forget('c', NOW)).toMatchObject([{ rule: 'quorum', change: 'cleared', lastedMs: 1_000 }]);
    expect(book.clusters).toEqual([]);
  });
});

describe('elections', () => {
  it('are terms with a leader that was not there before, of the last hour', () => {
    const tally = new ElectionTally([], NOW);
    tally.take([partition(0, { term: 4 })], NOW);
    expect(tally.total).toBe(0);
    tally.take([partition(0, { term: 5, leader: 0 })], NOW + 1);
    expect(tally.total).toBe(0);
    tally.take([partition(0, { term: 6, leader: 2 }), partition(1)], NOW + 2);
    tally.take([partition(0, { term: 7, leader: 2 }), partition(1)], NOW + 3);
    expect(tally.total).toBe(2);
    expect(tally.most).toEqual({ partition: 0, count: 2 });
    tally.take([partition(0, { term: 7, leader: 2 })], NOW + 3_600_002);
    expect(tally.total).toBe(1);
    tally.take([], NOW + 3_600_003);
    expect(tally.most).toBeNull();
  });

  it('of the time before are known from what was kept', () => {
    const past = [sample(NOW - 60_000, [1], [1]), sample(NOW - 30_000, [2], [0]), sample(NOW - 29_000, [2], [3])];
    const tally = new ElectionTally(past, NOW);
    expect(tally.total).toBe(1);
    expect(tally.knownMs(NOW)).toBe(60_000);
  });
});
