import type { MetadataResponse } from '../rpc/kv.ts';
import type { Store } from '../store/index.ts';
import type { Router } from './router.ts';

/** Of client ports; https where they speak TLS. */
export type Scheme = 'http' | 'https';

/** Where things are, as this node knows it. */
export class Metadata {
  readonly #store: Store;
  readonly #router: Router;
  readonly #scheme: Scheme;

  constructor(store: Store, router: Router, scheme: Scheme) {
    this.#store = store;
    this.#router = router;
    this.#scheme = scheme;
  }

  /** A dialable `http(s)://host:port`, or '' for a node that is not a member. */
  static addressOf(store: Store, nodeId: number, scheme: Scheme): string {
    const member = store.routing.members.find((m) => m.id === nodeId);
    return member === undefined ? '' : `${scheme}://${member.host}:${member.clientPort}`;
  }

  current(): MetadataResponse {
    const { routing } = this.#store;
    return {
      nodes: routing.members.map((m) => ({
        nodeId: m.id,
        address: `${this.#scheme}://${m.host}:${m.clientPort}`,
        metricsUrl: `http://${m.host}:${m.metricsPort}/metrics`,
      })),
      partitions: routing.partitions.map(({ partition, replicas }) => ({
        partitionId: partition,
        leaderId: this.#router.leaderHint(partition),
        replicas: [...replicas],
        term: this.#store.groups.get(partition + 1)?.core.term ?? 0,
      })),
      clusterId: routing.clusterId,
      clusterName: routing.clusterName,
      epoch: routing.epoch,
    };
  }
}
