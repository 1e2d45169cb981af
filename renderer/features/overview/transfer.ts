import type { ClusterView, NodeView } from '../../../electron/contract/model.ts';

/** The nodes that could take over a partition: live, with a voting copy of it, and not its leader. */
export function transferTargets(view: ClusterView, partition: number): NodeView[] {
  const leader = view.partitions.find((one) => one.partition === partition)?.leader ?? 0;
  if (leader === 0) return [];
  return view.nodes.filter(
    (node) =>
      node.id !== leader &&
      node.state === 'live' &&
      node.replicas.some((replica) => replica.partition === partition && replica.role !== 'learner'),
  );
}

/** What is said of it before and after. */
export function transferWords(partition: number, to: string): { label: string; failed: string } {
  return { label: `Move leader to ${to}`, failed: `p${partition} could not be handed to ${to}` };
}
