import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as grpc from '@grpc/grpc-js';
import { PrkDbClient } from '../../engine/client/index.ts';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { serviceDefinition } from '../../engine/rpc/protos.ts';
import { MAX_TERM } from '../../engine/store/plausible.ts';
import { encodePeerFrame } from '../../engine/transport/codec.ts';
import { helloFrame } from '../../engine/transport/handshake.ts';
import { PEER_METHOD_PATH } from '../../engine/transport/service.ts';
import { anyUint64, fuzzSeed, mutated } from '../fuzz/bytes.ts';
import { RawClient } from '../fuzz/raw-client.ts';
import { eventually, nodeCluster, type NodeCluster, type NodeProcess } from '../support/node-cluster.ts';
import { frames } from '../engine/transport/frames.ts';

const ATTACK_MS = 6_000;
const MAX_MEMORY_BYTES = 900 * 1024 * 1024;
const seed = fuzzSeed();

const kv = serviceDefinition('prkdb', 'raft.KvService');
const prkDb = serviceDefinition('prkdb', 'raft.PrkDbService');
const admin = serviceDefinition('cluster', 'prkdb.cluster.ClusterService');

/** Bytes that a caller of the method could have meant, encoded by reflection. */
function encoded<T>(method: grpc.MethodDefinition<object, object>, message: fc.Arbitrary<T>): fc.Arbitrary<Buffer> {
  return message.map((value) => method.requestSerialize(value as object));
}

const bytes = fc.uint8Array({ maxLength: 200 });
const keys = fc.oneof(bytes, fc.constant(Buffer.alloc(4096, 1)), fc.constant(Buffer.alloc(4097, 1)));
const enums = fc.constantFrom(0, 1, 2, 3, 77, 2 ** 31 - 1);
const requests = fc.record({
  requests: fc.array(
    fc
      .tuple(
        fc.record({ id: anyUint64, epoch: anyUint64, timeoutMs: fc.nat({ max: 2000 }), forwarded: fc.boolean() }),
        fc.oneof(
          fc.constant({}),
          fc.record({ get: fc.record({ key: keys, readMode: enums }) }),
          fc.record({
            write: fc.record({
              kind: enums,
              key: keys,
              value: bytes,
              hasExpectedRevision: fc.boolean(),
              expectedRevision: anyUint64,
              clientId: anyUint64,
              sequence: anyUint64,
            }),
          }),
          fc.record({
            scan: fc.record({
              partition: anyUint64,
              prefix: bytes,
              after: keys,
              limit: fc.nat(),
              readMode: enums,
              keysOnly: fc.boolean(),
            }),
          }),
        ),
      )
      .map(([head, operation]) => ({ ...head, ...operation })),
    { maxLength: 20 },
  ),
});

const methods: readonly (readonly [string, fc.Arbitrary<Buffer>])[] = [
  ...['Put', 'Get', 'Delete', 'BatchPut', 'Health', 'Metadata'].map((name) => {
    const method = prkDb[name] as grpc.MethodDefinition<object, object>;
    const pair = fc.record({ key: keys, value: bytes });
    return [
      method.path,
      name === 'BatchPut' ? encoded(method, fc.record({ pairs: fc.array(pair) })) : encoded(method, pair),
    ] as const;
  }),
  ...['Status', 'SetFaults', 'Stop'].map((name) => {
    const method = admin[name] as grpc.MethodDefinition<object, object>;
    const link = fc.record({ toNodeId: anyUint64, cut: fc.boolean(), delayMs: fc.nat(), drop: fc.double() });
    const message = fc.record({
      links: fc.array(link),
      diskDelayMs: fc.nat(),
      logLimitBytes: anyUint64,
      token: fc.string(),
    });
    return [method.path, encoded(method, message)] as const;
  }),
];
const kvStream = kv['Stream'] as grpc.MethodDefinition<object, object>;

function* samples<T>(arbitrary: fc.Arbitrary<T>): Generator<T> {
  for (let round = 0; ; round++) yield* fc.sample(arbitrary, { seed: seed + round, numRuns: 50 });
}

/** Attacks for a bounded time; each attack is one call that ends. */
async function attack<T>(arbitrary: fc.Arbitrary<T>, call: (sample: T) => Promise<unknown>): Promise<number> {
  const endMs = performance.now() + ATTACK_MS;
  const all = samples(arbitrary);
  let count = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await call(all.next().value as T);
      count++;
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return count;
}

