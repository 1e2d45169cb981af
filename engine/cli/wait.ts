import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient } from '../client/index.ts';
import type { NodeStatus } from '../rpc/cluster.ts';
import type { LocalCluster, Supervisor } from '../supervisor/index.ts';
import { connectionOf, describeExit, endpointOf } from '../supervisor/index.ts';
import { CommandError } from './errors.ts';

const POLL_MS = 75;
const STATUS_TIMEOUT_MS = 1000;

/** Asks every node at once; null for one that does not answer in time. */
export async function statusesOf(cluster: LocalCluster, timeoutMs = STATUS_TIMEOUT_MS): Promise<(NodeStatus | null)[]> {
  const { record } = cluster;
  const connection = connectionOf(record);
  return Promise.all(
    record.members.map(async (member, index) => {
      if (cluster.nodes[index]?.state !== 'running') return null;
      const client = new ClusterClient(endpointOf(record, member), connection);
      try {
        const status = await client.status({ timeoutMs });
        // Another process may have taken the port since.
        return status.clusterId === record.clusterId && status.nodeId === member.id ? status : null;
      } catch {
        return null;
      } finally {
        client.close();
      }
    }),
  );
}

/** Partitions that no node says it leads. */
export function leaderlessPartitions(cluster: LocalCluster, statuses: readonly (NodeStatus | null)[]): number[] {
  const led = new Set(
    statuses.flatMap((s) => (s?.groups ?? []).filter((g) => g.role === 'leader').map((g) => g.partition)),
  );
  return Array.from({ length: cluster.record.partitions }, (_, p) => p).filter((p) => !led.has(p));
}

/** Why nodes that should run do not, one phrase each. */
export function deadNodes(cluster: LocalCluster): string[] {
  return cluster.nodes
    .filter((node) => node.state === 'dead')
    .map((node) => {
      const { exit } = node;
      const why = exit === null ? 'ended' : exit.detail === '' ? describeExit(exit) : exit.detail;
      return `n${node.nodeId}: ${why}`;
    });
}

/**
 * Waits until every partition has a leader. Rejects with what is missing after `forMs`,
 * and at once when no node is left that could lead.
 */
export async function waitForLeaders(supervisor: Supervisor, name: string, forMs: number): Promise<LocalCluster> {
  const endMs = Date.now() + forMs;
  for (;;) {
    const cluster = await supervisor.get(name);
    const missing = leaderlessPartitions(cluster, await statusesOf(cluster));
    if (missing.length === 0) return cluster;
    const dead = deadNodes(cluster);
    // The end of a process is seen a moment before its reason.
    const hopeless = cluster.nodes.every(
      (node) => node.pid === null && (node.state === 'stopped' || node.exit !== null),
    );
    if (hopeless || Date.now() > endMs) {
      const some = missing.length === cluster.record.partitions ? 'No partition' : `Of ${cluster.record.partitions}`;
      const what =
        missing.length === cluster.record.partitions
          ? `${some} of ${name} has a leader.`
          : `${some} partitions of ${name}, ${missing.length} have no leader (${missing.slice(0, 10).join(', ')}).`;
      const why = dead.length > 0 ? ` Not running: ${dead.join('; ')}` : '';
      throw new CommandError(`${what}${why}`, `See what the nodes say with: prkdb logs ${name} n1`);
    }
    await sleep(POLL_MS);
  }
}

/**
 * Waits until a node that was just started serves. Rejects with its own words when it
 * ends instead; returns false when it does neither for a while.
 */
export async function waitForNode(
  supervisor: Supervisor,
  name: string,
  nodeId: number,
  forMs: number,
): Promise<boolean> {
  const endMs = Date.now() + forMs;
  for (;;) {
    const cluster = await supervisor.get(name);
    const index = cluster.nodes.findIndex((node) => node.nodeId === nodeId);
    const node = cluster.nodes[index];
    if (node?.state === 'dead' && node.exit !== null) {
      const { exit } = node;
      throw new CommandError(
        `Node n${nodeId} of ${name} ended at once: ${exit.detail === '' ? describeExit(exit) : exit.detail}`,
        `See its log with: prkdb logs ${name} n${nodeId}`,
      );
    }
    const statuses = await statusesOf(cluster);
    if (statuses[index] !== null && statuses[index] !== undefined) return true;
    if (Date.now() > endMs) return false;
    await sleep(POLL_MS);
  }
}
