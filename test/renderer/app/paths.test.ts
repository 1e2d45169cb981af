import { expect, test } from 'vitest';
import { clusterPath, withDialog } from '../../../renderer/app/paths.ts';

test('a cluster has an address, and so has each of its screens', () => {
  expect(clusterPath('dev-3')).toBe('/c/dev-3');
  expect(clusterPath('a/b', 'keys')).toBe('/c/a%2Fb/keys');
});

test('a dialog goes over the address and leaves the rest of it alone', () => {
  expect(withDialog('/c/dev-3', '', 'new')).toBe('/c/dev-3?dialog=new');
  expect(withDialog('/c/dev-3/logs', 'node=2&dialog=new', null)).toBe('/c/dev-3/logs?node=2');
});
