import type { NodeStatus } from '../rpc/cluster.ts';
import type { LocalCluster } from '../supervisor/index.ts';
import { DrillError } from './errors.ts';
import type { Scenario } from './report.ts';

const MIN_COPIES = 3;

/** Throws DrillError 'refused' when the drill could not succeed, or would touch what is already broken. */
export function checkCluster(cluster: LocalCluster): void {
  const { name, replicationFactor } = cluster.record;
  if (replicationFactor < MIN_COPIES) {
    throw new DrillError(
      'refused',
      `${name} keeps ${replicationFactor} ${replicationFactor === 1 ? 'copy' : 'copies'} of each partition, so losing one node stops it.`,
      'A drill needs a cluster of at least 3 nodes with 3 copies: prkdb up NAME --nodes 3',
    );
  }
  const missing = cluster.nodes.filter((node) => node.state !== 'running');
  if (missing.length === cluster.nodes.length) {
    throw new DrillError('refused', `${name} is not running.`, `Start it with: prkdb up ${name}`);
  }
  if (missing.length > 0) {
    const names = missing.map((node) => `n${node.nodeId} is ${node.state}`).join(', ');
    throw new DrillError(
      'refused',
      `Not every node of ${name} is up: ${names}.`,
      'A drill begins with a whole cluster. Start or resume the node first.',
    );
  }
}

/** The same, of what the nodes say themselves. */
export function checkStatuses(cluster: LocalCluster, statuses: readonly NodeStatus[], scenario: Scenario): void {
  const { name } = cluster.record;
  const isFaulty = ({ faults }: NodeStatus) =>
    faults !== null &&
    (faults.links.length > 0 || faults.diskDelayMs > 0 || faults.logLimitBytes > 0 || faults.stateLimitBytes > 0);
  const faulty = statuses.filter(isFaulty).map((status) => `n${status.nodeId}`);
  if (faulty.length > 0) {
    throw new DrillError(
      'refused',
      `${faulty.join(', ')} of ${name} already suffers a fault.`,
      'Heal the cluster first: what a drill measures must be its own doing.',
    );
  }
  const broken = statuses.find((status) => status.storageError !== '');
  if (broken !== undefined) {
    throw new DrillError('refused', `n${broken.nodeId} of ${name}: ${broken.storageError}`, 'Mend its disk first.');
  }
  const needsFaults = scenario === 'isolate-leader' || scenario === 'cut-majority';
  const without = statuses.filter((status) => !status.faultsEnabled).map((status) => `n${status.nodeId}`);
  if (needsFaults && without.length > 0) {
    throw new DrillError(
      'refused',
      `${without.join(', ')} of ${name} was started without faults enabled, so its links cannot be cut.`,
      'Start it with "faultsEnabled": true in its configuration, or run the kill-leader drill, which needs no such fault.',
    );
  }
}
