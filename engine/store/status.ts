import { partitionOfGroup } from '../config/ids.ts';
import { NONE, Role } from '../raft/types.ts';
import type { GroupStatus } from '../rpc/cluster.ts';
import type { Store } from './store.ts';

/** What every group of this node is doing, in the order of their ids. */
export function groupStatuses(store: Store, tickMs: number): GroupStatus[] {
  const statuses: GroupStatus[] = [];
  for (const group of store.groups.values()) {
    const raft = group.core.status();
    statuses.push({
      partition: partitionOfGroup(group.id),
      group: group.id,
      role: raft.role,
      term: raft.term,
      votedFor: raft.votedFor,
      leader: raft.leader,
      commitIndex: raft.commitIndex,
      lastLogIndex: raft.lastIndex,
      appliedIndex: raft.appliedIndex,
      firstLogIndex: raft.firstIndex,
      persistedIndex: raft.persistedIndex,
      voters: [...raft.membership.voters],
      votersOutgoing: [...raft.membership.votersOutgoing],
      learners: [...raft.membership.learners],
      membershipSettled: raft.membershipSettled,
      progress: raft.progress.map((p) => ({
        nodeId: p.id,
        matchIndex: p.matchIndex,
        nextIndex: p.nextIndex,
        state: p.state,
        inFlight: p.inFlight,
        recentlyActive: p.recentlyActive,
        snapshotShare: store.snapshotShare(group, p.id) ?? undefined,
      })),
      pendingProposals: group.pendingWrites,
      electionTimeoutLeftMs: raft.electionTicksLeft * tickMs,
      keyCount: store.state.keyCount(group.id),
    });
  }
  return statuses;
}

/** How many of this node's partitions know a leader, and how many there are. */
export function leadersKnown(store: Store): { known: number; of: number } {
  let known = 0;
  let of = 0;
  for (const group of store.groups.values()) {
    if (partitionOfGroup(group.id) === undefined) continue;
    of++;
    if (group.core.leader !== NONE || group.core.role === Role.Leader) known++;
  }
  return { known, of };
}
