import type { InspectedReplica, PartitionLive, RaftEvent, RaftWord } from '../../contract/model.ts';
import { fitRuns, runsOf } from '../../contract/log-runs.ts';
import type { GroupStatus, LogTail } from '../../../engine/rpc/cluster.ts';
import type { PartitionFacts, ReplicaFacts } from './partition-facts.ts';

/** The inspector's message: what the nodes reported, and what their logs said if that is newer. */
export function partitionLive(input: {
  readonly facts: PartitionFacts;
  readonly tails: ReadonlyMap<number, LogTail>;
  readonly events: readonly RaftEvent[];
  readonly nowMs: number;
}): PartitionLive {
  const { facts, tails, events, nowMs } = input;
  const { tickMs, heartbeatTicks, electionTicksMax } = facts.timing;
  const groups = facts.replicas.map((replica) => newestGroup(replica, tails.get(replica.nodeId)));
  const members = membersOf(facts, groups);
  return {
    timeMs: nowMs,
    partition: facts.view,
    voters: members?.voters ?? facts.view.replicas,
    learners: members?.learners ?? [],
    electionTimeoutMs: tickMs * electionTicksMax,
    heartbeatMs: tickMs * heartbeatTicks,
    replicas: facts.replicas.map((replica, i): InspectedReplica => {
      const group = groups[i] ?? null;
      return {
        node: replica.nodeId,
        name: `n${replica.nodeId}`,
        state: replica.state,
        sinceMs: replica.sinceMs,
        endedBy: replica.state === 'dead' || replica.state === 'stopped' ? replica.endedBy : null,
        word: group === null ? null : wordOf(group),
        heardAtMs: replica.heardAtMs,
        log: fitRuns(runsOf(tails.get(replica.nodeId)?.entries ?? []), group),
      };
    }),
    cuts: facts.cuts.map((cut) => ({ ...cut })),
    events: [...events],
  };
}

function newestGroup(replica: ReplicaFacts, tail: LogTail | undefined): GroupStatus | null {
  if (tail === undefined || tail.status === null) return replica.group;
  return replica.group === null || tail.timeMs >= replica.timeMs ? tail.status : replica.group;
}

/** Who takes part, in the words of the leader, or else of whoever is furthest. */
function membersOf(facts: PartitionFacts, groups: readonly (GroupStatus | null)[]): GroupStatus | null {
  const leaders = groups[facts.replicas.findIndex((replica) => replica.nodeId === facts.view.leader)];
  if (leaders !== undefined && leaders !== null && leaders.voters.length > 0) return leaders;
  return groups.reduce((best, group) => {
    if (group === null || group.voters.length === 0) return best;
    return best === null || group.term > best.term ? group : best;
  }, null);
}

function wordOf(group: GroupStatus): RaftWord {
  return {
    role: group.role,
    term: group.term,
    votedFor: group.votedFor,
    leader: group.leader,
    commitIndex: group.commitIndex,
    appliedIndex: group.appliedIndex,
    firstLogIndex: group.firstLogIndex,
    lastLogIndex: group.lastLogIndex,
    persistedIndex: group.persistedIndex,
    electionLeftMs: group.electionTimeoutLeftMs,
    progress: group.progress.map(({ nodeId, ...rest }) => ({ node: nodeId, ...rest })),
  };
}
