import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines, hunksOf } from '../../../renderer/features/keys/line-diff.ts';

test('equal lines stand opposite each other', () => {
  expect(diffLines('a\nb\nc\nd', 'a\nx\nc\ne\nd')).toEqual([
    { kind: 'same', left: 'a', right: 'a' },
    { kind: 'changed', left: 'b', right: 'x' },
    { kind: 'same', left: 'c', right: 'c' },
    { kind: 'changed', left: null, right: 'e' },
    { kind: 'same', left: 'd', right: 'd' },
  ]);
});

test('each side read alone is its text', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (left, right) => {
      const rows = diffLines(left, right);
      const side = (pick: 'left' | 'right') => rows.map((row) => row[pick]).filter((line) => line !== null);
      expect(side('left').join('\n')).toBe(left);
      expect(side('right').join('\n')).toBe(right);
      expect(rows.every((row) => row.kind === 'changed' || row.left === row.right)).toBe(true);
    }),
  );
});

test('two large texts with nothing in common are compared without a search', () => {
  const lines = (letter: string) => Array.from({ length: 5_000 }, (_, i) => letter + String(i)).join('\n');
  expect(diffLines(lines('a'), lines('b'))).toHaveLength(5_000);
});

test('long equal stretches are counted, not shown', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const hunks = hunksOf(diffLines(lines.join('\n'), lines.with(10, 'other').join('\n')));
  expect(hunks.map((hunk) => ('skipped' in hunk ? hunk.skipped : hunk.rows.length))).toEqual([7, 7, 6]);
  expect(hunksOf([])).toEqual([]);
});
