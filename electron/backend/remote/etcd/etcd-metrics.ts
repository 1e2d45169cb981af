import { readMetrics, total } from '../prometheus.ts';

/** What of a member's /metrics is shown. Null where it does not export it. */
export interface EtcdMetrics {
  readonly leaderChanges: number | null;
  readonly proposalsPending: number | null;
  readonly proposalsFailed: number | null;
  readonly walFsyncMeanMs: number | null;
  readonly backendCommitMeanMs: number | null;
  /** What the database may grow to. */
  readonly quotaBytes: number | null;
}

/** From the text that etcd exports. */
export function etcdMetrics(text: string): EtcdMetrics {
  const samples = readMetrics(text);
  const mean = (name: string): number | null => {
    const seconds = total(samples, `${name}_sum`);
    const count = total(samples, `${name}_count`);
    return seconds === null || count === null || count === 0 ? null : (seconds / count) * 1000;
  };
  return {
    leaderChanges: total(samples, 'etcd_server_leader_changes_seen_total'),
    proposalsPending: total(samples, 'etcd_server_proposals_pending'),
    proposalsFailed: total(samples, 'etcd_server_proposals_failed_total'),
    walFsyncMeanMs: mean('etcd_disk_wal_fsync_duration_seconds'),
    quotaBytes: total(samples, 'etcd_server_quota_backend_bytes'),
    backendCommitMeanMs: mean('etcd_disk_backend_commit_duration_seconds'),
  };
}
