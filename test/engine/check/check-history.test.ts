import { describe, expect, it } from 'vitest';
import {
  checkHistory,
  InvalidHistoryError,
  UndecidedError,
  type CheckResult,
  type Operation,
} from '../../../engine/check/index.ts';
import { cas, get, put, remove, storeHistory } from './histories.ts';

const unknown = { outcome: 'unknown', returnedAt: Infinity } as const;

function violation(operations: readonly Operation[]): Extract<CheckResult, { linearizable: false }> {
  const result = checkHistory(operations);
  if (result.linearizable) throw new Error('no violation was found');
  return result;
}

describe('linearizable histories', () => {
  it.each<[string, Operation[]]>([
    ['nothing at all', []],
    ['a get of a key that was never written', [get([0, 1], null)]],
    ['write, read, delete, read', [put([0, 1], 'a'), get([2, 3], 'a'), remove([4, 5]), get([6, 7], null)]],
    ['a get that overlaps a put and sees the old value', [put([0, 1], 'a'), put([2, 6], 'b'), get([3, 4], 'a')]],
    ['a get that overlaps a put and sees the new value', [put([0, 1], 'a'), put([2, 6], 'b'), get([3, 4], 'b')]],
    ['puts that overlap, seen in either order', [put([0, 9], 'a'), put([0, 9], 'b'), get([10, 11], 'a')]],
    ['a get that returns when a put begins', [put([5, 6], 'a'), get([0, 5], 'a')]],
    ['an unknown put that took effect', [put([0, 1], 'a'), put([2, 3], 'b', unknown), get([9, 10], 'b')]],
    ['an unknown put that never took effect', [put([0, 1], 'a'), put([2, 3], 'b', unknown), get([9, 10], 'a')]],
    [
      'an unknown put that took effect much later',
      [put([0, 1], 'a'), put([2, 3], 'b', unknown), get([9, 10], 'a'), put([11, 12], 'c'), get([13, 14], 'b')],
    ],
    ['an unknown delete that took effect', [put([0, 1], 'a'), remove([2, 3], 'unknown'), get([4, 5], null)]],
    ['a failed put that nobody saw', [put([0, 1], 'a'), put([2, 3], 'b', { outcome: 'failed' }), get([4, 5], 'a')]],
    [
      'a get without an answer',
      [put([0, 1], 'a'), get([2, 3], null, unknown), get([2, 3], null, { outcome: 'failed' })],
    ],
    [
      'a chain of compare-and-swaps',
      [
        cas([0, 1], 0, 'a', { revision: 4 }),
        cas([2, 3], 4, 'b', { revision: 7 }),
        cas([4, 5], 4, 'c', { outcome: 'conflict', revision: 7 }),
        get([6, 7], 'b', { revision: 7 }),
        cas([8, 9], 7, null),
        cas([10, 11], 0, 'd', { revision: 8 }),
      ],
    ],
    [
      'a compare-and-swap on the revision of an unknown put',
      [put([0, 1], 'a', unknown), get([2, 3], 'a', { revision: 5 }), cas([4, 5], 5, 'b', { revision: 6 })],
    ],
    [
      'an unknown compare-and-swap that took effect after another answer',
      [put([0, 1], 'a', { revision: 1 }), cas([2, 3], 1, 'b', unknown), get([4, 5], 'a'), get([6, 7], 'b')],
    ],
    [
      'an untold revision with room for what the answers say of it',
      [put([0, 1], 'a'), cas([2, 3], 1, 'b', { outcome: 'conflict' }), put([4, 5], 'c', { revision: 3 })],
    ],
    [
      'keys that have nothing to do with each other',
      [put([0, 1], 'a'), { ...get([2, 3], null), key: 'other' }, get([4, 5], 'a')],
    ],
  ])('%s', (_name, history) => {
    expect(checkHistory(history)).toEqual({ linearizable: true, operations: history.length });
  });
});

