import { expect, test } from 'vitest';
import { nodeMetrics } from '../../../electron/backend/remote/prkdb/node-metrics.ts';

test('the metrics of a PrkDB server are read under both sets of names', () => {
  const both = (term: string): string =>
    [
      '# HELP prkdb_raft_term Current term',
      `${term}{node_id="2",partition="0"} 7`,
      'prkdb_raft_state{node_id="2",partition="0"} 2',
      'prkdb_raft_commit_index{node_id="2",partition="0"} 41',
      'prkdb_raft_snapshot_index{node_id="2",partition="0"} 12',
      'prkdb_raft_leader_elections_total{node_id="2",partition="0"} 3',
      'prkdb_raft_leader_elections_total{node_id="2",partition="1"} 1',
      'prkdb_raft_heartbeats_failed_total{node_id="2",partition="0"} 5',
      'prkdb_up{node_id="2"} 1',
      'process_resident_memory_bytes 1000',
      'process_start_time_seconds 1790000000.5',
    ].join('\n');
  for (const name of ['prkdb_raft_term', 'prkdb_raft_current_term']) {
    const metrics = nodeMetrics(both(name));
    expect(metrics).toMatchObject({
      nodeIds: [2],
      isUp: true,
      electionsWon: 4,
      heartbeatsFailed: 5,
      memoryBytes: 1000,
      startedAtMs: 1_790_000_000_500,
    });
    expect(metrics.partitions.get(0)).toEqual({
      term: 7,
      role: 'leader',
      commitIndex: 41,
      lastLogIndex: null,
      appliedIndex: null,
      snapshotIndex: 12,
    });
  }
});

test('what is missing, foreign or no number is left out', () => {
  const metrics = nodeMetrics(
    'garbage {\nprkdb_up NaN\nprkdb_raft_state{partition="x"} 1\nother 1\nprkdb_raft_term{partition="1"} +Inf',
  );
  expect(metrics).toMatchObject({ nodeIds: [], isUp: null, electionsWon: null });
  expect([...metrics.partitions.keys()]).toEqual([]);
  expect(nodeMetrics('prkdb_up 0').isUp).toBe(false);
  expect(nodeMetrics('prkdb_raft_state{node_id="1",partition="0"} 9').partitions.get(0)?.role).toBeNull();
});
