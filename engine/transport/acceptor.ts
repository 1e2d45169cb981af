import { Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { CertificateFiles } from '../net/certificate-files.ts';
import { Listener } from '../net/listener.ts';
import type { NodeId } from '../raft/types.ts';
import { impostorWords } from './certified-node.ts';
import type { PeerFrame } from './codec.ts';
import { MalformedFrameError } from '../rpc/wire.ts';
import { TransportBindError } from './errors.ts';
import type { PeerTable } from './peers.ts';
import { helloFrame, isRefusal, malformed, readHello, type Identity, type Refusal } from './handshake.ts';
import type { PeerLink, PeerStream } from './peer-link.ts';
import { channelOptions, hostAndPort, raftTransportService, type Received } from './service.ts';
import type { SnapshotCall, SnapshotReceiver } from './snapshot-receiver.ts';
import { snapshotMethod } from './snapshot-service.ts';

const HELLO_TIMEOUT_MS = 5000;
/** A frozen peer never closes its end of a connection that was ended; it is not waited for. */
const CLOSE_WAIT_MS = 250;
/** A cluster has few nodes; whoever else opens connections must not keep them out. */
const MAX_CONNECTIONS = 1024;
const MAX_CONNECTIONS_PER_ADDRESS = 128;

export interface AcceptorOptions {
  readonly identity: Identity;
  readonly links: ReadonlyMap<NodeId, PeerLink>;
  readonly peers: PeerTable;
  readonly bindHost: string;
  readonly raftPort: number;
  /** Mutual TLS, with this node's certificate and the cluster's authority. Null: plaintext. */
  readonly certificates: CertificateFiles | null;
  readonly onRefused: (reason: string) => void;
  readonly snapshots: SnapshotReceiver;
}

/** The listening side: opens the Raft port and admits the peers that say a correct hello. */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #server = new Server({ ...channelOptions, 'grpc.max_concurrent_streams': 16 });
  readonly #helloTimers = new Set<NodeJS.Timeout>();
  #listener: Listener | undefined;
  #closed = false;

  private constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#server.addService(
      { ...raftTransportService, Snapshot: snapshotMethod() },
      {
        Peer: (call: ServerDuplexStream<Received, PeerFrame>) => this.#accept(call),
        Snapshot: (call: SnapshotCall) => options.snapshots.accept(call),
      },
    );
  }

  /** Resolves to the acceptor and the port it listens on. Rejects with TransportBindError. */
  static async listen(options: AcceptorOptions): Promise<{ acceptor: Acceptor; port: number }> {
    const acceptor = new Acceptor(options);
    const injector = acceptor.#server.createConnectionInjector(ServerCredentials.createInsecure());
    const listener = await Listener.listen({
      host: options.bindHost,
      port: options.raftPort,
      certificates: options.certificates,
      maxConnections: MAX_CONNECTIONS,
      maxConnectionsPerClient: MAX_CONNECTIONS_PER_ADDRESS,
      onConnection: (socket) => injector.injectConnection(socket),
      onRefused: options.onRefused,
    }).catch((error: unknown) => {
      const address = hostAndPort(options.bindHost, options.raftPort);
      const advice = 'is the port in use by another process, or the address not one of this machine?';
      throw new TransportBindError(`cannot listen for peers on ${address}: ${advice} (${(error as Error).message})`);
    });
    acceptor.#listener = listener;
    const { port } = listener;
    return { acceptor, port };
  }

  /** Ends all streams and closes the port. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#helloTimers) clearTimeout(timer);
    this.#listener?.stopListening();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_WAIT_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#server.forceShutdown();
    });
    this.#listener?.close();
  }

  #accept(call: ServerDuplexStream<Received, PeerFrame>): void {
    const { identity } = this.#options;
    let link: PeerLink | undefined;
    let ended = false;

    const stream: PeerStream = {
      write: (frame, done) => void call.write(frame, done),
      end: ({ code, reason }) => {
        if (ended) return;
        ended = true;
        // How a handler of grpc-js ends a stream with a status.
        call.emit('error', { code, details: reason });
      },
    };
    const refuse = (refusal: Refusal): void => {
      if (ended) return;
      this.#options.onRefused(`a stream from ${call.getPeer()}: ${refusal.reason}`);
      stream.end(refusal);
      link?.detach(stream);
    };
    const helloTimer = setTimeout(() => {
      refuse({ code: status.DEADLINE_EXCEEDED, reason: `no hello within ${HELLO_TIMEOUT_MS} ms` });
    }, HELLO_TIMEOUT_MS);
    this.#helloTimers.add(helloTimer);
    const stopHelloTimer = (): void => {
      clearTimeout(helloTimer);
      this.#helloTimers.delete(helloTimer);
    };

    call.on('data', (received: Received) => {
      if (ended || this.#closed) return;
      if (link !== undefined) {
        const refusal = received instanceof MalformedFrameError ? malformed(received) : link.receive(stream, received);
        if (refusal !== undefined) refuse(refusal);
        return;
      }
      stopHelloTimer();
      const admitted = this.#admit(received, call);
      if ('code' in admitted) return refuse(admitted);
      if (admitted.cut) {
        // Over a cut link no hello may go back. The dialer learns no more than from a dead host.
        stream.end({ code: status.UNAVAILABLE, reason: 'unreachable' });
        return;
      }
      link = admitted;
      call.write(helloFrame(identity, link.peer));
      link.attach(stream);
    });
    const gone = (): void => {
      stopHelloTimer();
      ended = true;
      if (!this.#closed) link?.detach(stream);
    };
    call.on('cancelled', gone);
    call.on('close', gone);
    call.on('end', () => {
      // A dialer never half-closes; one that did will not send again.
      stream.end({ code: status.OK, reason: 'closed by the peer' });
      gone();
    });
  }

  /** The link that a first frame belongs to, or why there is none. */
  #admit(received: Received, call: ServerDuplexStream<Received, PeerFrame>): PeerLink | Refusal {
    const { identity, links, peers } = this.#options;
    const hello = readHello(identity, received);
    if (isRefusal(hello)) return hello;
    const impostor = this.#options.certificates === null ? null : impostorWords(call, identity, hello.nodeId);
    if (impostor !== null) return { code: status.PERMISSION_DENIED, reason: impostor };
    const refusal = peers.admit(hello);
    if (refusal !== null) return refusal;
    const link = links.get(hello.nodeId)!;
    if (hello.nodeId > identity.self) {
      return {
        code: status.FAILED_PRECONDITION,
        reason: `node ${identity.self} dials node ${hello.nodeId}, never the other way round`,
      };
    }
    return link;
  }
}