describe(`nodes under garbage (PRKDB_FUZZ_SEED=${seed})`, () => {
  let cluster: NodeCluster;
  let nodes: readonly NodeProcess[];
  let db: PrkDbClient;
  let raw: RawClient;

  // Node 1 never runs: its part is played by the attacker. The others are a majority.
  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 2 });
    nodes = cluster.nodes.slice(1);
    await Promise.all(nodes.map((node) => node.start()));
    db = await PrkDbClient.connect(cluster.endpoints.slice(1));
    raw = new RawClient(nodes[0]!.address);
    await eventually('the others serve', () => db.put('before', 'x', { timeoutMs: 2000 }));
  });

  afterAll(async () => {
    raw?.close();
    db?.close();
    await cluster?.dispose();
  });

  async function expectHealthy(): Promise<void> {
    await eventually('both still serve', async () => {
      for (let i = 0; i < 8; i++) {
        await db.put(`key ${i}`, `value ${i}`, { timeoutMs: 2000 });
        expect(Buffer.from((await db.get(`key ${i}`, { timeoutMs: 2000 }))!.value).toString()).toBe(`value ${i}`);
      }
      return true;
    });
    for (const node of nodes) {
      expect({ running: node.running, errors: node.errors }).toEqual({ running: true, errors: '' });
      const client = new ClusterClient(node.address);
      try {
        const status = await client.status();
        expect(status.storageError).toBe('');
        expect(status.counters!.memoryBytes).toBeLessThan(MAX_MEMORY_BYTES);
      } finally {
        client.close();
      }
    }
  }

  /** Others go on being served while this runs. */
  async function whileOthersAreServed(run: () => Promise<number>): Promise<void> {
    let running = true;
    const serveOthers = async (): Promise<number> => {
      let served = 0;
      while (running) {
        await db.put(`other ${served % 20}`, `value ${served}`, { timeoutMs: 15_000 });
        served++;
      }
      return served;
    };
    const [served, attacks] = await Promise.all([serveOthers(), run().finally(() => (running = false))]);
    expect(attacks).toBeGreaterThan(20);
    expect(served).toBeGreaterThan(10);
    await expectHealthy();
  }

  it('answer mutated unary calls and serve others meanwhile', async () => {
    const calls = fc.oneof(
      ...methods.map(([path, good]) => fc.oneof(mutated(good), good).map((body) => ({ path, body }))),
    );
    await whileOthersAreServed(() =>
      attack(calls, async ({ path, body }) => {
        const { code } = await raw.unary(path, body, 20_000);
        expect([grpc.status.DEADLINE_EXCEEDED, grpc.status.CANCELLED]).not.toContain(code);
      }),
    );
  });

  // oxlint-disable-next-line vitest/expect-expect -- whileOthersAreServed expects
  it('answer mutated streams of requests and serve others meanwhile', async () => {
    const good = encoded(kvStream, requests);
    await whileOthersAreServed(() =>
      attack(fc.array(fc.oneof(good, mutated(good)), { minLength: 1, maxLength: 5 }), (bodies) =>
        raw.stream(kvStream.path, bodies, 100),
      ),
    );
  });

  it('do not let a small message become a large object, nor recurse without end', async () => {
    const many = Buffer.from('0a00'.repeat(7_000_000), 'hex');
    const nested = Buffer.alloc(4_000_000, 0x0b);
    for (const body of [many, nested]) {
      for (const [path] of methods) {
        const { code } = await raw.unary(path, body, 60_000);
        expect({ path, code }).not.toEqual({ path, code: grpc.status.DEADLINE_EXCEEDED });
      }
      await raw.stream(kvStream.path, [body], 500);
      await expectHealthy();
    }
  });

  it('live on when a peer sends mutated frames and well-formed nonsense', async () => {
    const [target] = nodes;
    const { member, config } = target!;
    const peer = new RawClient(`127.0.0.1:${member.raftPort}`);
    // Node 1 does not run, so no data directory is known of it yet.
    const hello = encodePeerFrame(helloFrame({ self: 1, clusterId: config.clusterId, incarnation: '' }, config.nodeId));
    // As if from node 1: what passes the handshake and the addressing reaches the core.
    const addressed = frames.map((frame) => ({
      ...frame,
      hello: null,
      messages: frame.messages.map(({ group, message }) => ({
        group: group % 3,
        // The last of all terms would be the end of elections: members are trusted not to say it.
        message: { ...message, from: 1, to: config.nodeId, term: message.term === MAX_TERM ? 1 : message.term },
      })),
    }));
    const good = addressed.map(encodePeerFrame);
    try {
      const attacks = await attack(
        fc.array(fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: mutated(good) }), { maxLength: 8 }),
        (bodies) => peer.stream(PEER_METHOD_PATH, [hello, ...bodies], 60),
      );
      expect(attacks).toBeGreaterThan(20);
    } finally {
      peer.close();
    }
    await expectHealthy();
  });
});
