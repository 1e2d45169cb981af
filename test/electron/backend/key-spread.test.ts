import { expect, it } from 'vitest';
import { keySpread, SPREAD_OVER } from '../../../electron/backend/keys/key-spread.ts';
import type { KeyMeta } from '../../../electron/contract/model.ts';

/** A list of so many keys, one after another in three partitions, the last of which holds every other one. */
function listOf(count: number) {
  const meta = (i: number): KeyMeta => ({
    key: String(i).padStart(6, '0'),
    partition: i % 2 === 0 ? 2 : i % 4 === 1 ? 0 : 1,
    revision: 1,
    version: 1,
    valueSizeBytes: 1,
    createdAtMs: 1,
    updatedAtMs: 1,
  });
  return {
    scan: async ({ after, limit }: { after: string; limit: number }) => {
      const from = after === '' ? 0 : Number(after) + 1;
      const keys = Array.from({ length: Math.max(0, Math.min(limit, count - from)) }, (_, i) => meta(from + i));
      const isLast = from + keys.length >= count;
      return { keys, next: isLast ? null : keys.at(-1)!.key, costMs: 1 };
    },
  };
}

it('counts all keys of a prefix in their partitions', async () => {
  expect(await keySpread(listOf(2_400), { prefix: '', readMode: 'stale' })).toEqual({
    partitions: [
      { partition: 0, count: 600 },
      { partition: 1, count: 600 },
      { partition: 2, count: 1_200 },
    ],
    isWhole: true,
  });
  expect(await keySpread(listOf(0), { prefix: '', readMode: 'stale' })).toEqual({ partitions: [], isWhole: true });
});

it('ends after so many, and says so', async () => {
  const { partitions, isWhole } = await keySpread(listOf(SPREAD_OVER + 5), { prefix: '', readMode: 'stale' });
  expect(isWhole).toBe(false);
  expect(partitions.reduce((sum, { count }) => sum + count, 0)).toBe(SPREAD_OVER);
});