describe('violations', () => {
  /** The sentence after the name of the key, and the numbers of the operations in the window. */
  const cases: [string, Operation[], string, number[]][] = [
    [
      'a stale read after an acknowledged write',
      [put([0, 1], 'a'), get([2, 3], 'a'), put([4, 5], 'b'), get([6, 7], 'b'), get([8, 9], 'a')],
      'stale read: put "b" was acknowledged before a get began, yet the get returned "a", which is older',
      [0, 2, 4],
    ],
    [
      'a lost write',
      [put([0, 1], 'a'), get([2, 3], null)],
      'lost write: put "a" was acknowledged before a get began, yet the get found no key, and nobody had deleted it since',
      [0, 1],
    ],
    [
      'a key that is there after its delete',
      [put([0, 1], 'a'), remove([2, 3]), get([4, 5], 'a')],
      'stale read: delete was acknowledged before a get began, yet the get returned "a", which is older',
      [0, 1, 2],
    ],
    [
      'a read of a write that definitely failed',
      [put([0, 1], 'a'), put([2, 3], 'b', { outcome: 'failed' }), get([4, 5], 'b')],
      'a get returned "b", the value of a write that definitely failed',
      [1, 2],
    ],
    [
      'a value out of nowhere',
      [put([0, 1], 'a'), get([2, 3], 'x')],
      'a get returned "x", which nobody had written',
      [1],
    ],
    [
      'a value from the future',
      [get([0, 1], 'a'), put([2, 3], 'a')],
      'a get returned "a" before that was written',
      [0, 1],
    ],
    [
      'two compare-and-swaps on one revision',
      [
        put([0, 1], 'a', { revision: 5 }),
        cas([2, 5], 5, 'b', { revision: 6 }),
        cas([3, 6], 5, 'c', { revision: 7 }),
        get([7, 8], 'c'),
      ],
      'two compare-and-swaps both succeeded on revision 5',
      [0, 1, 2],
    ],
    [
      'two compare-and-swaps on one revision, when no answer tells the new ones',
      [put([0, 1], 'a', { revision: 5 }), cas([2, 5], 5, 'b'), cas([3, 6], 5, 'c')],
      'two compare-and-swaps both succeeded on revision 5',
      [0, 1, 2],
    ],
    [
      'two that both created the key',
      [cas([0, 5], 0, 'a'), cas([1, 6], 0, 'b'), get([7, 8], 'b')],
      'two compare-and-swaps both succeeded in creating the key',
      [0, 1],
    ],
    [
      'a lost update',
      [
        put([0, 1], 'a', { revision: 1 }),
        put([2, 3], 'b', { revision: 2 }),
        cas([4, 5], 1, 'c', { revision: 3 }),
        get([6, 7], 'c'),
      ],
      'lost update: put "b" was acknowledged before a compare-and-swap began, which succeeded on revision 1 nevertheless',
      [1, 2],
    ],
    [
      'reads that go back while a put is under way',
      [put([0, 1], 'a'), put([2, 20], 'b'), get([3, 4], 'b'), get([5, 6], 'a'), get([7, 8], 'a')],
      'reads go back: a get returned "b", and a later one "a", which that had replaced',
      [0, 1, 2, 3],
    ],
    [
      'two readers that see two puts in opposite order',
      [put([0, 20], 'a'), put([0, 20], 'b'), get([1, 2], 'a'), get([3, 4], 'b'), get([5, 6], 'a'), get([21, 22], 'a')],
      'no order of these operations gives each of them its answer',
      [0, 1, 2, 3, 4],
    ],
    [
      'an unknown put that took effect twice',
      [
        put([0, 1], 'a'),
        put([2, 3], 'b', unknown),
        get([4, 5], 'b'),
        put([6, 7], 'c'),
        get([8, 9], 'b'),
        get([10, 11], 'b'),
      ],
      'no order of these operations gives each of them its answer',
      [1, 2, 3, 4],
    ],
    [
      'a compare-and-swap that created a key which was there',
      [put([0, 1], 'a'), cas([2, 3], 0, 'b'), get([4, 5], 'b')],
      'lost update: put "a" was acknowledged before a compare-and-swap began, which succeeded as if there were no key nevertheless',
      [0, 1],
    ],
    [
      'a revision that falls',
      [put([0, 1], 'a', { revision: 9 }), put([2, 3], 'b', { revision: 8 })],
      'revision 8 was told after revision 9',
      [0, 1],
    ],
    [
      'an untold revision without room: above 0, below 2 and not 1',
      [put([0, 1], 'a'), cas([2, 3], 1, 'b', { outcome: 'conflict' }), put([4, 5], 'c', { revision: 2 })],
      'no order of these operations gives each of them its answer',
      [0, 1, 2],
    ],
    [
      'a conflict where the revision was the expected one',
      [put([0, 1], 'a', { revision: 3 }), cas([2, 3], 3, 'b', { outcome: 'conflict' })],
      'no order of these operations gives each of them its answer',
      [0, 1],
    ],
  ];

  it.each(cases)('%s', (_name, history, sentence, window) => {
    const noise = [put([-50, -40], 'n'), put([-30, -20], 'm'), get([-10, -9], 'm'), remove([-8, -7])];
    const result = violation([...noise, ...history, put([100, 101], 'z'), get([102, 103], 'z')]);
    expect(result.key).toBe('k');
    expect(result.explanation.split('\n')[0]).toBe(`key "k": ${sentence}`);
    // The noise before ends in a delete, which a reason may need instead of the empty key.
    const indexes = result.window.map((one) => history.indexOf(one)).filter((index) => index >= 0);
    expect(indexes).toEqual(window);
    expect(result.window.length - indexes.length).toBeLessThanOrEqual(1);
    expect(checkHistory(result.window).linearizable).toBe(false);
  });

  it('tells each operation of the window in a line', () => {
    const { explanation } = violation([
      put([0, 1.5], 'a', { clientId: 1, revision: 4 }),
      cas([2, 3], 4, 'b', { clientId: 2, ...unknown }),
      put([4, 5], 'c', { clientId: 3, revision: 6 }),
      get([6, 7.0004], 'a', { clientId: 4, revision: 4 }),
    ]);
    expect(explanation.split('\n')).toEqual([
      'key "k": stale read: put "c" was acknowledged before a get began, yet the get returned "a", which is older',
      '  client 1: put "a": acknowledged, revision 4 (from 0 to 1.5 ms)',
      '  client 3: put "c": acknowledged, revision 6 (from 4 to 5 ms)',
      '  client 4: get: "a", revision 4 (from 6 to 7 ms)',
    ]);
  });

  it('finds the one bad answer in a large history, and shows little more than that', () => {
    const history = storeHistory({ operations: 20_000, keys: 50, clients: 20, unknown: 0.02, seed: 7 });
    const at = history.findIndex(
      (one, i) => i > 15_000 && one.kind === 'get' && one.outcome === 'ok' && one.value !== null,
    );
    const bad = history[at]!;
    const old = history.find((one) => one.key === bad.key && one.kind === 'put' && one.outcome === 'ok')!;
    const value = old.kind === 'put' ? old.value : '';
    const result = violation(history.with(at, { ...bad, kind: 'get', outcome: 'ok', value, revision: undefined }));
    expect(result.key).toBe(bad.key);
    expect(result.explanation).toContain(`yet the get returned "${value}", which is older`);
    expect(result.window).toHaveLength(3);
  });
});

