import * as grpc from '@grpc/grpc-js';
import type { Driver, DriverTarget, GetMode } from './driver.ts';
import { encodePut, encodeRange } from './etcd-codec.ts';

const TIMEOUT_MS = 30_000;
const same = (bytes: Buffer): Buffer => bytes;

/** etcd through grpc-js with hand-made messages: one channel to each member, writes to the leader. */
export class EtcdGrpcDriver implements Driver {
  readonly #clients: readonly grpc.Client[];
  readonly #leader: number;
  #turn = 0;

  constructor(target: DriverTarget) {
    this.#leader = target.leader;
    // A pool of their own: channels to one address would otherwise share a connection.
    this.#clients = target.endpoints.map(
      (e) => new grpc.Client(e, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 }),
    );
  }

  put(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#call(this.#leader, '/etcdserverpb.KV/Put', encodePut(key, value));
  }

  get(key: Buffer, mode: GetMode): Promise<unknown> {
    const serializable = mode === 'stale';
    const node = mode === 'linearizable' ? this.#leader : this.#turn++ % this.#clients.length;
    return this.#call(node, '/etcdserverpb.KV/Range', encodeRange(key, serializable));
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #call(node: number, path: string, request: Buffer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + TIMEOUT_MS };
      this.#clients[node]!.makeUnaryRequest(path, same, same, request, options, (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
    });
  }
}
