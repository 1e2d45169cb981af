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

export interface LeaderMove {
  readonly partition: number;
  readonly to: NodeView;
}

/**
 * What to hand over until no live node leads two partitions more than another one that could lead one
 * of them. Empty when it is so; looked at with every update, and quick then.
 */
export function balancingMoves(view: ClusterView): LeaderMove[] {
  const led = new Map(view.nodes.map((node) => [node.id, 0]));
  for (const { leader } of view.partitions) led.set(leader, (led.get(leader) ?? 0) + 1);
  const fewest = Math.min(...view.nodes.filter((node) => node.state === 'live').map((node) => led.get(node.id) ?? 0));
  const candidates = view.partitions
    .filter(({ leader }) => (led.get(leader) ?? 0) - fewest >= 2)
    .flatMap(({ partition, leader }) =>
      transferTargets(view, partition).map((to) => ({ partition, from: leader, to })),
    );
  const moves: LeaderMove[] = [];
  for (;;) {
    const gain = (one: { from: number; to: NodeView }) => (led.get(one.from) ?? 0) - (led.get(one.to.id) ?? 0);
    const best = candidates
      .filter(({ partition }) => !moves.some((move) => move.partition === partition))
      .toSorted((a, b) => gain(b) - gain(a) || a.partition - b.partition || a.to.id - b.to.id)[0];
    if (best === undefined || gain(best) < 2) return moves;
    led.set(best.from, led.get(best.from)! - 1);
    led.set(best.to.id, led.get(best.to.id)! + 1);
    moves.push({ partition: best.partition, to: best.to });
  }
}
