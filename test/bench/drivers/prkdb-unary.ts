import * as grpc from '@grpc/grpc-js';
import { partitionOfKey } from '../../../engine/config/seahash.ts';
import { PrkDbClient, ReadMode } from '../../../engine/client/index.ts';
import { serviceClient } from '../../../engine/rpc/protos.ts';
import type { Driver, DriverTarget, GetMode } from './driver.ts';

type Unary = (
  request: object,
  options: grpc.CallOptions,
  callback: (error: grpc.ServiceError | null, response?: object) => void,
) => void;

const modes = { linearizable: ReadMode.Linearizable, follower: ReadMode.Follower, stale: ReadMode.Stale } as const;
const TIMEOUT_MS = 30_000;

/**
 * Plain unary RPCs of raft.PrkDbService, as a client of PrkDB in any language makes them:
 * it computes the partition and calls the leader that Metadata named.
 */
export class PrkDbUnaryDriver implements Driver {
  readonly #clients: readonly grpc.Client[];
  readonly #leaderOf: readonly number[];
  #turn = 0;

  private constructor(clients: readonly grpc.Client[], leaderOf: readonly number[]) {
    this.#clients = clients;
    this.#leaderOf = leaderOf;
  }

  static async connect(target: DriverTarget): Promise<PrkDbUnaryDriver> {
    const client = await PrkDbClient.connect([...target.endpoints]);
    const { partitions } = await client.metadata();
    client.close();
    const Service = serviceClient('prkdb', 'raft.PrkDbService');
    const clients = target.endpoints.map((e) => new Service(e, grpc.credentials.createInsecure()));
    return new PrkDbUnaryDriver(
      clients,
      partitions.map((p) => Math.max(0, p.leaderId - 1)),
    );
  }

  put(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#call(this.#leader(key), 'Put', { key, value });
  }

  get(key: Buffer, mode: GetMode): Promise<unknown> {
    const node = mode === 'linearizable' ? this.#leader(key) : this.#turn++ % this.#clients.length;
    return this.#call(node, 'Get', { key, readMode: modes[mode] });
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #leader(key: Buffer): number {
    return this.#leaderOf[partitionOfKey(key, this.#leaderOf.length)]!;
  }

  #call(node: number, method: string, request: object): Promise<unknown> {
    const client = this.#clients[node]! as grpc.Client & Record<string, Unary>;
    return new Promise((resolve, reject) => {
      client[method]!(request, { deadline: Date.now() + TIMEOUT_MS }, (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
    });
  }
}
