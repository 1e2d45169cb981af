import { expect, test } from 'vitest';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { appKey } from '../../../renderer/app/app-keys.ts';
import { inSidebarOrder } from '../../../renderer/app/sidebar-order.ts';
import { viewOf } from '../../support/view.ts';

test('with the command key: K is the palette, comma the settings, digits the clusters', () => {
  expect(appKey('k')).toEqual({ to: 'palette' });
  expect(appKey('K')).toEqual({ to: 'palette' });
  expect(appKey(',')).toEqual({ to: 'settings' });
  expect(appKey('1')).toEqual({ to: 'cluster', place: 0 });
  expect(appKey('9')).toEqual({ to: 'cluster', place: 8 });
  for (const other of ['0', '10', 's', 'Enter']) expect(appKey(other)).toBeNull();
});

test('digits count as the sidebar lists: local clusters before remote ones', () => {
  const { summary } = viewOf(['live']);
  const named = (name: string, kind: ClusterSummary['kind']) => ({ ...summary, name, kind });
  const order = inSidebarOrder([named('far', 'prkdb'), named('a', 'local'), named('k8s', 'etcd'), named('b', 'local')]);
  expect(order.map((cluster) => cluster.name)).toEqual(['a', 'b', 'far', 'k8s']);
  const grouped = (name: string, group: string | null) => ({
    ...named(name, 'etcd'),
    remote: {
      profileId: name,
      group,
      color: null,
      isUnverified: false,
      writesLocked: false,
      heardAtMs: null,
      problem: null,
      capabilities: [],
      endpointProblems: [],
    },
  });
  const groups = inSidebarOrder([grouped('x', 'us'), grouped('y', null), grouped('z', 'eu')]);
  expect(groups.map((cluster) => cluster.name)).toEqual(['y', 'z', 'x']);
});
