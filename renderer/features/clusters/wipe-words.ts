import type { ClusterView, NodeView } from '../../../electron/contract/model.ts';
import { plural } from '../../ui/format.ts';

/** What happens, and why the node does not come back under its own name. */
export function wipeWords(view: ClusterView, node: NodeView): string[] {
  const { name } = node;
  const copies = view.partitions.filter((partition) => partition.replicas.includes(node.id)).length;
  const answers = node.state === 'live';
  return [
    `An empty node with a new number takes the place of ${name} and gets ${
      copies === 0 ? 'what it should hold' : `its ${plural(copies, 'copy', 'copies')}`
    } from the other nodes. ${answers ? `${name} serves until then` : `${name} stays down`}, and then its data is deleted from this computer.`,
    `A node that has forgotten what it voted for and acknowledged could vote twice, and acknowledged writes could be lost. So ${name} never comes back empty under its own number: Raft treats a lost disk as a lost node.`,
  ];
}
