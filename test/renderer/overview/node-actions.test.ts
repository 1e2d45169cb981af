import { expect, test } from 'vitest';
import { actionForKey, actionsFor, isWayBack } from '../../../renderer/features/overview/node-action-rules.ts';

test('each state offers what makes sense, and its way back', () => {
  expect(actionsFor('live')).toEqual(['kill', 'pause', 'restart', 'isolate']);
  for (const state of ['paused', 'partitioned', 'dead', 'stopped'] as const) {
    const [first] = actionsFor(state);
    expect(first !== undefined && isWayBack(first)).toBe(true);
  }
});

test('one key does and undoes', () => {
  expect(actionForKey('p', 'live')).toBe('pause');
  expect(actionForKey('p', 'paused')).toBe('resume');
  expect(actionForKey('i', 'live')).toBe('isolate');
  expect(actionForKey('i', 'partitioned')).toBe('heal');
  expect(actionForKey('r', 'dead')).toBe('start');
  expect(actionForKey('r', 'live')).toBe('restart');
});

test('a key that means nothing in a state does nothing', () => {
  expect(actionForKey('x', 'dead')).toBeNull();
  expect(actionForKey('p', 'stopped')).toBeNull();
  expect(actionForKey('i', 'paused')).toBeNull();
});
