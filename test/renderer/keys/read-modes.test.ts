import { expect, test } from 'vitest';
import { explainReadMode, leaderlessSentence } from '../../../renderer/features/keys/read-modes.ts';

test('each mode says what it means, what it cost, and what it does without a leader', () => {
  expect(explainReadMode('linearizable', { of: 'key', ms: 1.21 }, null)).toMatch(
    /latest committed.*round trip, 1\.2 ms now.*Fails if/,
  );
  expect(explainReadMode('follower', { of: 'key', ms: 2 }, null)).toMatch(/any replica.*2\.0 ms now.*Fails if/);
  expect(explainReadMode('stale', { of: 'key', ms: 0.4 }, 230)).toMatch(/up to 230 ms old.*0\.4 ms now.*Works without/);
});

test('the cost of a list is not called the cost of a key', () => {
  expect(explainReadMode('linearizable', { of: 'page', ms: 54 }, null)).toContain('; this list took 54 ms.');
});

test('what was not measured is not claimed', () => {
  expect(explainReadMode('linearizable', null, null)).toContain('one leader round trip. Fails');
  expect(explainReadMode('stale', null, null)).toContain('open a key to see how old');
  expect(explainReadMode('stale', { of: 'key', ms: 1 }, 95_000)).toContain('up to 1 m 35 s old');
});

test('without leaders it says which reads fail and which do not', () => {
  expect(leaderlessSentence(8, 8)).toMatch(/^none of the 8 partitions has one, so writes.*Stale reads still answer/);
  expect(leaderlessSentence(1, 1)).toMatch(/^the partition has none/);
  expect(leaderlessSentence(1, 8)).toMatch(/^1 of 8 partitions has none, so .* of their keys fail/);
  expect(leaderlessSentence(3, 8)).toMatch(/^3 of 8 partitions have none/);
});
