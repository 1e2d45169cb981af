import { createServer } from 'node:net';
import { Client, credentials, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import type { NodeId } from '../../../engine/raft/types.ts';
import { encodePeerFrame, type PeerFrame } from '../../../engine/transport/codec.ts';
import {
  createGrpcTransport,
  type GrpcTransport,
  type GrpcTransportOptions,
} from '../../../engine/transport/grpc-transport.ts';
import { decodeReceived, PEER_METHOD_PATH, type Received } from '../../../engine/transport/service.ts';
import type { Envelope } from '../../../engine/transport/types.ts';

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until the condition holds; the bound is for liveness only. */
export async function until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`still waiting for: ${what}`);
    await sleep(5);
  }
}

/** A transport with everything that its listener heard. */
export interface TestNode {
  readonly transport: GrpcTransport;
  readonly received: Envelope[];
  /** Envelopes of each call of `messages`. */
  readonly batches: number[];
  readonly events: string[];
  readonly refusals: string[];
}

/** Closes whatever a test has opened. */
export class Cleanup {
  readonly #tasks: (() => Promise<void> | void)[] = [];

  add(task: () => Promise<void> | void): void {
    this.#tasks.push(task);
  }

  async run(): Promise<void> {
    for (const task of this.#tasks.splice(0).toReversed()) await task();
  }
}

/** A cluster of transports on loopback; `ports[i]` is that of node i + 1. */
export async function startNode(
  cleanup: Cleanup,
  self: NodeId,
  ports: readonly number[],
  overrides: Partial<GrpcTransportOptions> = {},
): Promise<TestNode> {
  const received: Envelope[] = [];
  const batches: number[] = [];
  const events: string[] = [];
  const refusals: string[] = [];
  const transport = await createGrpcTransport({
    self,
    clusterId: 'test-cluster',
    incarnation: '',
    bindHost: '127.0.0.1',
    raftPort: ports[self - 1] ?? 0,
    peers: ports.map((raftPort, i) => ({ id: i + 1, host: '127.0.0.1', raftPort, incarnation: '' })),
    snapshotListener: { offered: () => null },
    listener: {
      messages(_from, envelopes) {
        received.push(...envelopes);
        batches.push(envelopes.length);
      },
      connected: (peer) => void events.push(`connected ${peer}`),
      disconnected: (peer) => void events.push(`disconnected ${peer}`),
    },
    onRefused: (reason) => void refusals.push(reason),
    ...overrides,
  });
  cleanup.add(() => transport.close());
  return { transport, received, batches, events, refusals };
}

export function connected(node: TestNode, peer: NodeId): boolean {
  return node.transport.links().find((link) => link.nodeId === peer)?.connected === true;
}

/** A peer of our own making, which says what a real one never would. */
export interface RawPeer {
  readonly call: ClientDuplexStream<PeerFrame, Received>;
  readonly frames: PeerFrame[];
  readonly ended: Promise<StatusObject>;
  close(): void;
}

/** Dials a node and sends nothing yet. `encode` replaces the codec, to send bytes that are no frame. */
export function dialRaw(cleanup: Cleanup, port: number, encode = encodePeerFrame): RawPeer {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_send_message_length': -1,
  });
  const call = client.makeBidiStreamRequest(PEER_METHOD_PATH, encode, decodeReceived);
  const frames: PeerFrame[] = [];
  call.on('error', () => undefined);
  const ended = new Promise<StatusObject>((resolve) => call.on('status', resolve));
  const close = (): void => {
    call.cancel();
    client.close();
  };
  cleanup.add(close);
  return { call, frames, ended, close };
}

/** Starts to read; a peer that never calls this never reads. */
export function read(peer: RawPeer): void {
  peer.call.on('data', (received: Received) => {
    if (!(received instanceof Error)) peer.frames.push(received);
  });
}
