import type { GroupRole } from '../../../contract/model.ts';
import { readMetrics, total, type MetricSample } from '../prometheus.ts';

/** What one node exports of one partition; null where it does not. */
export interface PartitionMetrics {
  readonly term: number | null;
  readonly role: GroupRole | null;
  readonly commitIndex: number | null;
  readonly lastLogIndex: number | null;
  readonly appliedIndex: number | null;
  readonly snapshotIndex: number | null;
}

/** What one node exports of itself; null where it does not. */
export interface NodeMetrics {
  /** Whose figures these are, as they say; empty where they do not. */
  readonly nodeIds: readonly number[];
  readonly isUp: boolean | null;
  readonly electionsWon: number | null;
  readonly heartbeatsFailed: number | null;
  readonly memoryBytes: number | null;
  readonly startedAtMs: number | null;
  readonly partitions: ReadonlyMap<number, PartitionMetrics>;
}

/** The guide's name first, then the one that the current server exports. */
const TERM = ['prkdb_raft_current_term', 'prkdb_raft_term'] as const;
const roles: readonly GroupRole[] = ['follower', 'candidate', 'leader', 'learner'];

/** From the text that a PrkDB server exports, under either set of names. */
export function nodeMetrics(text: string): NodeMetrics {
  const samples = readMetrics(text).filter(({ value }) => Number.isFinite(value));
  const ofRaft = samples.filter(({ name }) => name.startsWith('prkdb_'));
  const ids = ofRaft.flatMap(({ labels }) => numberOf(labels['node_id']) ?? []);
  const partitions = new Set(ofRaft.flatMap(({ labels }) => numberOf(labels['partition']) ?? []));
  const up = total(samples, 'prkdb_up');
  const startSeconds = total(samples, 'process_start_time_seconds');
  return {
    nodeIds: [...new Set(ids)],
    isUp: up === null ? null : up > 0,
    electionsWon: total(samples, 'prkdb_raft_leader_elections_total'),
    heartbeatsFailed: total(samples, 'prkdb_raft_heartbeats_failed_total'),
    memoryBytes: total(samples, 'process_resident_memory_bytes'),
    startedAtMs: startSeconds === null ? null : startSeconds * 1000,
    partitions: new Map([...partitions].map((partition) => [partition, partitionMetrics(ofRaft, partition)])),
  };
}

function partitionMetrics(samples: readonly MetricSample[], partition: number): PartitionMetrics {
  const mine = samples.filter(({ labels }) => labels['partition'] === String(partition));
  const value = (...names: readonly string[]): number | null => {
    for (const name of names) {
      const found = mine.find((one) => one.name === name);
      if (found !== undefined) return found.value;
    }
    return null;
  };
  const state = value('prkdb_raft_state');
  return {
    term: value(...TERM),
    role: state === null ? null : (roles[state] ?? null),
    commitIndex: value('prkdb_raft_commit_index'),
    lastLogIndex: value('prkdb_raft_last_log_index'),
    appliedIndex: value('prkdb_raft_applied_index'),
    snapshotIndex: value('prkdb_raft_snapshot_index'),
  };
}

function numberOf(text: string | undefined): number | null {
  return text === undefined || !/^\d{1,9}$/.test(text) ? null : Number(text);
}
