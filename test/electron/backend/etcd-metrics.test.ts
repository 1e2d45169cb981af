import { expect, test } from 'vitest';
import { EtcdMetricsReader } from '../../../electron/backend/remote/etcd/etcd-metrics.ts';

const text = (seconds: number, count: number): string =>
  [
    `etcd_disk_wal_fsync_duration_seconds_sum ${seconds}`,
    `etcd_disk_wal_fsync_duration_seconds_count ${count}`,
    'etcd_server_quota_backend_bytes 2.147483648e+09',
    'etcd_server_leader_changes_seen_total 2',
  ].join('\n');

test('latencies are of late, and not since the member started', () => {
  const reader = new EtcdMetricsReader();
  expect(reader.read(text(1, 1_000))).toMatchObject({
    walFsyncMeanMs: 1,
    backendCommitMeanMs: null,
    quotaBytes: 2_147_483_648,
    leaderChanges: 2,
  });
  expect(reader.read(text(3, 1_010)).walFsyncMeanMs).toBeCloseTo(200);
  // Nothing was synced since: what is known is what it took last.
  expect(reader.read(text(3, 1_010)).walFsyncMeanMs).toBeCloseTo(200);
  expect(reader.read(text(0.01, 10)).walFsyncMeanMs).toBeCloseTo(1);
});
