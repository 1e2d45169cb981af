import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient, PrkDbClient } from '../../engine/client/index.ts';
import { KvStatus, type KvRequests, type KvResponse, type KvResponses } from '../../engine/rpc/kv.ts';
import { serviceDefinition } from '../../engine/rpc/protos.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

const STREAM = serviceDefinition('prkdb', 'raft.KvService')['Stream'] as grpc.MethodDefinition<KvRequests, KvResponses>;
const PUT = serviceDefinition('prkdb', 'raft.PrkDbService')['Put'] as grpc.MethodDefinition<object, object>;
const METADATA = serviceDefinition('prkdb', 'raft.PrkDbService')['Metadata'] as grpc.MethodDefinition<object, object>;
const OBSERVE = serviceDefinition('cluster', 'prkdb.cluster.ClusterService')['Observe'] as grpc.MethodDefinition<
  object,
  object
>;

describe('the limits of a node', () => {
  let cluster: NodeCluster;
  let address: string;
  let open: grpc.Client[] = [];

  beforeAll(async () => {
    cluster = await nodeCluster(1, {
      partitions: 1,
      limits: {
        messageBytes: 2 * 1024 * 1024,
        connections: 4096,
        connectionsPerClient: 6,
        streamsPerConnection: 256,
        callsPerClient: 20,
        observersPerClient: 3,
        requestsPerConnection: 100,
        requestBytesPerClient: 1280 * 1024,
      },
    });
    await cluster.nodes[0]!.start();
    address = cluster.nodes[0]!.address;
    const db = await PrkDbClient.connect([address]);
    await eventually('a leader', () => db.put('a', 'b'));
    db.close();
  });

  afterEach(async () => {
    for (const client of open) client.close();
    open = [];
  });

  afterAll(() => cluster?.dispose());

  function connect(): grpc.Client {
    const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
    });
    open.push(client);
    return client;
  }

  /** The node has seen that the connections before are closed. */
  async function roomAgain(): Promise<void> {
    for (const client of open) client.close();
    open = [];
    await new Promise((resolve) => setTimeout(resolve, 200));
    await eventually('room again', async () => {
      const client = connect();
      const answer = await unary(client, METADATA, {});
      client.close();
      return !(answer instanceof Error);
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  function unary(
    client: grpc.Client,
    method: grpc.MethodDefinition<object, object>,
    request: object,
  ): Promise<unknown> {
    return new Promise((resolve) => {
      const options = { deadline: Date.now() + 20_000 };
      const { path, requestSerialize, responseDeserialize } = method;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, options, (error, answer) =>
        resolve(error ?? answer),
      );
    });
  }

  /** Sends all in one message and waits for as many answers. */
  function exchange(client: grpc.Client, messages: KvRequests[]): Promise<KvResponse[]> {
    const call = client.makeBidiStreamRequest(STREAM.path, STREAM.requestSerialize, STREAM.responseDeserialize);
    const answers: KvResponse[] = [];
    const wanted = messages.flatMap((m) => m.requests).length;
    return new Promise((resolve, reject) => {
      call.on('error', reject);
      call.on('data', (message: KvResponses) => {
        answers.push(...message.responses);
        if (answers.length < wanted) return;
        call.on('error', () => undefined);
        call.cancel();
        resolve(answers);
      });
      for (const message of messages) call.write(message);
    });
  }

  const put = (id: number, value = Buffer.from('x')) => ({
    id,
    epoch: 0,
    timeoutMs: 10_000,
    forwarded: false,
    write: {
      kind: 0 as const,
      key: Buffer.from(`k${id}`),
      value,
      hasExpectedRevision: false,
      expectedRevision: 0,
      clientId: 0,
      sequence: 0,
      session: 0,
      acknowledged: 0,
      ttlMs: 0,
    },
  });

  it('requests in flight: those that are too many are refused with a sentence, and not done', async () => {
    const client = connect();
    const requests = Array.from({ length: 400 }, (_, i) => put(i + 1));
    const answers = await exchange(client, [{ requests }]);
    const refused = answers.filter((a) => a.status === KvStatus.Overloaded);
    expect(answers.filter((a) => a.status === KvStatus.Ok)).toHaveLength(100);
    expect(refused).toHaveLength(300);
    expect(refused[0]!.message).toBe(
      '100 requests are in flight on this connection, which is the limit; wait for answers first.',
    );
    // What was answered makes room again, also for another stream of the connection.
    const again = await exchange(client, [{ requests: requests.slice(0, 100) }]);
    expect(again.every((a) => a.status === KvStatus.Ok)).toBe(true);
    const gone = await unary(client, serviceDefinition('prkdb', 'raft.PrkDbService')['Get'] as typeof PUT, {
      key: Buffer.from('k400'),
    });
    expect(gone).toMatchObject({ found: false });
  });

  it('bytes in flight: the same', async () => {
    // Both in one message: the second is looked at before the first can have been answered.
    const value = Buffer.alloc(700 * 1024);
    const answers = await exchange(connect(), [{ requests: [put(1, value), put(2, value)] }]);
    const refused = answers.filter((a) => a.status === KvStatus.Overloaded);
    expect(answers.filter((a) => a.status === KvStatus.Ok)).toHaveLength(1);
    expect(refused).toHaveLength(1);
    expect(refused[0]!.message).toMatch(/bytes of requests are in flight/);
  });

  it('the size of a message', async () => {
    const error = await unary(connect(), PUT, { key: Buffer.from('k'), value: Buffer.alloc(3 * 1024 * 1024) });
    expect(error).toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/larger than max/) as string,
    });
  });

  it('connections of one client', async () => {
    const answers: unknown[] = [];
    await roomAgain();
    for (let i = 0; i < 8; i++) answers.push(await unary(connect(), METADATA, {}));
    const refused = answers.filter((a) => a instanceof Error);
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: '127.0.0.1 has 6 connections open to this node, which is the limit. Close some, or share one.',
    });
    expect(cluster.nodes[0]!.output).toContain('127.0.0.1 has 6 connections open');
    await roomAgain();
  });

  it('calls and watchers of one client', async () => {
    await roomAgain();
    const client = connect();
    const refusals: string[] = [];
    let left = 0;
    const hold = (
      method: grpc.MethodDefinition<object, object>,
      count: number,
    ): grpc.ClientDuplexStream<object, object>[] =>
      Array.from({ length: count }, () => {
        const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
        call.on('data', () => undefined);
        call.on('error', (error: grpc.ServiceError) => {
          left++;
          if (error.code === grpc.status.RESOURCE_EXHAUSTED) refusals.push(error.details);
        });
        return call;
      });
    const streams = hold(STREAM as unknown as grpc.MethodDefinition<object, object>, 25);
    await eventually('refusals of streams', () => Promise.resolve(refusals.length === 5));
    expect(refusals[0]).toBe('127.0.0.1 has 20 calls to this node open, which is the limit. End some first.');
    expect(await unary(client, METADATA, {})).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    for (const stream of streams) stream.cancel();
    await eventually('all are gone', () => Promise.resolve(left === 25));
    await eventually('room again', async () => !((await unary(client, METADATA, {})) instanceof Error));

    refusals.length = 0;
    const watchers = hold(OBSERVE, 5);
    for (const watcher of watchers) {
      watcher.write({ intervalMs: 1000, afterSequence: 0 });
      watcher.end();
    }
    await eventually('refusals of watchers', () => Promise.resolve(refusals.length === 2));
    expect(refusals[0]).toBe('127.0.0.1 has 3 watchers of this node open, which is the limit. End some first.');
    for (const watcher of watchers) watcher.cancel();
  });
});

