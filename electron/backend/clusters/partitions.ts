import type { NodeState, PartitionView } from '../../contract/model.ts';
import type { GroupStatus, NodeStatus } from '../../../engine/rpc/cluster.ts';
import { majorityOf } from './placement.ts';

export interface JudgedNode {
  readonly nodeId: number;
  readonly state: NodeState;
  readonly status: NodeStatus | null;
  /** Whether it spoke for itself a moment ago. */
  readonly fresh: boolean;
}

/** What a node says counts while it is live, and while peers miss it but it still speaks for itself. */
function counts(node: JudgedNode): boolean {
  return node.state === 'live' || (node.state === 'suspect' && node.fresh);
}

/**
 * One partition as its replicas see it that can be heard. A leader counts only at the
 * highest term that one of them reports, while it can be heard itself and a majority of
 * the replicas can: an isolated leader goes on believing in itself and must not be shown as one.
 * `before` is the partition's previous view, which dates the changes.
 */
export function judgePartition(
  partition: number,
  genesis: readonly number[],
  nodes: readonly JudgedNode[],
  before: PartitionView | null,
  nowMs: number,
): PartitionView {
  const words: { nodeId: number; group: GroupStatus }[] = [];
  for (const node of nodes) {
    if (!counts(node)) continue;
    const group = node.status?.groups.find((g) => g.partition === partition);
    if (group !== undefined) words.push({ nodeId: node.nodeId, group });
  }

  const heardTerm = words.reduce((term, word) => Math.max(term, word.group.term), 0);
  const newest = words.filter((word) => word.group.term === heardTerm);
  const claimant = newest.find((word) => word.group.role === 'leader');
  const voters = (claimant ?? newest[0])?.group.voters ?? [];
  const replicas = voters.length > 0 ? [...voters].sort((a, b) => a - b) : (before?.replicas ?? [...genesis]);
  const up = replicas.filter((id) => nodes.some((node) => node.nodeId === id && counts(node))).length;
  const hasQuorum = up >= majorityOf(replicas.length);
  const leader = hasQuorum && claimant !== undefined ? claimant.nodeId : 0;
  const term = Math.max(heardTerm, before?.term ?? 0);
  const sameLeader = before !== null && before.leader === leader && (leader === 0 || before.term === term);

  return {
    partition,
    leader,
    term,
    replicas,
    commitIndex: words.reduce((index, word) => Math.max(index, word.group.commitIndex), before?.commitIndex ?? 0),
    hasQuorum,
    replicasDown: replicas.length - up,
    leaderSinceMs: leader === 0 ? null : sameLeader ? before.leaderSinceMs : nowMs,
    leaderlessSinceMs: leader !== 0 ? null : sameLeader ? before.leaderlessSinceMs : nowMs,
  };
}
