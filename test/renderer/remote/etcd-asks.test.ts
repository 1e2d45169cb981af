import { describe, expect, it } from 'vitest';
import type { EtcdView } from '../../../electron/contract/model.ts';
import { etcdActionSchema } from '../../../electron/contract/remote.ts';
import { addMemberAsk, clusterAsks, memberAsks } from '../../../renderer/features/remote/etcd-asks.ts';

const member = (node: number, isLearner = false): EtcdView['members'][number] => ({
  node,
  id: String(node),
  isLearner,
  peerUrls: [],
  clientUrls: [],
  version: '3.4.23',
  dbSizeBytes: 3_000_000,
  dbInUseBytes: 1_000_000,
  errors: [],
  problem: null,
  metrics: null,
});
const etcd: EtcdView = {
  clusterId: 'abc',
  revision: 100,
  alarms: [{ node: 2, alarm: 'noSpace' }],
  members: [member(1), member(2), member(3), member(4, true)],
};
const asksOf = (node: number, leads: boolean) =>
  memberAsks({ etcd, member: etcd.members[node - 1]!, name: `m${node}`, leads });
const labels = (node: number, leads: boolean) => asksOf(node, leads).map((ask) => ask.label);

describe('what can be done to a member', () => {
  it('depends on its role and alarms', () => {
    expect(labels(1, true)).toEqual(['Defragment', 'Remove member']);
    expect(labels(2, false)).toEqual(['Make leader', 'Defragment', 'Disarm alarm', 'Remove member']);
    expect(labels(4, false)).toEqual(['Promote', 'Defragment', 'Remove member']);
  });

  it('is done only when its name is typed where it cannot be undone', () => {
    const remove = asksOf(3, false).at(-1)!;
    expect(remove.text).toContain('2 voting members stay, of which 2 are needed');
    expect(remove.changeOf('m')).toBeNull();
    expect(remove.changeOf('m3')).toEqual({ action: 'removeMember', node: 3 });
  });
});

describe('what can be done to the cluster', () => {
  it('compacts only up to where the cluster is', () => {
    const compact = clusterAsks(etcd)[1]!;
    expect(compact.changeOf('100')).toEqual({ action: 'compact', revision: 100 });
    for (const typed of ['', '0', '101', '1e2']) expect(compact.changeOf(typed)).toBeNull();
  });

  it('adds a learner at an address that the contract takes', () => {
    expect(addMemberAsk.changeOf('10.0.0.4:2380')).toBeNull();
    const change = addMemberAsk.changeOf(' http://10.0.0.4:2380 ');
    expect(etcdActionSchema.safeParse(change).success).toBe(true);
  });
});
