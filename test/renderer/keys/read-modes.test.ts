import { expect, test } from 'vitest';
import { explainReadMode, leaderlessSentence } from '../../../renderer/features/keys/read-modes.ts';

test('each mode says what it means, what it cost, and what it does without a leader', () => {
  expect(explainReadMode('linearizable', 1.21, null)).toMatch(/latest committed.*1\.2 ms now.*Fails if/);
  expect(explainReadMode('follower', 2, null)).toMatch(/any replica.*2\.0 ms now.*Fails if/);
  expect(explainReadMode('stale', 0.4, 230)).toMatch(/up to 230 ms old.*0\.4 ms now.*Works without/);
});

test('what was not measured is not claimed', () => {
  expect(explainReadMode('linearizable', null, null)).not.toContain('now');
  expect(explainReadMode('stale', null, null)).toContain('open a key to see how old');
  expect(explainReadMode('stale', 1, 95_000)).toContain('up to 1 m 35 s old');
});

test('without leaders it says which reads fail and which do not', () => {
  expect(leaderlessSentence(8, 8)).toMatch(/^none of the 8 partitions has one, so writes.*Stale reads still answer/);
  expect(leaderlessSentence(1, 1)).toMatch(/^the partition has none/);
  expect(leaderlessSentence(1, 8)).toMatch(/^1 of 8 partitions has none, so .* of their keys fail/);
  expect(leaderlessSentence(3, 8)).toMatch(/^3 of 8 partitions have none/);
});
