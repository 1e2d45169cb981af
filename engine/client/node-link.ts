import * as grpc from '@grpc/grpc-js';
import { plaintext, type Credentials } from '../net/credentials.ts';
import type { KvRequest, KvRequests, KvResponse, KvResponses } from '../rpc/kv.ts';
import { serviceClient } from '../rpc/protos.ts';
import type { AccessRefusal } from './errors.ts';
import { InFlight } from './in-flight.ts';
import { accessRefusalIn, channelOptions, methodOf, rpcReason } from './rpc.ts';

/** A message stops growing here, so that one large batch does not hold up the small ones behind it. */
const MAX_BATCH_BYTES = 1024 * 1024;
/** A host that does not even refuse is given up after this, while nothing has been sent. */
const CONNECT_TIMEOUT_MS = 1000;
/** A failed channel tells at once why it failed. */
const ASK_WHY_MS = 250;
/** How long a node that refused is passed over while there are others. */
const REFUSED_PENALTY_MS = 300;

/** One request on its way. `sent` is false as long as it provably has not left. */
export interface LinkRequest {
  readonly request: KvRequest;
  readonly sizeBytes: number;
  sent: boolean;
  onResponse(response: KvResponse): void;
  /**
   * The link failed before the answer. Read `sent` to know what that means. `refusal`: the node
   * does not let this client in.
   */
  onLinkFailure(reason: string, refusal?: AccessRefusal): void;
}

/**
 * One node: one channel, one stream. Requests that are made in one turn of the event
 * loop, or while a message is being written, travel in one message. The link reconnects
 * when it is next used; it never repeats a request.
 */
export class NodeLink {
  readonly address: string;
  readonly #client: grpc.Client;
  readonly #inFlight = new InFlight<LinkRequest>();
  readonly #secure: boolean;
  #queue: LinkRequest[] = [];
  #stream: grpc.ClientDuplexStream<KvRequests, KvResponses> | null = null;
  #connecting = false;
  #flushScheduled = false;
  #writing = false;
  #closed = false;
  #avoidUntilMs = 0;

  constructor(address: string, credentials: Credentials = plaintext) {
    this.address = address;
    this.#secure = credentials.secure;
    const Service = serviceClient('prkdb', 'raft.KvService');
    const dialing = credentials.dial(address);
    this.#client = new Service(address, dialing.credentials, { ...channelOptions, ...dialing.options });
  }

  /** False for a while after the node refused or stayed silent; true again as soon as it answers. */
  isHealthy(nowMs: number): boolean {
    return nowMs >= this.#avoidUntilMs;
  }

  /** Passes the node over for a while: it let a request run into its timeout. */
  suspect(forMs: number): void {
    this.#avoidUntilMs = Math.max(this.#avoidUntilMs, Date.now() + forMs);
  }

  send(request: LinkRequest): void {
    request.sent = false;
    this.#queue.push(request);
    if (this.#stream === null) this.#connect();
    else this.#scheduleFlush();
  }

  /** Forgets a request: its answer, if one comes, is dropped. */
  forget(request: LinkRequest): void {
    if (this.#inFlight.remove(request)) return;
    const at = this.#queue.indexOf(request);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** What is still waiting is failed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#break('the client was closed');
    this.#client.close();
  }

  #connect(): void {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    const channel = this.#client.getChannel();
    const deadlineMs = Date.now() + CONNECT_TIMEOUT_MS;
    const check = () => {
      if (this.#closed) return;
      const state = channel.getConnectivityState(true);
      if (state === grpc.connectivityState.READY) {
        this.#connecting = false;
        this.#open();
      } else if (state === grpc.connectivityState.TRANSIENT_FAILURE) {
        if (this.#secure) this.#askWhy();
        else {
          this.#connecting = false;
          this.#refused('the node does not accept connections');
        }
      } else {
        channel.watchConnectivityState(state, deadlineMs, (error) => {
          if (error === undefined) check();
          else {
            this.#connecting = false;
            if (!this.#closed) this.#refused('the node does not answer');
          }
        });
      }
    };
    check();
  }

  /** Only a call is told what went wrong with TLS. This one carries nothing, so that nothing counts as sent. */
  #askWhy(): void {
    const { path, requestSerialize, responseDeserialize } = methodOf(
      serviceClient('prkdb', 'raft.KvService'),
      'Stream',
    );
    const probe = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const finish = (reason: string) => {
      if (!this.#connecting) return;
      this.#connecting = false;
      clearTimeout(timer);
      probe.cancel();
      if (!this.#closed) this.#refused(reason);
    };
    const timer = setTimeout(() => finish('the node does not accept connections'), ASK_WHY_MS);
    probe.on('error', (error) => finish(rpcReason(error)));
  }

  /** Nothing that was sent has been looked at. */
  #notLetIn(refusal: AccessRefusal): void {
    for (const request of this.#inFlight.all()) request.sent = false;
    this.#break(refusal.message, refusal);
  }

  #refused(reason: string): void {
    this.suspect(REFUSED_PENALTY_MS);
    this.#break(reason);
  }

  #open(): void {
    const method = methodOf(serviceClient('prkdb', 'raft.KvService'), 'Stream');
    const stream = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize as (value: KvRequests) => Buffer,
      method.responseDeserialize as (bytes: Buffer) => KvResponses,
    );
    this.#stream = stream;
    this.#writing = false;
    stream.on('data', (message: KvResponses) => {
      if (this.#stream === stream) this.#receive(message.responses);
    });
    // The error event always comes first, so that an end without one is an orderly stop.
    stream.on('error', (error) => {
      if (this.#stream !== stream) return;
      const refusal = accessRefusalIn(error);
      if (refusal === null) this.#refused(rpcReason(error));
      else this.#notLetIn(refusal);
    });
    stream.on('end', () => {
      if (this.#stream === stream) this.#refused('the node closed the stream');
    });
    this.#flush();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#writing) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const stream = this.#stream;
    if (stream === null || this.#writing || this.#queue.length === 0) return;
    let count = 0;
    let bytes = 0;
    while (count < this.#queue.length && bytes < MAX_BATCH_BYTES) bytes += this.#queue[count++]!.sizeBytes;
    const batch = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count);
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    for (const request of batch) {
      request.sent = true;
      this.#inFlight.add(request);
    }
    this.#writing = true;
    stream.write({ requests: batch.map((r) => r.request) }, () => {
      if (this.#stream !== stream) return;
      this.#writing = false;
      this.#flush();
    });
  }

  #receive(responses: readonly KvResponse[]): void {
    this.#avoidUntilMs = 0;
    for (const response of responses) {
      this.#inFlight.take(response.id)?.onResponse(response);
    }
  }

  #break(reason: string, refusal?: AccessRefusal): void {
    const stream = this.#stream;
    this.#stream = null;
    if (stream !== null) {
      // A cancelled stream still reports its end; an error event without a listener would be thrown.
      stream.removeAllListeners();
      stream.on('error', () => undefined);
      stream.cancel();
    }
    const failed = [...this.#inFlight.all(), ...this.#queue];
    this.#inFlight.clear();
    this.#queue = [];
    for (const request of failed) request.onLinkFailure(reason, refusal);
  }
}
