import type { ClusterView } from '../../../electron/contract/model.ts';

/** Whether any link or disk suffers, whoever asked for it. */
export function hasFaults(view: ClusterView): boolean {
  return (
    view.faults.length > 0 ||
    view.nodes.some(
      ({ state, diskDelayMs, links }) =>
        state === 'partitioned' || diskDelayMs > 0 || links.some((link) => link.cut || link.sends !== null),
    )
  );
}
