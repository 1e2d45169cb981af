import type { ClusterSummary } from '../../../electron/contract/model.ts';

/** Whether a cluster's processes are ours to stop, start and break. */
export function mayRun(cluster: ClusterSummary): boolean {
  return cluster.kind === 'local' && !cluster.readOnly && cluster.environment !== 'production';
}
