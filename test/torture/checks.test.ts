import { describe, expect, it } from 'vitest';
import type { Operation } from '../../engine/check/index.ts';
import type { StaleRead } from './history.ts';
import { leaks, type Holding } from './resources.ts';
import { staleProblems } from './stale-reads.ts';
import { makeValue, readValue } from './values.ts';

const put = (value: string, outcome: 'ok' | 'failed' | 'unknown', revision?: number): Operation => ({
  clientId: 1,
  key: 'k',
  kind: 'put',
  value,
  outcome,
  invokedAt: 10,
  returnedAt: 20,
  ...(revision === undefined ? {} : { revision }),
});
const stale = (value: string | null, revision: number, returnedAt = 30): StaleRead => ({
  key: 'k',
  value,
  revision,
  invokedAt: returnedAt - 1,
  returnedAt,
});

describe('stale reads', () => {
  const history = [put('a', 'ok', 1), put('b', 'unknown'), put('c', 'failed'), put('d', 'ok', 4)];

  it('may be as old as they like, and show what may have happened', () => {
    expect(staleProblems([stale(null, 0), stale('d', 4), stale('a', 1), stale('b', 2)], history)).toEqual([]);
  });

  it('never show what nobody wrote, what failed, what was not yet written, or two values of one revision', () => {
    expect(staleProblems([stale('x', 9)], history)).toEqual(['a stale read of k showed x, which was never written']);
    expect(staleProblems([stale('c', 3)], history)).toEqual(['a stale read of k showed c, which was never written']);
    expect(staleProblems([stale('a', 1, 9)], history)).toEqual(['a stale read of k showed a before it was written']);
    expect(staleProblems([stale('b', 1)], history)).toEqual(['a stale read of k showed b as revision 1, which is a']);
    expect(staleProblems([stale('b', 7), stale('d', 7)], history)).toHaveLength(1);
  });
});

describe('values', () => {
  it('are known when whole, and as no value when a part is missing or changed', () => {
    for (let count = 1; count < 20; count++) {
      const { id, bytes } = makeValue(3, count);
      expect(readValue(bytes)).toBe(id);
      expect(readValue(bytes.subarray(0, -1))).toMatch(/^not a value/);
      expect(readValue(Buffer.concat([bytes, Buffer.of(0)]))).toMatch(/^not a value/);
    }
  });
});

describe('what nodes hold', () => {
  const before: Holding[] = [{ node: 1, memoryBytes: 150e6, descriptors: 60, threads: 12 }];

  it('may grow a little and not without bound', () => {
    expect(leaks(before, [{ node: 1, memoryBytes: 200e6, descriptors: 70, threads: 13 }])).toEqual([]);
    expect(leaks(before, [{ node: 1, memoryBytes: 900e6, descriptors: 700, threads: 60 }])).toHaveLength(3);
  });
});
