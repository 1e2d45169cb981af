import type { ClusterSummary } from '../../../electron/contract/model.ts';

/** Whether a cluster's processes are ours to stop, start and break. */
export function mayRun(cluster: ClusterSummary): boolean {
  return cluster.kind === 'local' && !cluster.readOnly && cluster.environment !== 'production';
}

/** Whether its keys and settings may be changed from here now. */
export function mayWrite(cluster: ClusterSummary): boolean {
  return !cluster.readOnly && cluster.remote?.writesLocked !== true;
}