describe('one bad client', () => {
  let cluster: NodeCluster;
  let flood: ChildProcess | null = null;

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 4 });
    await Promise.all(cluster.nodes.map((n) => n.start()));
  });

  afterAll(async () => {
    flood?.kill('SIGKILL');
    await cluster?.dispose();
  });

  it('that floods a node and reads nothing does not starve the others, nor take the memory of the node', async () => {
    const db = await PrkDbClient.connect(cluster.endpoints, { timeoutMs: 20_000 });
    await eventually('a first write', () => db.put('large', Buffer.alloc(1024 * 1024)));
    const { partitions } = await db.metadata();
    const leader = partitions[db.partitionOf('large')]!.leaderId;
    const node = cluster.nodes[leader - 1]!;
    const entry = fileURLToPath(new URL('../support/flood-child.ts', import.meta.url));
    const child = spawn(process.execPath, [entry, node.address, 'large'], { stdio: ['ignore', 'pipe', 'inherit'] });
    flood = child;
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const admin = new ClusterClient(node.address);
    let mostBytes = 0;
    const endMs = performance.now() + 8_000;
    let written = 0;
    // A busy machine has them wait; served they are.
    while (performance.now() < endMs || written <= 3) {
      await db.put(`good-${written % 20}`, String(written));
      expect((await db.get(`good-${written % 20}`))?.value.toString()).toBe(String(written));
      written++;
      mostBytes = Math.max(mostBytes, (await admin.status({ timeoutMs: 20_000 })).counters!.memoryBytes);
    }
    admin.close();
    db.close();
    // Four connections, each with what a connection may take.
    expect(mostBytes).toBeLessThan(1.5e9);
    expect(child.exitCode).toBeNull();
    expect(node.running).toBe(true);
  });
});
