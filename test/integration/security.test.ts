import { rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tlsModule from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessError, atSystemLeader, ClusterClient, PrkDbClient, type TlsOptions } from '../../engine/client/index.ts';
import { makeToken, tokenHash, tokenId, type Right } from '../../engine/config/tokens.ts';
import type { ClusterEvent } from '../../engine/rpc/cluster.ts';
import { serviceClient } from '../../engine/rpc/protos.ts';
import { TestAuthority } from '../support/certificates.ts';
import { eventually, nodeCluster, type NodeCluster, type NodeProcess } from '../support/node-cluster.ts';

let cluster: NodeCluster;
let tls: TlsOptions;
let admin: string;

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it was let in',
    (error: unknown) => error,
  );
}

/** One plain call to this very node, which has to forward what it does not lead. */
function plainCall(endpoint: string, token: string | null, method: string, request: object): Promise<unknown> {
  const Service = serviceClient('prkdb', 'raft.PrkDbService');
  const { ca, key, cert } = tls as Record<'ca' | 'key' | 'cert', string>;
  const credentials = grpc.credentials.createSsl(Buffer.from(ca), Buffer.from(key), Buffer.from(cert));
  const client = new Service(endpoint.replace('https://', ''), credentials, {
    'grpc.ssl_target_name_override': 'localhost',
  }) as unknown as Record<string, (...args: unknown[]) => void>;
  const metadata = new grpc.Metadata();
  if (token !== null) metadata.set('authorization', `Bearer ${token}`);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, answer: unknown) => (error === null ? resolve(answer) : reject(error));
    client[method]!(request, metadata, { deadline: Date.now() + 10_000 }, done);
  }).finally(() => (client as unknown as grpc.Client).close());
}

async function create(right: Right, by: string | undefined): Promise<string> {
  const token = makeToken();
  const request = { id: tokenId(token)!, sha256: tokenHash(token), name: `a ${right}er`, right, ttlMs: 0 };
  await atSystemLeader(cluster.endpoints, { tls, token: by }, 15_000, (client) => client.createToken(request));
  await everyNode((client) => client.status(), token);
  return token;
}

/** Until each node has done it. */
async function everyNode(run: (client: ClusterClient) => Promise<unknown>, token: string | undefined): Promise<void> {
  for (const endpoint of cluster.endpoints) {
    const client = new ClusterClient(endpoint, { tls, token });
    await eventually(endpoint, async () => {
      await run(client);
      return true;
    });
    client.close();
  }
}

async function connected<T>(token: string | undefined, use: (db: PrkDbClient) => Promise<T>): Promise<T> {
  const db = await PrkDbClient.connect(cluster.endpoints, { tls, token });
  try {
    return await use(db);
  } finally {
    db.close();
  }
}

beforeAll(async () => {
  cluster = await nodeCluster(3, { tls: true, partitions: 4, replicationFactor: 1 });
  tls = await cluster.authority!.client();
  await Promise.all(cluster.nodes.map((n) => n.start()));
  // Whoever has a certificate needs no token yet.
  await connected(undefined, (db) => eventually('a first write', () => db.put('first', '1')));
  admin = await create('admin', undefined);
});

afterAll(async () => {
  await cluster?.dispose();
});

describe('tokens', () => {
  it('are asked for by every node from the first one on', async () => {
    for (const endpoint of cluster.endpoints) {
      const error = await failure(PrkDbClient.connect([endpoint], { tls }));
      expect(error).toBeInstanceOf(AccessError);
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await failure(plainCall(endpoint, makeToken(), 'Get', { key: Buffer.from('a') }))).toMatchObject({
        code: grpc.status.UNAUTHENTICATED,
      });
    }
  });

  it('allow what their right says, also where a node has to forward', async () => {
    const [reader, writer] = await Promise.all([create('read', admin), create('write', admin)]);
    const keys = Array.from({ length: 12 }, (_, i) => `key-${i}`);
    for (const endpoint of cluster.endpoints) {
      for (const key of keys) {
        const pair = { key: Buffer.from(key), value: Buffer.from(endpoint) };
        await plainCall(endpoint, writer, 'Put', pair);
        expect(await plainCall(endpoint, reader, 'Get', { key: pair.key })).toMatchObject({ value: pair.value });
        expect(await failure(plainCall(endpoint, reader, 'Put', pair))).toMatchObject({
          code: grpc.status.PERMISSION_DENIED,
        });
      }
    }
    await connected(reader, async (db) => {
      expect((await db.scan({ prefix: 'key-' })).entries).toHaveLength(12);
      const error = await failure(db.put('key-1', 'x'));
      expect(error).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringMatching(/reading.*writing/) });
      expect(await failure(db.delete('key-1'))).toBeInstanceOf(AccessError);
    });
    await connected(writer, async (db) => expect((await db.delete('key-1')).found).toBe(true));
    const client = new ClusterClient(cluster.endpoints[0]!, { tls, token: writer });
    expect((await client.status()).nodeId).toBe(1);
    const denied = await failure(client.handOver());
    expect(denied).toMatchObject({ code: 'PERMISSION_DENIED' });
    client.close();
  });

  it('lose all they opened when they are revoked, on every node', async () => {
    const reader = await create('read', admin);
    const db = await PrkDbClient.connect(cluster.endpoints, { tls, token: reader });
    await db.scan({});
    const changes = failure(db.watch('key-')[Symbol.asyncIterator]().next());
    const watching = cluster.endpoints.map((endpoint) => {
      const client = new ClusterClient(endpoint, { tls, token: reader });
      const ended = new Promise<unknown>((resolve) => {
        client.observe({}, { observation: () => undefined, end: resolve });
      });
      return { client, ended };
    });
    await everyNode((client) => client.status(), reader);
    await atSystemLeader(cluster.endpoints, { tls, token: admin }, 15_000, (client) =>
      client.revokeToken(tokenId(reader)!),
    );
    for (const { client, ended } of watching) {
      expect(await ended).not.toBeNull();
      await eventually('the refusal', async () => (await failure(client.status())) instanceof AccessError);
      client.close();
    }
    await eventually('the refusal of reads', async () => (await failure(db.scan({}))) instanceof AccessError);
    expect(await changes).toBeInstanceOf(AccessError);
    db.close();
  });
});

