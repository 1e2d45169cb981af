import { Client, type ClientDuplexStream } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Credentials } from '../net/credentials.ts';
import type { NodeId } from '../raft/types.ts';
import { helloFrame, type Identity } from './handshake.ts';
import { channelOptions } from './service.ts';
import { snapshotMethod, toWire, type SnapshotAnswer, type SnapshotFrame, type WireOffer } from './snapshot-service.ts';
import type { ChunkSource, SnapshotOffer } from './types.ts';

/** Leaves room on the link for what clients wait for. */
const BYTES_PER_SECOND = 32 * 1024 * 1024;
/**
 * How long to rest after a piece, as a multiple of what reading and sending it took: on a node that
 * has much to do, and so is slow, the transfer slows down with it, and so does the other node, which
 * works as long on each piece.
 */
const REST_PER_WORK = 1.5;
/** However busy the node is, the transfer comes to an end: a few MiB a second always get through. */
const MAX_REST_MS = 10;
const RETRY_MS = 500;
/** A transfer that gets nowhere for this long has failed. */
const STALLED_MS = 20_000;

export interface SnapshotSenderOptions {
  readonly identity: Identity;
  /** `host:port` of a peer; undefined for a stranger. */
  readonly addressOf: (peer: NodeId) => string | undefined;
  readonly credentialsOf: (peer: NodeId) => Credentials;
  /** Whether the link to this peer is cut by a fault. */
  readonly isCut: (peer: NodeId) => boolean;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

type Outcome = 'installed' | 'refused' | 'broken';

/** One attempt under way. */
interface Attempt {
  readonly client: Client;
  readonly call: ClientDuplexStream<SnapshotFrame, SnapshotAnswer>;
}

/** The sending side of `RaftTransport.Snapshot`: a connection for each transfer, so that Raft's own streams stay free. */
export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  readonly #attempts = new Set<Attempt>();
  #closed = false;

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
  }

  send(to: NodeId, offer: SnapshotOffer, source: ChunkSource, done: (delivered: boolean) => void): void {
    this.#transfer(to, offer, source).then(done, () => done(false));
  }

  close(): void {
    this.#closed = true;
    for (const { call, client } of this.#attempts) {
      call.cancel();
      client.close();
    }
  }

  /** Attempts that break are made again and go on where they were, as long as they get further. */
  async #transfer(to: NodeId, offer: SnapshotOffer, source: ChunkSource): Promise<boolean> {
    const wire = toWire(offer, Math.floor(this.#options.random() * Number.MAX_SAFE_INTEGER));
    let progressAtMs = performance.now();
    while (!this.#closed && performance.now() - progressAtMs < STALLED_MS) {
      if (!this.#options.isCut(to)) {
        const outcome = await this.#attempt(to, wire, source, () => (progressAtMs = performance.now()));
        if (outcome !== 'broken') return outcome === 'installed';
      }
      await sleep(RETRY_MS);
    }
    return false;
  }

  /** Ends the streams; the transfers go on over new ones, under the certificates of now. */
  reconnect(): void {
    for (const { call } of this.#attempts) call.cancel();
  }

  async #attempt(to: NodeId, offer: WireOffer, source: ChunkSource, progressed: () => void): Promise<Outcome> {
    const { identity, addressOf, credentialsOf, isCut } = this.#options;
    const address = addressOf(to);
    if (address === undefined) return 'refused';
    const dialing = credentialsOf(to).dial(address);
    const client = new Client(address, dialing.credentials, {
      ...channelOptions,
      ...dialing.options,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': 0,
    });
    const { path, requestSerialize, responseDeserialize } = snapshotMethod();
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const attempt = { client, call };
    this.#attempts.add(attempt);
    try {
      const answers = answersOf(call, STALLED_MS);
      call.write({ hello: helloFrame(identity, to).hello, offer });
      const first = await answers.next();
      if (first === null) return 'broken';
      if (!first.wanted) return 'refused';
      const startedMs = performance.now();
      let sentBytes = 0;
      for (let number = first.chunksHeld; ; number++) {
        if (answers.ended || isCut(to) || this.#closed) return 'broken';
        const begunMs = performance.now();
        const chunk = await (source.chunkAside?.(number) ?? source.chunk(number));
        if (chunk === null) break;
        const writable = call.write({ chunk });
        const workedMs = performance.now() - begunMs;
        if (!writable && !(await drained(call, STALLED_MS))) return 'broken';
        progressed();
        sentBytes += chunk.length;
        const aheadMs = (sentBytes / BYTES_PER_SECOND) * 1000 - (performance.now() - startedMs);
        await sleep(Math.max(Math.min(workedMs * REST_PER_WORK, MAX_REST_MS), aheadMs));
      }
      call.write({ done: true });
      const last = await answers.next();
      if (last === null) return 'broken';
      return last.installed ? 'installed' : 'refused';
    } finally {
      this.#attempts.delete(attempt);
      call.cancel();
      client.close();
    }
  }
}

interface Answers {
  readonly ended: boolean;
  /** The next answer; null when the stream ended, or said nothing for too long. */
  next(): Promise<SnapshotAnswer | null>;
}

function answersOf(call: ClientDuplexStream<SnapshotFrame, SnapshotAnswer>, timeoutMs: number): Answers {
  const arrived: SnapshotAnswer[] = [];
  let ended = false;
  let wake: (() => void) | null = null;
  const notify = (): void => {
    wake?.();
    wake = null;
  };
  call.on('data', (answer: SnapshotAnswer) => {
    arrived.push(answer);
    notify();
  });
  // The status, which always follows, says the same.
  call.on('error', () => undefined);
  call.on('status', () => {
    ended = true;
    notify();
  });
  return {
    get ended() {
      return ended;
    },
    async next() {
      if (arrived.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return arrived.shift() ?? null;
    },
  };
}

/** False when the stream ended, or took nothing for too long. */
function drained(call: ClientDuplexStream<SnapshotFrame, SnapshotAnswer>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (result: boolean) => () => {
      clearTimeout(timer);
      call.off('drain', onDrain);
      call.off('status', onEnd);
      resolve(result);
    };
    const onDrain = settle(true);
    const onEnd = settle(false);
    const timer = setTimeout(onEnd, timeoutMs);
    call.once('drain', onDrain);
    call.once('status', onEnd);
  });
}
