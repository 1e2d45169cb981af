import * as grpc from '@grpc/grpc-js';
import { credentialsFor, type ConnectionOptions } from '../../../engine/client/index.ts';
import type {
  ClusterEvent,
  Faults,
  LogRequest,
  LogTail,
  NodeStatus,
  Observation,
} from '../../../engine/rpc/cluster.ts';
import { serviceClient } from '../../../engine/rpc/protos.ts';
import { BackendError } from '../errors.ts';

const OBSERVE_INTERVAL_MS = 200;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;
const CALL_TIMEOUT_MS = 2_000;

export interface NodeListener {
  event(event: ClusterEvent): void;
  status(status: NodeStatus): void;
}

/** The administrative connection to one node. */
export interface NodeLink {
  /** Replaces the node's faults by these. */
  setFaults(faults: Faults): Promise<Faults>;
  /** The newest `limit` entries of a partition's log. Rejects when the node does not answer or has no such partition. */
  log(partition: number, limit: number): Promise<LogTail>;
  close(): void;
}

/** How a driver reaches its nodes; tests give their own. */
export type ConnectNode = (
  address: string,
  clusterId: string,
  listener: NodeListener,
  connection?: ConnectionOptions,
) => NodeLink;

/**
 * Watches one node over ClusterService: every event once and in order, also across
 * reconnects, and a status every 200 ms and on every change. Reconnects until closed, and
 * passes nothing on from a node of another cluster. `address` is `host:port`; without
 * certificates it is dialed in plaintext.
 */
export const connectNode: ConnectNode = (address, clusterId, listener, connection = {}) =>
  new GrpcNodeLink(address, clusterId, listener, connection);

class GrpcNodeLink implements NodeLink {
  readonly #client: ClusterClient;
  readonly #clusterId: string;
  readonly #listener: NodeListener;
  #stream: grpc.ClientReadableStream<Observation> | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  #lastSequence = 0;
  #nodeStartedAtMs = 0;
  #isOurs = false;
  #closed = false;

  constructor(address: string, clusterId: string, listener: NodeListener, connection: ConnectionOptions) {
    this.#clusterId = clusterId;
    this.#listener = listener;
    const Client = serviceClient('cluster', 'prkdb.cluster.ClusterService');
    const { credentials, options } = credentialsFor([address], connection).dial(address);
    this.#client = new Client(address, credentials, {
      ...options,
      'grpc.initial_reconnect_backoff_ms': FIRST_RETRY_MS,
      'grpc.min_reconnect_backoff_ms': FIRST_RETRY_MS,
      'grpc.max_reconnect_backoff_ms': MAX_RETRY_MS,
      'grpc.keepalive_time_ms': 5_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.use_local_subchannel_pool': 1,
    }) as unknown as ClusterClient;
    this.#observe();
  }

  setFaults(faults: Faults): Promise<Faults> {
    return new Promise((resolve, reject) => {
      this.#client.SetFaults(faults, { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, set) => {
        if (error === null) resolve(set);
        else if (error.code === grpc.status.FAILED_PRECONDITION) reject(new BackendError('refused', error.details));
        else
          reject(new BackendError('disconnected', `The node did not take the fault: ${error.details}.`, 'Try again.'));
      });
    });
  }

  log(partition: number, limit: number): Promise<LogTail> {
    return new Promise((resolve, reject) => {
      this.#client.Log(
        { partition, fromIndex: 0, limit },
        { deadline: Date.now() + CALL_TIMEOUT_MS },
        (error, tail) => {
          if (error !== null) reject(new BackendError('disconnected', `The log was not read: ${error.details}.`));
          else resolve(tail);
        },
      );
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#stream?.cancel();
    this.#stream = null;
    this.#client.close();
  }

  #observe(): void {
    this.#retryTimer = null;
    const stream = this.#client.Observe({
      intervalMs: OBSERVE_INTERVAL_MS,
      afterSequence: this.#lastSequence,
    });
    this.#stream = stream;
    stream.on('data', (observation: Observation) => this.#take(observation));
    // 'close' always follows; without a listener the error would be thrown.
    stream.on('error', () => undefined);
    stream.on('close', () => this.#retry(stream));
  }

  #take(observation: Observation): void {
    this.#retryMs = FIRST_RETRY_MS;
    const { status } = observation;
    if (status !== null && status.startedAtMs !== this.#nodeStartedAtMs) {
      // A node that started anew counts its events from 1 again.
      this.#nodeStartedAtMs = status.startedAtMs;
      this.#lastSequence = 0;
    }
    // Who it is comes first: another cluster's node may have taken the port.
    if (status !== null) {
      this.#isOurs = status.clusterId === this.#clusterId;
      if (this.#isOurs) this.#listener.status(status);
    }
    for (const event of observation.events) {
      if (event.sequence <= this.#lastSequence) continue;
      this.#lastSequence = event.sequence;
      if (this.#isOurs) this.#listener.event(event);
    }
  }

  #retry(stream: grpc.ClientReadableStream<Observation>): void {
    if (this.#closed || this.#stream !== stream) return;
    this.#stream = null;
    this.#retryTimer = setTimeout(() => this.#observe(), this.#retryMs);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
  }
}

/** The methods as grpc-js makes them from the .proto. */
interface ClusterClient extends grpc.Client {
  SetFaults(
    faults: Faults,
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, set: Faults) => void,
  ): void;
  Log(
    request: LogRequest,
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, tail: LogTail) => void,
  ): void;
  Observe(request: { intervalMs: number; afterSequence: number }): grpc.ClientReadableStream<Observation>;
}
