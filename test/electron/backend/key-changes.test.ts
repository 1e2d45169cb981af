import { expect, it } from 'vitest';
import { MAX_CHANGES, mergeChanges } from '../../../electron/backend/keys/key-changes.ts';

const gone = (i: number) => ({ key: `key${i}`, meta: null });
const some = (from: number, count: number) => Array.from({ length: count }, (_, i) => gone(from + i));

it('keeps the last state of each key for a slow reader, and says when that is too much', () => {
  const a = { changes: [gone(1), gone(2)], missed: false };
  const b = { changes: [gone(2), gone(3)], missed: false };
  expect(mergeChanges(a, b)).toEqual({ changes: [gone(1), gone(2), gone(3)], missed: false });
  const many = mergeChanges(
    { changes: some(0, MAX_CHANGES), missed: false },
    { changes: some(9_000, 1), missed: false },
  );
  expect(many).toEqual({ changes: [], missed: true });
  expect(mergeChanges(many, a)).toEqual({ changes: a.changes, missed: true });
});
