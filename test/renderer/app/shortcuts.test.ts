import { expect, test } from 'vitest';
import { matchShortcut } from '../../../renderer/app/shortcuts.ts';

const names = ['g o', 'g k', '?', 'x'];

test('a single key runs, the first of two waits, the second runs both', () => {
  expect(matchShortcut(names, null, '?')).toEqual({ run: '?' });
  expect(matchShortcut(names, null, 'g')).toEqual({ wait: 'g' });
  expect(matchShortcut(names, 'g', 'k')).toEqual({ run: 'g k' });
});

test('a wrong second key is taken for itself', () => {
  expect(matchShortcut(names, 'g', 'x')).toEqual({ run: 'x' });
  expect(matchShortcut(names, 'g', 'z')).toBeNull();
  expect(matchShortcut(names, 'g', 'g')).toEqual({ wait: 'g' });
});
