import { SYSTEM_GROUP, groupOfPartition, partitionOfGroup, type GroupId } from '../../config/ids.ts';
import type { GroupStatus, Move, MovePhase, ReplicaProgress } from '../../rpc/cluster.ts';
import { isSettled, wantedMembers, type ClusterFacts, type RoutingTable } from '../../store/index.ts';

/** A member this near to its leader follows it. */
const IN_STEP_ENTRIES = 256;

/** What the leaders of the groups say of them. */
export class GroupReports {
  readonly #leaders = new Map<GroupId, { readonly node: number; readonly status: GroupStatus }>();

  constructor(reports: readonly { readonly node: number; readonly groups: readonly GroupStatus[] }[]) {
    for (const { node, groups } of reports) {
      for (const status of groups) {
        if (status.role !== 'leader') continue;
        // One that was deposed and does not know it yet has the lower term.
        const known = this.#leaders.get(status.group);
        if (known === undefined || known.status.term < status.term) this.#leaders.set(status.group, { node, status });
      }
    }
  }

  /** The facts for a plan, as the leader of the system group has them. */
  facts(self: number): ClusterFacts {
    const memberships = new Map(
      Array.from(this.#leaders, ([group, { status }]) => [
        group,
        { voters: status.voters, votersOutgoing: status.votersOutgoing ?? [], learners: status.learners },
      ]),
    );
    const leaders = new Map(Array.from(this.#leaders, ([group, { node }]) => [group, node]));
    const system = this.#leaders.get(SYSTEM_GROUP);
    const inStep = new Set([self]);
    for (const peer of system?.status.progress ?? []) {
      if (follows(peer, system!.status.lastLogIndex)) inStep.add(peer.nodeId);
    }
    const known = new Set<GroupId>();
    for (const [group, { status }] of this.#leaders) if (status.membershipSettled === true) known.add(group);
    return { memberships, known, leaders, inStep };
  }

  /** The groups that are not yet as the table wants them. */
  moves(table: RoutingTable): Move[] {
    const groups = [SYSTEM_GROUP, ...table.partitions.map((p) => groupOfPartition(p.partition))];
    return groups.flatMap((group) => this.#move(table, group) ?? []);
  }

  #move(table: RoutingTable, group: GroupId): Move | null {
    const wanted = wantedMembers(table, group);
    if (wanted === null) return null;
    const leader = this.#leaders.get(group);
    const ids = [...wanted.voters, ...wanted.learners];
    const partition = partitionOfGroup(group);
    if (leader === undefined) {
      return { partition, wanted: ids, voters: [], learners: [], phase: 'unknown', behindNode: 0, behindEntries: 0 };
    }
    const { voters, learners, votersOutgoing = [], progress, lastLogIndex } = leader.status;
    if (isSettled({ voters, learners, votersOutgoing }, wanted)) return null;
    const behind = progress
      .filter((p) => ids.includes(p.nodeId) && !voters.includes(p.nodeId))
      .toSorted((a, b) => a.matchIndex - b.matchIndex)[0];
    const isBehind = behind !== undefined && !follows(behind, lastLogIndex);
    const isLeaving = !wanted.voters.includes(leader.node);
    const phase: MovePhase =
      votersOutgoing.length > 0 ? 'switching' : isBehind ? 'copying' : isLeaving ? 'leading' : 'switching';
    return {
      partition,
      wanted: ids,
      voters,
      learners,
      phase,
      behindNode: isBehind ? behind.nodeId : 0,
      behindEntries: isBehind ? lastLogIndex - behind.matchIndex : 0,
    };
  }
}

function follows(peer: ReplicaProgress, lastLogIndex: number): boolean {
  return peer.recentlyActive && peer.state === 'replicate' && lastLogIndex - peer.matchIndex <= IN_STEP_ENTRIES;
}
