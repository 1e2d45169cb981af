import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../engine/check/index.ts';
import { lostWrites, type FinalRead } from '../../../engine/drill/lost-writes.ts';

const write = (
  value: string | null,
  [invokedAt, returnedAt]: readonly [number, number],
  more: { revision?: number; outcome?: 'ok' | 'unknown' | 'failed'; key?: string } = {},
): Operation => {
  const { revision, outcome = 'ok', key = 'k' } = more;
  const base = { clientId: 1, key, invokedAt, returnedAt, outcome };
  if (value === null) return { ...base, kind: 'delete' };
  return revision === undefined ? { ...base, kind: 'put', value } : { ...base, kind: 'put', value, revision };
};
const lost = (operations: Operation[], value: string | null, revision = value === null ? 0 : 9) =>
  lostWrites(operations, new Map<string, FinalRead>([['k', { value, revision }]]));

describe('acknowledged writes that are not there at the end', () => {
  it('none when the last one is read', () => {
    expect(lost([write('a', [0, 1], { revision: 1 }), write('b', [2, 3], { revision: 2 })], 'b', 2)).toEqual({
      count: 0,
      examples: [],
    });
  });

  it('the last one, when an older one or nothing is read', () => {
    const history = [write('a', [0, 1], { revision: 1 }), write('b', [2, 3], { revision: 2 })];
    expect(lost(history, 'a', 1).count).toBe(1);
    expect(lost(history, 'a', 1).examples[0]).toBe(
      'k: "b" at revision 2 was acknowledged to client 1, and the key reads "a" at revision 1',
    );
    expect(lost(history, null).count).toBe(1);
    expect(lost(history, null).examples[0]).toContain('the key is not there');
  });

  it('an acknowledged delete, when the value is back', () => {
    expect(lost([write('a', [0, 1], { revision: 1 }), write(null, [2, 3])], 'a', 1).count).toBe(1);
    expect(lost([write('a', [0, 1], { revision: 1 }), write(null, [2, 3])], null).count).toBe(0);
  });

  it('none while writes overlapped: either may have been the last', () => {
    const history = [write('a', [0, 5], { revision: 1 }), write('b', [4, 6], { revision: 2 })];
    expect(lost(history, 'b', 2).count).toBe(0);
    expect(lost([write('a', [0, 5]), write(null, [4, 6])], 'a').count).toBe(0);
  });

  it('none when a write of unknown outcome explains what is read', () => {
    expect(lost([write('a', [0, 1]), write('b', [2, 3], { outcome: 'unknown' })], 'b').count).toBe(0);
    expect(lost([write('a', [0, 1]), write('b', [2, 3], { outcome: 'failed' })], 'b').count).toBe(1);
    // It may take effect long after its client gave it up.
    expect(lost([write('b', [0, 1], { outcome: 'unknown' }), write('a', [2, 3])], 'b').count).toBe(0);
  });

  it('one whose revision is above the one that is read', () => {
    const history = [write('a', [0, 5], { revision: 7 }), write('a', [1, 6], { revision: 8 })];
    expect(lost(history, 'a', 7).count).toBe(1);
  });

  it('tells at most five, and counts all; keys that were not read count for nothing', () => {
    const keys = Array.from({ length: 9 }, (_, i) => `key${i}`);
    const history = keys.map((key) => write('v', [0, 1], { key }));
    const finals = new Map(keys.slice(0, 8).map((key) => [key, { value: null, revision: 0 }]));
    expect(lostWrites(history, finals)).toMatchObject({ count: 8, examples: { length: 5 } });
  });
});
