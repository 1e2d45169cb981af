import type { ClusterClient } from '../../../engine/client/index.ts';
import { BackendError } from '../errors.ts';
import type { LeaderControls } from './driver.ts';

/** Moves leaders between nodes that have ClusterService, wherever they run. */
export function leaderControls(options: {
  readonly name: string;
  readonly hasNode: (node: number) => boolean;
  /** 0 when there is none. */
  readonly leaderOf: (partition: number) => number;
  /** One piece of work at one node. */
  readonly atNode: <T>(node: number, work: (client: ClusterClient) => Promise<T>) => Promise<T>;
}): LeaderControls {
  const requireNode = (node: number): void => {
    if (!options.hasNode(node)) throw new BackendError('notFound', `${options.name} has no node n${node}.`);
  };
  return {
    async handOver(node) {
      requireNode(node);
      const remaining = await options.atNode(node, (client) => client.handOver());
      if (remaining === 0) return;
      throw new BackendError(
        'refused',
        `n${node} still leads ${remaining === 1 ? 'one group' : `${remaining} groups`}: no other replica could take over.`,
        'Start or heal other nodes and try again.',
      );
    },
    async transfer(partition, to) {
      requireNode(to);
      const leader = options.leaderOf(partition);
      if (leader === 0) {
        throw new BackendError('noLeader', `p${partition} has no leader that could hand it over.`, 'Wait for one.');
      }
      if (leader === to) throw new BackendError('refused', `n${to} leads p${partition} already.`);
      await options.atNode(leader, (client) => client.transferLeadership({ partition, toNodeId: to }));
    },
  };
}
