import type { ClusterSummary } from '../../../electron/contract/model.ts';

/** Whether a cluster's processes are ours to stop, start and break. */
export function mayRun(cluster: ClusterSummary): boolean {
  return cluster.kind === 'local' && !cluster.readOnly && cluster.environment !== 'production';
}

/** Whether leaders may be moved from here now: here, and where the nodes elsewhere take such orders. */
export function mayMoveLeaders(cluster: ClusterSummary): boolean {
  return mayRun(cluster) || (cluster.remote?.capabilities.includes('moveLeaders') === true && mayWrite(cluster));
}

/** Whether its keys and settings may be changed from here now. */
export function mayWrite(cluster: ClusterSummary): boolean {
  return !cluster.readOnly && cluster.remote?.writesLocked !== true;
}
