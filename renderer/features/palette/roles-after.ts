import type { ClusterView, NodeView, PartitionView } from '../../../electron/contract/model.ts';
import type { RoleLetter } from '../../ui/role-glyph.tsx';
import { partitionNames, type Loss } from '../overview/loss.ts';

/** The cluster's roles some moments after an action: a row for each node, a letter for each partition. */
export interface RolesAfter {
  readonly partitions: readonly { readonly name: string; readonly changes: boolean }[];
  readonly rows: readonly { readonly node: string; readonly roles: readonly (RoleLetter | null)[] }[];
  readonly sentence: string;
  /** How many partitions there are besides those drawn. */
  readonly hidden: number;
}

/** So many columns fit the preview. */
const MAX_COLUMNS = 8;

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
  const elect = loss.elects.length === 1 ? 'elects' : 'elect';
  const elections =
    loss.elects.length === 0 ? 'no election follows' : `${partitionNames(loss.elects)} ${elect} a new leader`;
  return {
    partitions: columns.map((one) => ({ name: `p${one.partition}`, changes: changed.includes(one) })),
    rows: view.nodes.map((one) => ({
      node: one.name,
      roles: columns.map((partition) => letterAfter(one, partition, node, loss)),
    })),
    sentence: `Afterwards ${node.name} is out and ${elections}.`,
    hidden: view.partitions.length - columns.length,
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