describe('speed', () => {
  it('checks 100,000 operations over 1,000 keys', () => {
    const history = storeHistory({ operations: 100_000, keys: 1000, clients: 50, unknown: 0.01, seed: 1 });
    const startMs = performance.now();
    expect(checkHistory(history)).toEqual({ linearizable: true, operations: 100_000 });
    expect(performance.now() - startMs).toBeLessThan(5000);
  });

  it('does not depend on the keys being many, nor on all outcomes being known', () => {
    const history = storeHistory({ operations: 20_000, keys: 5, clients: 10, unknown: 0.05, seed: 2 });
    expect(checkHistory(history).linearizable).toBe(true);
  });

  it('gives up with a reason where the search would never end', () => {
    const puts = Array.from({ length: 24 }, (_, i) => put([0, 100], `v${i}`));
    const gets = [get([101, 102], 'v0'), get([103, 104], 'v1')];
    // Every one of the overlapping puts may be the last: the two gets exclude each other.
    expect(() => checkHistory([...puts, ...gets], { maxSteps: 1000 })).toThrow(UndecidedError);
  });
});

describe('histories that are none', () => {
  it.each<[string, Operation]>([
    ['it returned before it was invoked', put([5, 4], 'a')],
    ['invokedAt is NaN', put([NaN, 4], 'a')],
    ['its outcome is known, but returnedAt is Infinity', put([0, Infinity], 'a')],
    ['revision is 0', put([0, 1], 'a', { revision: 0 })],
    ['a missing key has no revision', get([0, 1], null, { revision: 3 })],
    ['expectedRevision is -1', cas([0, 1], -1, 'a')],
    ['only an answer can tell a revision', put([0, 1], 'a', { ...unknown, revision: 3 })],
  ])('%s', (reason, operation) => {
    expect(() => checkHistory([put([0, 1], 'a'), operation])).toThrow(InvalidHistoryError);
    expect(() => checkHistory([put([0, 1], 'a'), operation])).toThrow(
      `operation 1 (${operation.kind} of k): ${reason}`,
    );
  });
});
