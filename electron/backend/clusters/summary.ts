import type { ClusterState, NodeState, PartitionView } from '../../contract/model.ts';

/** How long after its start a cluster without all its leaders is still starting, not broken. */
export const STARTING_GRACE_MS = 10_000;

/**
 * The cluster in one word. Loss of quorum outranks a cut, a cut outranks a missing
 * node; a cluster that has never had all its leaders is starting until the grace ends.
 */
export function judgeCluster(
  states: readonly NodeState[],
  partitions: readonly PartitionView[],
  startedMsAgo: number,
  wasUp: boolean,
): ClusterState {
  if (states.every((state) => state === 'stopped')) return 'stopped';
  const allLed = partitions.every((partition) => partition.leader !== 0);
  if (!wasUp && !allLed && startedMsAgo < STARTING_GRACE_MS && !states.includes('dead')) return 'starting';
  if (partitions.some((partition) => !partition.hasQuorum)) return 'noQuorum';
  if (states.includes('partitioned')) return 'partitioned';
  if (states.some((state) => state !== 'live') || !allLed) return 'degraded';
  return 'running';
}
