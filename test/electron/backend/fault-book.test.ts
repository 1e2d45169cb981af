import { describe, expect, it } from 'vitest';
import { FaultBook } from '../../../electron/backend/clusters/fault-book.ts';

const CUT = { cut: true, delayMs: 0, drop: 0 };
const link = (node: number, to: number, change: object = {}) =>
  ({
    kind: 'link',
    node,
    to,
    bothWays: true,
    cut: false,
    delayMs: 0,
    dropPercent: 0,
    durationMs: null,
    ...change,
  }) as const;

describe('what each node must suffer', () => {
  it('is its own direction of a link, and both of an isolation', () => {
    const book = new FaultBook([1, 2, 3]);
    book.add(link(1, 2, { bothWays: false, delayMs: 50, dropPercent: 30 }), 0);
    expect(book.of(1).links).toEqual([{ toNodeId: 2, cut: false, delayMs: 50, drop: 0.3 }]);
    expect(book.of(2).links).toEqual([]);
    book.add({ kind: 'isolate', node: 3, durationMs: null }, 1);
    expect(book.of(1).links).toEqual([
      { toNodeId: 2, cut: false, delayMs: 50, drop: 0.3 },
      { toNodeId: 3, ...CUT },
    ]);
    expect(book.of(3).links.map((one) => one.toNodeId)).toEqual([1, 2]);
  });

  it('changes with a newer fault of the same direction only', () => {
    const book = new FaultBook([1, 2]);
    book.add(link(1, 2, { delayMs: 50 }), 0);
    book.add(link(2, 1, { bothWays: false, cut: true }), 1);
    expect(book.active()).toMatchObject([
      { node: 1, to: 2, bothWays: false, delayMs: 50 },
      { node: 2, to: 1, bothWays: false, cut: true },
    ]);
    book.add(link(1, 2, { delayMs: 0 }), 2);
    expect(book.isEmpty).toBe(true);
  });

  it('ends when its time is up, and not before', () => {
    const book = new FaultBook([1, 2]);
    book.add(link(1, 2, { cut: true, durationMs: 1_000 }), 100);
    book.add({ kind: 'disk', node: 1, delayMs: 10, durationMs: null }, 200);
    expect(book.expire(1_099)).toEqual([]);
    expect(book.expire(1_100)).toMatchObject([{ kind: 'link', bothWays: true, startedAtMs: 100, endsAtMs: 1_100 }]);
    expect(book.of(1)).toMatchObject({ links: [], diskDelayMs: 10 });
  });
});

describe('whether a node must be told', () => {
  it('is so while it reports something else, in whatever order', () => {
    const book = new FaultBook([1, 2, 3]);
    expect(book.mustTell(1, { ...book.of(1), diskDelayMs: 9 })).toBe(false);
    book.add(link(1, 2, { cut: true }), 0);
    book.add(link(1, 3, { dropPercent: 7 }), 0);
    expect(book.mustTell(1, null)).toBe(true);
    const reported = book.of(1);
    expect(book.mustTell(1, { ...reported, links: reported.links.toReversed() })).toBe(false);
    expect(book.mustTell(1, { ...reported, diskDelayMs: 5 })).toBe(true);
  });
});