describe('a node that has lost its state', () => {
  it('lets nobody in without a token while it rebuilds it', async () => {
    const node = cluster.nodes[2]!;
    await node.stop();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(path.join(node.config.dataDir, `state.db${suffix}`), { force: true });
    await node.start();
    const [anybody, known] = [undefined, admin].map(
      (token) => new ClusterClient(`https://${node.address}`, { tls, token }),
    ) as [ClusterClient, ClusterClient];
    const outcomes = new Set<unknown>();
    await eventually('its tokens', async () => {
      outcomes.add(await failure(anybody.status()));
      return (await known.status()).nodeId === 3;
    });
    outcomes.add(await failure(anybody.status()));
    expect(outcomes).not.toContain('it was let in');
    expect([...outcomes].at(-1)).toBeInstanceOf(AccessError);
    anybody.close();
    known.close();
  });
});

describe('the events', () => {
  it('tell of everybody who was kept out, and why', async () => {
    const [node] = cluster.nodes as [NodeProcess];
    const stranger = await TestAuthority.create(cluster.directory, 'stranger');
    const expired = await cluster.authority!.expiredNode(node.config.clusterId, 2);
    const dial = (port: number, pair: { cert: string; key: string }) =>
      new Promise<void>((resolve) => {
        const socket = tlsModule.connect({ host: '127.0.0.1', port, ...pair, rejectUnauthorized: false });
        socket.on('error', () => undefined);
        socket.on('secureConnect', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
        socket.on('close', () => resolve());
        socket.resume();
      });
    const scan = (port: number) =>
      new Promise<void>((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
      });
    const { raftPort, clientPort } = node.member;
    await Promise.all([
      scan(raftPort),
      scan(clientPort),
      dial(raftPort, expired),
      dial(raftPort, await stranger.node(node.config.clusterId, 2)),
      failure(plainCall(cluster.endpoints[0]!, makeToken(), 'Put', { key: Buffer.from('x') })),
    ]);
    const client = new ClusterClient(cluster.endpoints[0]!, { tls, token: admin });
    const events: ClusterEvent[] = [];
    const cancel = client.observe(
      { afterSequence: 1 },
      { observation: (seen) => void events.push(...seen.events), end: () => undefined },
    );
    const has = (kind: string, words: RegExp) =>
      eventually(String(words), () => Promise.resolve(events.some((e) => e.kind === kind && words.test(e.detail))));
    await has('peerRefused', /speaks neither gRPC nor TLS/);
    await has('accessRefused', /speaks neither gRPC nor TLS/);
    await has('peerRefused', /its certificate has expired/);
    await has('peerRefused', /not of the cluster’s CA/);
    await has('accessRefused', /a call of Put from 127\.0\.0\.1: its token is none of this cluster/);
    expect(events.map((e) => e.nodeId)).not.toContain(2);
    const metrics = await (await fetch(`http://127.0.0.1:${node.member.metricsPort}/metrics`)).text();
    const count = (port: string) =>
      Number(new RegExp(`refusals_total\\{.*port="${port}"\\} (\\d+)`).exec(metrics)?.[1]);
    expect(count('raft')).toBeGreaterThanOrEqual(3);
    expect(count('client')).toBeGreaterThanOrEqual(2);
    cancel();
    client.close();
  });
});
