import type { ClusterSummary } from '../../electron/contract/model.ts';

/** Remote clusters by their group; those without one come first, under ''. */
export function remoteGroups(clusters: readonly ClusterSummary[]): [string, ClusterSummary[]][] {
  const remote = clusters.filter((cluster) => cluster.kind !== 'local');
  const groups = Map.groupBy(remote, (cluster) => cluster.remote?.group ?? '');
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

/** Clusters as the sidebar lists them, by which the digits count. */
export function inSidebarOrder(clusters: readonly ClusterSummary[]): readonly ClusterSummary[] {
  const local = clusters.filter((cluster) => cluster.kind === 'local');
  return [...local, ...remoteGroups(clusters).flatMap(([, members]) => members)];
}
