import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { serviceDefinition } from '../../engine/rpc/protos.ts';

interface PlainNode {
  readonly id: number;
  readonly server: grpc.Server;
  readonly metrics: http.Server;
  readonly address: string;
  readonly metricsUrl: string;
}

/**
 * Servers that speak raft.PrkDbService and nothing else, as the original one does: a shared map
 * behind them, and a leader and term that the test sets. Metrics are on ports of their own.
 */
export class PlainServers {
  leader = 1;
  term = 3;
  /** The original server has none. */
  clusterId = '';
  /** Under which names its metrics are exported. */
  names: 'guide' | 'current' = 'current';
  /** Whether Metadata says who leads. */
  namesLeaders = true;
  readonly #values = new Map<string, Buffer>();
  #nodes: PlainNode[] = [];

  static async start(count: number): Promise<PlainServers> {
    const servers = new PlainServers();
    servers.#nodes = await Promise.all(Array.from({ length: count }, (_, i) => servers.#startNode(i + 1)));
    return servers;
  }

  get endpoints(): string[] {
    return this.#nodes.map(({ address }) => `http://${address}`);
  }

  get metricsUrls(): string[] {
    return this.#nodes.map(({ metricsUrl }) => metricsUrl);
  }

  async stopNode(id: number): Promise<void> {
    const node = this.#nodes.find((one) => one.id === id)!;
    node.server.forceShutdown();
    node.metrics.closeAllConnections();
    await new Promise((resolve) => node.metrics.close(resolve));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ id }) => this.stopNode(id)));
  }

  async #startNode(id: number): Promise<PlainNode> {
    const server = new grpc.Server();
    const methods: Record<string, (request: never) => object> = {
      Metadata: () => ({
        clusterId: this.clusterId,
        nodes: this.#nodes.map((node) => ({ nodeId: node.id, address: node.address })),
        partitions: [0, 1].map((partitionId) => ({
          partitionId,
          leaderId: this.namesLeaders ? this.leader : 0,
          replicas: [],
        })),
      }),
      Health: () => ({ healthy: true, numPartitions: 2, leadersReady: 2 }),
      Get: ({ key }: { key: Buffer }) => {
        const value = this.#values.get(key.toString());
        return { success: true, found: value !== undefined, value };
      },
      Put: ({ key, value }: { key: Buffer; value: Buffer }) => {
        this.#values.set(key.toString(), value);
        return { success: true, partition: 0 };
      },
      Delete: ({ key }: { key: Buffer }) => ({ success: this.#values.delete(key.toString()) }),
      BatchPut: () => ({}),
    };
    server.addService(
      serviceDefinition('prkdb', 'raft.PrkDbService'),
      Object.fromEntries(
        Object.entries(methods).map(([name, answer]) => [
          name,
          (call: { request: never }, callback: (error: null, response: object) => void) =>
            callback(null, answer(call.request)),
        ]),
      ) as unknown as grpc.UntypedServiceImplementation,
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const metrics = http.createServer((_request, response) => response.end(this.#metricsOf(id)));
    await new Promise<void>((resolve) => metrics.listen(0, '127.0.0.1', resolve));
    const metricsUrl = `http://127.0.0.1:${(metrics.address() as AddressInfo).port}/metrics`;
    return { id, server, metrics, address: `127.0.0.1:${port}`, metricsUrl };
  }

  #metricsOf(id: number): string {
    const commitIndex = 40 + this.#values.size;
    const lines = [0, 1].flatMap((partition) => {
      const labels = `{node_id="${id}",partition="${partition}"}`;
      return [
        `prkdb_raft_${this.names === 'guide' ? 'current_term' : 'term'}${labels} ${this.term}`,
        `prkdb_raft_state${labels} ${this.leader === id ? 2 : 0}`,
        `prkdb_raft_commit_index${labels} ${commitIndex}`,
        `prkdb_raft_leader_elections_total${labels} ${this.leader === id ? 1 : 0}`,
        `prkdb_raft_heartbeats_failed_total${labels} 3`,
        `prkdb_raft_snapshot_index${labels} 20`,
        ...(this.names === 'guide' ? [`prkdb_raft_last_log_index${labels} ${commitIndex + 2}`] : []),
      ];
    });
    return ['# HELP prkdb_up Server', ...lines, `prkdb_up{node_id="${id}"} 1`, 'broken line {'].join('\n');
  }
}
