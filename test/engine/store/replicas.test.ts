import { describe, expect, it } from 'vitest';
import { heartbeat } from '../../../engine/raft/messages.ts';
import { EventSource } from '../../../engine/store/events.ts';
import { Replicas } from '../../../engine/store/replicas.ts';
import { genesisRouting } from '../../../engine/store/routing.ts';
import type { StoreOptions } from '../../../engine/store/types.ts';
import type { RecoveredLog } from '../../../engine/storage/types.ts';

const GROUP = 1;
const members = [1, 2, 3, 4].map((id) => ({ id, host: 'h', clientPort: id, raftPort: id, metricsPort: id }));
/** Partition 0 shall be on nodes 1, 2 and 3. */
const genesis = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor: 3 });

/** What a node with a replica of partition 0 has, in its 5th term and 100 ms after its start. */
function replicasOf(nodeId: number) {
  const recovered: RecoveredLog = {
    hardState: { term: 5, votedFor: 2, commitIndex: 0 },
    snapshotIndex: 0,
    snapshotTerm: 0,
    lastIndex: 3,
    lastTerm: 5,
  };
  const removed: number[] = [];
  let nowMs = 100;
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const options = {
    nodeId,
    genesis,
    log: {
      recovered: (group: number) => (group === GROUP ? recovered : undefined),
      reader: () => ({ entries: () => [], term: () => 5 }),
      write: () => {},
    },
    state: {
      get: () => undefined,
      membership: () => null,
      restoredPoint: () => null,
      appliedIndex: () => 0,
      revision: () => 0,
      givenUpAt: () => null,
    },
    drops: { dropsBegun: () => [], beginDrop: (group: number) => void removed.push(group), finishDrop: () => {} },
    clock,
    random: () => 0.5,
    timing: { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
  };
  const replicas = new Replicas(options as unknown as StoreOptions, {
    events: new EventSource(nodeId, clock, () => {}),
    isWorking: () => true,
    guard: (run) => run(),
    failed: (error) => expect.fail(error.message),
    added: () => {},
    removed: () => {},
  });
  return {
    replicas,
    removed,
    group: replicas.groups.get(GROUP)!,
    at: (ms: number) => (nowMs = ms),
  };
}

describe('a replica that the table does not want', () => {
  it('is asked after when it has heard of no leader for long', () => {
    const { replicas, at } = replicasOf(4);
    at(5_099);
    expect(replicas.forsaken(5_000)).toEqual([]);
    at(5_101);
    expect(replicas.forsaken(5_000)).toEqual([GROUP]);
    const wanted = replicasOf(3);
    wanted.at(50_000);
    expect(wanted.replicas.forsaken(5_000)).toEqual([]);
  });

  it('goes when its leader has said that it is no member', () => {
    const { replicas, removed } = replicasOf(4);
    replicas.forget(GROUP, 6_000, 5);
    expect(removed).toEqual([GROUP]);
    expect(replicas.groups.has(GROUP)).toBe(false);
  });

  it('stays when a leader has spoken to it since, or in a later term: it may be a member again', () => {
    const { replicas, removed, group } = replicasOf(4);
    group.leaderHeardAtMs = 6_000;
    replicas.forget(GROUP, 6_000, 5);
    group.leaderHeardAtMs = 100;
    replicas.forget(GROUP, 6_000, 4);
    group.core.step(heartbeat(2, 4, 6, 0, 1));
    replicas.forget(GROUP, 6_000, 5);
    expect(removed).toEqual([]);
    replicas.forget(GROUP, 6_000, 6);
    expect(removed).toEqual([GROUP]);
  });

  it('stays when the table wants it', () => {
    const { replicas, removed } = replicasOf(3);
    replicas.forget(GROUP, 6_000, 9);
    expect(removed).toEqual([]);
  });
});
