import { expect, test } from 'vitest';
import { readRoute, writeRoute } from '../../../renderer/features/keys/keys-route.ts';

test('an address without parameters shows every key, linearizable', () => {
  expect(readRoute(new URLSearchParams())).toEqual({ prefix: '', key: null, read: 'linearizable' });
});

test('an unknown read mode is the default, not an error', () => {
  expect(readRoute(new URLSearchParams('read=dirty')).read).toBe('linearizable');
});

test('changes are written, defaults left out, other parameters kept', () => {
  const params = new URLSearchParams('dialog=new&read=stale');
  const next = writeRoute(params, { prefix: '/orders/\\xFF', key: '/orders/1' });
  expect(readRoute(next)).toEqual({ prefix: '/orders/\\xFF', key: '/orders/1', read: 'stale' });
  expect(writeRoute(next, { prefix: '', key: null, read: 'linearizable' }).toString()).toBe('dialog=new');
});
