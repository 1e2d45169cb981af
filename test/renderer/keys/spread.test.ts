import { expect, it } from 'vitest';
import { barsOf, spreadSentence } from '../../../renderer/features/keys/spread.ts';

it('draws a bar for every partition, the fullest one whole', () => {
  const bars = barsOf(
    [
      { partition: 0, count: 50 },
      { partition: 2, count: 200 },
    ],
    3,
  );
  expect(bars.map(({ fraction }) => fraction)).toEqual([0.25, 0, 1]);
  expect(spreadSentence(bars, true)).toBe('250 keys in 3 partitions: from 0 to 200, most in p2.');
  expect(spreadSentence(bars, false)).toMatch(/^The first 250 keys in/);
  expect(spreadSentence(barsOf([], 2), true)).toBe('No keys.');
});
