import * as grpc from '@grpc/grpc-js';
import type { Credentials } from '../net/credentials.ts';
import type { MetadataResponse } from '../rpc/kv.ts';
import { serviceClient } from '../rpc/protos.ts';
import type { Router } from '../server/router.ts';
import type { Store } from '../store/index.ts';

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 800;
/** Other nodes that do not know this one are not asked over and over. */
const REFUSED_PAUSE_MS = 60_000;

interface MetadataClient extends grpc.Client {
  Metadata(
    request: { topics: string[] },
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, response?: MetadataResponse) => void,
  ): grpc.ClientUnaryCall;
}

/**
 * Learns who leads the partitions that this node has no replica of, by asking one of
 * their replicas now and then. Does nothing where every node has every partition.
 */
export class LeaderLookup {
  readonly #store: Store;
  readonly #router: Router;
  readonly #targetOf: (nodeId: number) => string;
  readonly #credentials: Credentials;
  readonly #clients = new Map<number, { readonly target: string; readonly client: MetadataClient }>();
  readonly #timer: NodeJS.Timeout;
  readonly #pausedUntilMs = new Map<number, number>();
  #turn = 0;

  constructor(store: Store, router: Router, targetOf: (nodeId: number) => string, credentials: Credentials) {
    this.#store = store;
    this.#credentials = credentials;
    this.#router = router;
    this.#targetOf = targetOf;
    this.#timer = setInterval(() => this.#ask(), INTERVAL_MS);
    this.#ask();
  }

  /** Asks over new connections from now on. */
  reconnect(): void {
    for (const { client } of this.#clients.values()) client.close();
    this.#clients.clear();
    this.#pausedUntilMs.clear();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { client } of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #foreignPartitions(): { partition: number; replicas: number[] }[] {
    return this.#store.routing.partitions.filter((p) => !p.replicas.includes(this.#store.nodeId));
  }

  #ask(): void {
    const foreign = this.#foreignPartitions();
    this.#turn++;
    const asked = new Set<number>();
    for (const { replicas } of foreign) {
      const healthy = replicas.filter((r) => !this.#store.isSuspect(r));
      const node = healthy[this.#turn % Math.max(1, healthy.length)];
      if (node !== undefined) asked.add(node);
    }
    const nowMs = performance.now();
    for (const node of asked) {
      if (nowMs < (this.#pausedUntilMs.get(node) ?? 0)) continue;
      this.#client(node)?.Metadata({ topics: [] }, { deadline: Date.now() + TIMEOUT_MS }, (error, metadata) => {
        if (error?.code === grpc.status.UNAUTHENTICATED) this.#pausedUntilMs.set(node, nowMs + REFUSED_PAUSE_MS);
        // A silent node is asked again or passed over in the next turn.
        if (error !== null || metadata === undefined) return;
        for (const { partition, replicas } of foreign) {
          if (!replicas.includes(node)) continue;
          const leader = metadata.partitions[partition]?.leaderId ?? 0;
          if (leader !== 0) this.#router.learnLeader(partition, leader);
        }
      });
    }
  }

  #client(nodeId: number): MetadataClient | null {
    const known = this.#clients.get(nodeId);
    const target = this.#targetOf(nodeId);
    if (known?.target === target) return known.client;
    known?.client.close();
    this.#clients.delete(nodeId);
    if (target === '') return null;
    const Service = serviceClient('prkdb', 'raft.PrkDbService');
    const { credentials, options } = this.#credentials.dial(target);
    const client = new Service(target, credentials, options) as unknown as MetadataClient;
    this.#clients.set(nodeId, { target, client });
    return client;
  }
}
