import http2 from 'node:http2';
import type { Driver, DriverTarget, GetMode } from './driver.ts';
import { encodePut, encodeRange } from './etcd-codec.ts';

/** Every gRPC message is preceded by a flag byte and its length. */
const PREFIX_BYTES = 5;

function framed(message: Buffer): Buffer {
  message[0] = 0;
  message.writeUInt32BE(message.length - PREFIX_BYTES, 1);
  return message;
}

/**
 * etcd through nothing but HTTP/2: the least a JavaScript client can spend on a gRPC call.
 * One connection to each member, calls multiplexed over it, writes to the leader.
 */
export class EtcdHttp2Driver implements Driver {
  readonly #sessions: readonly http2.ClientHttp2Session[];
  readonly #leader: number;
  #turn = 0;

  private constructor(sessions: readonly http2.ClientHttp2Session[], leader: number) {
    this.#sessions = sessions;
    this.#leader = leader;
  }

  static async connect(target: DriverTarget): Promise<EtcdHttp2Driver> {
    const sessions = await Promise.all(
      target.endpoints.map(
        (endpoint) =>
          new Promise<http2.ClientHttp2Session>((resolve, reject) => {
            const session = http2.connect(`http://${endpoint}`, { settings: { initialWindowSize: 1 << 20 } });
            session.once('connect', () => resolve(session));
            session.once('error', reject);
          }),
      ),
    );
    return new EtcdHttp2Driver(sessions, target.leader);
  }

  put(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#call(this.#leader, '/etcdserverpb.KV/Put', framed(encodePut(key, value, PREFIX_BYTES)));
  }

  get(key: Buffer, mode: GetMode): Promise<unknown> {
    const node = mode === 'linearizable' ? this.#leader : this.#turn++ % this.#sessions.length;
    return this.#call(node, '/etcdserverpb.KV/Range', framed(encodeRange(key, mode === 'stale', PREFIX_BYTES)));
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #call(node: number, path: string, body: Buffer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const stream = this.#sessions[node]!.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let status: unknown;
      let bytes = 0;
      stream.on('trailers', (trailers) => (status = trailers['grpc-status']));
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      stream.on('error', reject);
      stream.on('end', () => (status === '0' ? resolve(bytes) : reject(new Error(`grpc-status ${String(status)}`))));
      stream.end(body);
    });
  }
}
