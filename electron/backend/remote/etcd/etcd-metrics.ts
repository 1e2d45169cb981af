import { readMetrics, total } from '../prometheus.ts';

/** What of a member's /metrics is shown. Null where it does not export it. */
export interface EtcdMetrics {
  readonly leaderChanges: number | null;
  readonly proposalsPending: number | null;
  readonly proposalsFailed: number | null;
  /** Over what was synced since the look before; while nothing was, over what was synced last. */
  readonly walFsyncMeanMs: number | null;
  readonly backendCommitMeanMs: number | null;
  /** What the database may grow to. */
  readonly quotaBytes: number | null;
}

/** A sum of seconds over so many, as a histogram exports it since the start of the member. */
interface Timed {
  readonly seconds: number;
  readonly count: number;
}

const WAL = 'etcd_disk_wal_fsync_duration_seconds';
const BACKEND = 'etcd_disk_backend_commit_duration_seconds';

/** Reads the metrics of one member again and again: what it took lately, not on average since it started. */
export class EtcdMetricsReader {
  readonly #before = new Map<string, Timed>();
  readonly #means = new Map<string, number>();

  /** From the text that etcd exports. */
  read(text: string): EtcdMetrics {
    const samples = readMetrics(text);
    const mean = (name: string): number | null => {
      const seconds = total(samples, `${name}_sum`);
      const count = total(samples, `${name}_count`);
      return seconds === null || count === null ? null : this.#mean(name, { seconds, count });
    };
    return {
      leaderChanges: total(samples, 'etcd_server_leader_changes_seen_total'),
      proposalsPending: total(samples, 'etcd_server_proposals_pending'),
      proposalsFailed: total(samples, 'etcd_server_proposals_failed_total'),
      walFsyncMeanMs: mean(WAL),
      backendCommitMeanMs: mean(BACKEND),
      quotaBytes: total(samples, 'etcd_server_quota_backend_bytes'),
    };
  }

  #mean(name: string, now: Timed): number | null {
    const before = this.#before.get(name);
    this.#before.set(name, now);
    // A member that started anew counts from nothing again.
    const isNew = before === undefined || now.count < before.count;
    const count = isNew ? now.count : now.count - before.count;
    const seconds = isNew ? now.seconds : now.seconds - before.seconds;
    if (count > 0) this.#means.set(name, (seconds / count) * 1000);
    return this.#means.get(name) ?? null;
  }
}
