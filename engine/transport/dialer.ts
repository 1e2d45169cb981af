import { Client, status, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import type { Credentials } from '../net/credentials.ts';
import { tlsProblemOf } from '../net/tls-problem.ts';
import { encodePeerFrame, type PeerFrame } from './codec.ts';
import { MalformedFrameError } from '../rpc/wire.ts';
import { helloFrame, isRefusal, malformed, readHello, type Identity, type Refusal } from './handshake.ts';
import type { PeerLink, PeerStream } from './peer-link.ts';
import type { PeerTable } from './peers.ts';
import { channelOptions, decodeReceived, hostAndPort, PEER_METHOD_PATH, type Received } from './service.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 500;
const RETRY_FACTOR = 1.6;
/** A refusal is a mistake in a configuration: no use in asking often. */
const REFUSED_RETRY_MS = 2000;
/** A stopped process accepts connections (its kernel does) and then says nothing. */
const HANDSHAKE_TIMEOUT_MS = 3000;
/** A stream that lived this long was a good one, so the next attempt begins at once again. */
const STABLE_MS = 1000;

/** Statuses with which a peer says that it will never take this stream. */
const REFUSING: ReadonlySet<status> = new Set([
  status.FAILED_PRECONDITION,
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
]);

export interface DialerOptions {
  readonly identity: Identity;
  readonly link: PeerLink;
  readonly peers: Pick<PeerTable, 'admit'>;
  readonly host: string;
  readonly raftPort: number;
  readonly credentials: Credentials;
  readonly random: () => number;
  readonly onRefused: (reason: string) => void;
}

/**
 * Keeps one stream open to one peer, for as long as it is not closed. Each attempt has a
 * channel of its own, so that the waits between attempts are ours and not those of gRPC's
 * reconnects, which would add up with them.
 */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #address: string;
  #attempt:
    { readonly client: Client; readonly call: ClientDuplexStream<PeerFrame, Received>; connected: boolean } | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#address = hostAndPort(options.host, options.raftPort);
    this.#dial();
  }

  /** Dials at once when it is waiting to: a reason not to be connected has gone. */
  wake(): void {
    if (this.#closed || this.#attempt !== undefined) return;
    clearTimeout(this.#retryTimer);
    this.#retryMs = FIRST_RETRY_MS;
    this.#dial();
  }

  /** Takes back a hello that is still on its way: the link was cut before it arrived. */
  abandon(): void {
    if (this.#attempt?.connected === false) this.#attempt.call.cancel();
  }

  /** Ends the stream, and dials anew under the certificates of now. */
  reconnect(): void {
    this.#attempt?.call.cancel();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.call.cancel();
    attempt?.client.close();
  }

  #dial(): void {
    const { identity, link, peers } = this.#options;
    // Over a cut link not even a hello may go; `wake` is called when it heals.
    if (link.cut) return;
    const dialing = this.#options.credentials.dial(this.#address);
    const client = new Client(this.#address, dialing.credentials, {
      ...channelOptions,
      ...dialing.options,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
    });
    const call = client.makeBidiStreamRequest(PEER_METHOD_PATH, encodePeerFrame, decodeReceived);
    const attempt = { client, call, connected: false };
    this.#attempt = attempt;
    let refused: string | undefined;
    let connectedAtMs: number | undefined;

    const stream: PeerStream = {
      write: (frame, done) => void call.write(frame, done),
      end: () => call.cancel(),
    };
    const refuse = ({ reason }: Refusal): void => {
      refused = `node ${link.peer} at ${this.#address}: ${reason}`;
      call.cancel();
    };
    const handshakeTimer = setTimeout(() => call.cancel(), HANDSHAKE_TIMEOUT_MS);

    call.on('data', (received: Received) => {
      if (refused !== undefined || this.#closed) return;
      if (connectedAtMs === undefined) {
        const hello = readHello(identity, received);
        if (isRefusal(hello)) return refuse(hello);
        if (hello.nodeId !== link.peer) {
          return refuse({ code: status.FAILED_PRECONDITION, reason: `this is node ${hello.nodeId}` });
        }
        const stranger = peers.admit(hello);
        if (stranger !== null) return refuse(stranger);
        clearTimeout(handshakeTimer);
        connectedAtMs = performance.now();
        attempt.connected = true;
        link.attach(stream);
        return;
      }
      const refusal = received instanceof MalformedFrameError ? malformed(received) : link.receive(stream, received);
      if (refusal !== undefined) refuse(refusal);
    });
    // The status, which always follows, says the same.
    call.on('error', () => undefined);
    call.on('status', (ended: StatusObject) => {
      clearTimeout(handshakeTimer);
      client.close();
      if (this.#closed) return;
      this.#attempt = undefined;
      link.detach(stream);
      if (refused === undefined && REFUSING.has(ended.code)) {
        refused = `node ${link.peer} at ${this.#address} refused this node: ${ended.details}`;
      }
      const problem = refused === undefined && ended.code === status.UNAVAILABLE ? tlsProblemOf(ended.details) : null;
      if (problem !== null) refused = `node ${link.peer} at ${this.#address}: ${problem.words}`;
      if (refused !== undefined) this.#options.onRefused(refused);
      const livedMs = connectedAtMs === undefined ? 0 : performance.now() - connectedAtMs;
      this.#planRetry(refused !== undefined, livedMs);
    });
    call.write(helloFrame(identity, link.peer));
  }

  #planRetry(refused: boolean, livedMs: number): void {
    if (livedMs >= STABLE_MS) this.#retryMs = FIRST_RETRY_MS;
    const waitMs = refused ? REFUSED_RETRY_MS : this.#retryMs;
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * RETRY_FACTOR);
    // Spread over half to all of the wait, so that nodes do not dial in step.
    const jitter = 0.5 + this.#options.random() / 2;
    this.#retryTimer = setTimeout(() => this.#dial(), waitMs * jitter);
  }
}
