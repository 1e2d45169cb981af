import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedPaths, mergeJson } from '../../../renderer/features/keys/json-merge.ts';
import { parseJson, printJson, sameJson, type JsonTree } from '../../../renderer/features/keys/json-tree.ts';

function tree(value: unknown): JsonTree {
  const result = parseJson(JSON.stringify(value));
  if (!result.ok) throw new Error(result.problem.message);
  return result.tree;
}

function merge(base: unknown, mine: unknown, theirs: unknown) {
  const { merged, ...rest } = mergeJson(tree(base), tree(mine), tree(theirs));
  return { ...rest, merged: merged === null ? null : (JSON.parse(printJson(merged)) as unknown) };
}

test('edits of different fields both stay', () => {
  const base = { status: 'new', shipBy: '2026-06-20', items: [{ qty: 1 }, { qty: 2 }] };
  const mine = { ...base, shipBy: '2026-06-21' };
  const theirs = { ...base, status: 'packed', items: [{ qty: 1 }, { qty: 3 }] };
  expect(merge(base, mine, theirs)).toEqual({
    mine: ['shipBy'],
    theirs: ['status', 'items[1].qty'],
    overlapping: [],
    merged: { status: 'packed', shipBy: '2026-06-21', items: [{ qty: 1 }, { qty: 3 }] },
  });
});

test('fields added and removed on either side', () => {
  expect(merge({ a: 1, b: 2 }, { a: 1, c: 3 }, { a: 1, b: 2, d: 4 }).merged).toEqual({ a: 1, c: 3, d: 4 });
});

test('different edits of one field overlap and nothing is merged', () => {
  expect(merge({ a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 3 } })).toEqual({
    mine: ['a.b'],
    theirs: ['a.b'],
    overlapping: ['a.b'],
    merged: null,
  });
});

test('one side removes what the other edits: overlap', () => {
  expect(merge({ a: { b: 1 } }, {}, { a: { b: 2 } }).overlapping).toEqual(['a']);
});

test('the same edit on both sides is no conflict', () => {
  expect(merge({ a: 1 }, { a: 2 }, { a: 2 })).toMatchObject({ overlapping: [], merged: { a: 2 } });
});

test('arrays of different lengths are one piece', () => {
  expect(merge({ a: [1, 2] }, { a: [1, 2, 3] }, { a: [0, 2] }).overlapping).toEqual(['a']);
  expect(merge({ a: [1, 2] }, { a: [1, 2, 3] }, { a: [1, 2], b: 1 }).merged).toEqual({ a: [1, 2, 3], b: 1 });
});

test('values of different kinds change as a whole', () => {
  expect(merge([1], { a: 1 }, [2]).overlapping).toEqual(['the whole value']);
});

test('names that are no identifiers are quoted in paths', () => {
  expect(changedPaths(tree({ 'a b': { c: 1 } }), tree({ 'a b': { c: 2 } }))).toEqual(['["a b"].c']);
});

test('laws: unchanged sides yield the other, and merging is symmetric in content', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, value, (base, mine, theirs) => {
      const [b, m, t] = [tree(base), tree(mine), tree(theirs)];
      expect(sameJson(mergeJson(b, m, b).merged ?? tree('none'), m)).toBe(true);
      expect(sameJson(mergeJson(b, b, t).merged ?? tree('none'), t)).toBe(true);
      const there = mergeJson(b, m, t);
      const back = mergeJson(b, t, m);
      expect(there.overlapping.length).toBe(back.overlapping.length);
      const agree = there.merged === null ? back.merged === null : sameJson(there.merged, back.merged ?? tree('none'));
      expect(agree).toBe(true);
    }),
  );
});
