import { expect, it } from 'vitest';
import { checkHistory, type Operation } from '../../../engine/check/index.ts';
import { isLinearizable } from './brute-force.ts';
import { randomFrom, smallHistory, storeHistory } from './histories.ts';

/** Shows a history that the two disagree on so that it can be replayed. */
function compare(history: readonly Operation[], seed: number): boolean {
  const expected = isLinearizable(history);
  const result = checkHistory(history);
  if (result.linearizable !== expected) {
    throw new Error(`seed ${seed}: expected ${expected} for ${JSON.stringify(history, null, 1)}`);
  }
  if (!result.linearizable && isLinearizable(result.window)) {
    throw new Error(`seed ${seed}: no violation in the window of\n${result.explanation}`);
  }
  return expected;
}

it('agrees with brute force on thousands of random histories, legal and not', () => {
  const counts = { legal: 0, illegal: 0 };
  for (let seed = 1; seed <= 8000; seed++) {
    const random = randomFrom(seed);
    const history = smallHistory(random, 2 + Math.floor(random() * 5));
    if (compare(history, seed)) counts.legal++;
    else counts.illegal++;
  }
  expect(counts.legal).toBeGreaterThan(1000);
  expect(counts.illegal).toBeGreaterThan(1000);
});

it('agrees with brute force on what a correct store answers, and on that with one answer changed', () => {
  const counts = { legal: 0, illegal: 0 };
  for (let seed = 1; seed <= 2000; seed++) {
    const history = storeHistory({ operations: 6, keys: 1, clients: 3, unknown: 0.2, seed });
    expect(compare(history, seed)).toBe(true);
    const random = randomFrom(seed);
    const at = Math.floor(random() * history.length);
    const other = history[Math.floor(random() * history.length)]!;
    const changed = history.map((one, i): Operation => {
      if (i !== at || one.kind !== 'get' || one.outcome !== 'ok') return one;
      return { ...one, value: other.kind === 'put' ? other.value : null, revision: undefined };
    });
    if (compare(changed, seed)) counts.legal++;
    else counts.illegal++;
  }
  expect(counts.illegal).toBeGreaterThan(100);
});
