import type { ClusterView, NodeView, PartitionView } from '../../../electron/contract/model.ts';
import { formatList, plural } from '../../ui/format.ts';

/** What the cluster is without one more of its nodes. */
export interface Loss {
  /** Partitions it leads. */
  readonly leads: readonly PartitionView[];
  /** Partitions that keep too few replicas, and did not before. */
  readonly stops: readonly PartitionView[];
  /** Of those it leads, the ones whose other replicas elect a new leader. */
  readonly elects: readonly PartitionView[];
  readonly nodesLeft: number;
}

/** How long an election takes where none was measured; the timeout is 300 to 600 ms. */
export const EXPECTED_GAP = 'about half a second';

/** More names than this become a count. */
const MAX_NAMES = 6;

const numbers = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine'] as const;

/** "p0, p3 and p6", or how many there are. */
export function partitionNames(partitions: readonly PartitionView[]): string {
  if (partitions.length > MAX_NAMES) return plural(partitions.length, 'partition');
  return formatList(partitions.map(({ partition }) => `p${partition}`));
}

export function lossOf(view: ClusterView, node: NodeView): Loss {
  const leads = view.partitions.filter((partition) => partition.leader === node.id);
  const stops = view.partitions.filter(
    (partition) => partition.hasQuorum && partition.replicas.includes(node.id) && !survives(partition, node),
  );
  return {
    leads,
    stops,
    elects: leads.filter((partition) => !stops.includes(partition)),
    nodesLeft: view.nodes.filter((other) => other.id !== node.id && other.state === 'live').length,
  };
}

/** Whether enough replicas stay. A node that leads is one of those that are up, whatever its peers suspect. */
function survives(partition: PartitionView, node: NodeView): boolean {
  const isUp = node.state === 'live' || partition.leader === node.id;
  const lost = partition.replicasDown + (isUp ? 1 : 0);
  const total = partition.replicas.length;
  return total - lost > Math.floor(total / 2);
}

/**
 * What clients feel: "Two of three nodes stay: p0 and p3 get a new leader after about half
 * a second, the others serve on." `gap` says how long an election takes.
 */
export function lossSentence(view: ClusterView, node: NodeView, loss: Loss, gap = EXPECTED_GAP): string {
  const stay = stayClause(view.nodes.length, loss.nodesLeft);
  const without = view.partitions.filter((partition) => !partition.hasQuorum);
  const serving = view.partitions.length - without.length;
  const before = without.length === 0 ? '' : ` ${partitionNames(without)} had no quorum before.`;
  if (loss.stops.length > 0) {
    const lose = clause(loss.stops, serving, 'loses its quorum', 'lose their quorum', without.length > 0);
    const there = loss.stops.length === view.partitions.length ? '' : ' there';
    return `${stay}: ${lose}, and writes and linearizable reads${there} fail until ${node.name} comes back.${before}`;
  }
  if (loss.elects.length > 0) {
    const elect = clause(loss.elects, serving, 'gets a new leader', 'get new leaders', without.length > 0);
    const others = serving - loss.elects.length;
    const rest = others === 0 ? '' : others === 1 ? ', the other one serves on' : ', the others serve on';
    return `${stay}: ${elect} after ${gap}${rest}.${before}`;
  }
  if (serving === 0) return `${stay}. No partition had a quorum before.`;
  return `${node.name} leads nothing and ${lowered(stay)}, so no partition pauses.${before}`;
}

/** What one more node gives back to the cluster, once it is up. */
export function returnSentence(view: ClusterView, node: NodeView): string {
  const without = view.partitions.filter((partition) => !partition.hasQuorum);
  const regained = without.filter(({ replicas, replicasDown }) => {
    return replicas.includes(node.id) && replicas.length - replicasDown + 1 > Math.floor(replicas.length / 2);
  });
  if (regained.length > 0) {
    const clauseOfAll = clause(regained, view.partitions.length, 'has a quorum', 'have a quorum', false);
    return `With it, ${clauseOfAll} again and can elect a leader.`;
  }
  if (without.some((partition) => partition.replicas.includes(node.id))) {
    return 'It alone does not bring the quorum back: more nodes are missing.';
  }
  return 'It follows the leaders there are and catches up by itself.';
}

/** "p0 and p4 lose their quorum", "every partition loses its quorum". */
function clause(some: readonly PartitionView[], of: number, one: string, many: string, isRest: boolean): string {
  if (some.length === 1) return `${partitionNames(some)} ${one}`;
  if (some.length === of) return `every ${isRest ? 'other ' : ''}partition ${one}`;
  return `${partitionNames(some)} ${many}`;
}

function stayClause(total: number, left: number): string {
  if (left === 0) return 'No other node is live';
  const of = (numbers[total] ?? String(total)).toLowerCase();
  return `${numbers[left] ?? String(left)} of ${of} nodes ${left === 1 ? 'stays' : 'stay'}`;
}

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** "2 of 3, quorum holds". */
export function nodesLeftWords(view: ClusterView, loss: Loss): string {
  const without = view.partitions.filter((partition) => !partition.hasQuorum || loss.stops.includes(partition));
  const left = `${loss.nodesLeft} of ${view.nodes.length}`;
  if (without.length === 0) return `${left}, quorum holds`;
  if (without.length === view.partitions.length) return `${left}, quorum is lost`;
  return `${left}, no quorum in ${partitionNames(without)}`;
}
