import type { ClusterView, NodeView, PartitionView } from '../../../electron/contract/model.ts';
import { formatList, plural } from '../../ui/format.ts';
import type { RoleLetter } from '../../ui/role-glyph.tsx';
import type { RolesAfter } from './action.ts';

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

/** More names than this become a count. */
const MAX_NAMES = 6;
/** So many columns fit the preview. */
const MAX_COLUMNS = 8;

const numbers = ['No', 'One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine'] as const;

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

function survives(partition: PartitionView, node: NodeView): boolean {
  const lost = partition.replicasDown + (node.state === 'live' ? 1 : 0);
  const total = partition.replicas.length;
  return total - lost > Math.floor(total / 2);
}

/** What clients feel: "Leads p0, p3 and p6. Two of three nodes stay, so …". `gap` is "about half a second". */
export function lossSentence(view: ClusterView, node: NodeView, loss: Loss, gap: string): string {
  const leads = loss.leads.length === 0 ? 'Leads nothing.' : `Leads ${partitionNames(loss.leads)}.`;
  const stay = stayClause(view.nodes.length, loss.nodesLeft);
  const without = view.partitions.filter((partition) => !partition.hasQuorum);
  if (loss.stops.length > 0) {
    const all = loss.stops.length + without.length === view.partitions.length;
    const one = all || loss.stops.length === 1;
    const which = all ? 'every partition' : partitionNames(loss.stops);
    const lose = `${which} ${one ? 'loses its' : 'lose their'} quorum`;
    return `${leads} ${stay}: ${lose}, and writes and linearizable reads there fail until ${node.name} comes back.`;
  }
  if (without.length > 0) return `${leads} ${stay}; ${partitionNames(without)} had no quorum before.`;
  const pause = loss.leads.length === 0 ? 'without a pause' : `after ${gap}`;
  return `${leads} ${stay}, so every partition keeps serving ${pause}.`;
}

function stayClause(total: number, left: number): string {
  if (left === 0) return 'No other node is live';
  const of = (numbers[total] ?? String(total)).toLowerCase();
  return `${numbers[left] ?? String(left)} of ${of} nodes ${left === 1 ? 'stays' : 'stay'}`;
}

/** "2 of 3, quorum holds". */
export function nodesLeftWords(view: ClusterView, loss: Loss): string {
  const stopped = loss.stops.length > 0 || view.partitions.some((partition) => !partition.hasQuorum);
  return `${loss.nodesLeft} of ${view.nodes.length}, ${stopped ? 'quorum is lost' : 'quorum holds'}`;
}

/** The moment after the loss: who is down, who stands for election, and what stays. */
export function rolesAfter(view: ClusterView, node: NodeView, loss: Loss): RolesAfter {
  const changed = [...loss.leads, ...loss.stops];
  const shown =
    view.partitions.length <= MAX_COLUMNS
      ? view.partitions
      : [...view.partitions.filter((one) => changed.includes(one)), ...view.partitions].filter(
          (one, i, all) => all.indexOf(one) === i,
        );
  const columns = shown.slice(0, MAX_COLUMNS);
  const elections =
    loss.elects.length === 0 ? 'no election follows' : `${partitionNames(loss.elects)} elect a new leader`;
  return {
    partitions: columns.map((one) => ({ name: `p${one.partition}`, changes: changed.includes(one) })),
    rows: view.nodes.map((one) => ({
      node: one.name,
      roles: columns.map((partition) => letterAfter(one, partition, node, loss)),
    })),
    sentence: `Afterwards ${node.name} is out and ${elections}.`,
  };
}

function letterAfter(one: NodeView, partition: PartitionView, lost: NodeView, loss: Loss): RoleLetter | null {
  if (!partition.replicas.includes(one.id)) return null;
  if (one.id === lost.id || (one.state !== 'live' && one.state !== 'suspect')) return 'X';
  const role = one.replicas.find((replica) => replica.partition === partition.partition)?.role;
  if (role === 'learner') return 'N';
  if (loss.stops.includes(partition) || loss.elects.includes(partition)) return 'C';
  return partition.leader === one.id ? 'L' : 'F';
}
