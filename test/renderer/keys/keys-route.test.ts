import { expect, test } from 'vitest';
import { readRoute, writeRoute } from '../../../renderer/features/keys/keys-route.ts';

test('an address without parameters shows every key, read as usual', () => {
  expect(readRoute(new URLSearchParams(), 'linearizable')).toEqual({
    prefix: '',
    key: null,
    read: 'linearizable',
    watch: false,
  });
  expect(readRoute(new URLSearchParams(), 'stale').read).toBe('stale');
});

test('an unknown read mode is the usual one, not an error', () => {
  expect(readRoute(new URLSearchParams('read=dirty'), 'follower').read).toBe('follower');
});

test('changes are written, what is usual left out, other parameters kept', () => {
  const params = new URLSearchParams('dialog=new&read=stale');
  const next = writeRoute(params, { prefix: '/orders/\\xFF', key: '/orders/1' }, 'linearizable');
  expect(readRoute(next, 'linearizable')).toEqual({
    prefix: '/orders/\\xFF',
    key: '/orders/1',
    read: 'stale',
    watch: false,
  });
  expect(writeRoute(next, { prefix: '', key: null, read: 'linearizable' }, 'linearizable').toString()).toBe(
    'dialog=new',
  );
});

test('where another mode is usual, linearizable is written', () => {
  const params = new URLSearchParams();
  expect(writeRoute(params, { read: 'linearizable' }, 'stale').toString()).toBe('read=linearizable');
  expect(writeRoute(params, { read: 'stale' }, 'stale').toString()).toBe('');
});

test('a list that follows the cluster says so in its address', () => {
  const next = writeRoute(new URLSearchParams(), { watch: true }, 'linearizable');
  expect(next.toString()).toBe('watch=1');
  expect(readRoute(next, 'linearizable').watch).toBe(true);
  expect(writeRoute(next, { watch: false }, 'linearizable').toString()).toBe('');
});
