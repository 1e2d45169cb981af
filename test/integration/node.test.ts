import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceClient } from '../../engine/rpc/protos.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';
import { metricsMissingIn } from '../support/operating-guide.ts';

type Call = (request: object) => Promise<Record<string, unknown>>;

/** PrkDbService as any gRPC client has it: plain unary calls by the published protocol. */
function prkDb(address: string): { call: (method: string) => Call; close: () => void } {
  const Service = serviceClient('prkdb', 'raft.PrkDbService');
  const client = new Service(address, grpc.credentials.createInsecure());
  return {
    call: (method) => (request) =>
      new Promise((resolve, reject) => {
        const method_ = client[method] as (
          request: object,
          options: grpc.CallOptions,
          callback: (error: grpc.ServiceError | null, response: Record<string, unknown>) => void,
        ) => void;
        method_.call(client, request, { deadline: Date.now() + 10_000 }, (error, response) =>
          error === null ? resolve(response) : reject(error),
        );
      }),
    close: () => client.close(),
  };
}

const bytes = (text: string): Buffer => Buffer.from(text);

describe('three node processes', () => {
  let cluster: NodeCluster;
  let clients: ReturnType<typeof prkDb>[];

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 4 });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    clients = cluster.nodes.map((n) => prkDb(n.address));
    await eventually('every partition led', async () => {
      const health = await Promise.all(clients.map((c) => c.call('Health')({})));
      return health.every((h) => h['healthy'] === true && h['leadersReady'] === 4);
    });
  });

  afterAll(async () => {
    clients?.forEach((c) => c.close());
    await cluster?.dispose();
  });

  it('spread their leaders at the start', async () => {
    const metadata = await clients[0]!.call('Metadata')({ topics: [] });
    const leaders = (metadata['partitions'] as { leaderId: number }[]).map((p) => p.leaderId);
    expect(leaders).toEqual([1, 2, 3, 1]);
    const addresses = (metadata['nodes'] as { address: string }[]).map((n) => n.address);
    expect(addresses).toEqual(cluster.endpoints);
  });

  it('answer PrkDbService on any node, whoever leads', async () => {
    for (const [i, client] of clients.entries()) {
      const key = bytes(`key-${i}`);
      const put = await client.call('Put')({ key, value: bytes('v1') });
      expect(put).toMatchObject({ success: true });
      for (const other of clients) {
        for (const readMode of [0, 2]) {
          const got = await other.call('Get')({ key, readMode });
          expect(got).toMatchObject({ success: true, found: true, value: bytes('v1') });
        }
      }
      await eventually('a stale read follows', async () => {
        const got = await clients[(i + 1) % 3]!.call('Get')({ key, readMode: 1 });
        return got['found'] === true;
      });
      expect(await client.call('Delete')({ key })).toMatchObject({ success: true, found: true });
      expect(await client.call('Delete')({ key })).toMatchObject({ success: true, found: false });
      expect(await clients[(i + 2) % 3]!.call('Get')({ key, readMode: 0 })).toMatchObject({
        success: true,
        found: false,
      });
    }
  });

  it('count a batch pair by pair', async () => {
    const pairs = [
      { key: bytes('b1'), value: bytes('1') },
      { key: bytes(''), value: bytes('2') },
      { key: bytes('b3'), value: bytes('3') },
    ];
    const answer = await clients[0]!.call('BatchPut')({ pairs });
    expect(answer).toMatchObject({ successfulCount: 2, failedCount: 1 });
    expect(answer['errors']).toEqual(['pair 1: The key is empty. A key has 1 to 4096 bytes.']);
  });

  it('refuse bad keys and values with a sentence', async () => {
    const put = clients[0]!.call('Put');
    const refused = { code: grpc.status.INVALID_ARGUMENT };
    await expect(put({ key: bytes(''), value: bytes('v') })).rejects.toMatchObject(refused);
    await expect(put({ key: Buffer.alloc(4097, 1), value: bytes('v') })).rejects.toMatchObject(refused);
    await expect(put({ key: bytes('k'), value: Buffer.alloc(1024 * 1024 + 1) })).rejects.toMatchObject({
      ...refused,
      details: expect.stringContaining('at most 1048576'),
    });
    await expect(put({ key: Buffer.alloc(4096, 1), value: Buffer.alloc(1024 * 1024) })).resolves.toMatchObject({
      success: true,
    });
  });

  it('export metrics and probes', async () => {
    const [node] = cluster.nodes;
    const base = `http://127.0.0.1:${node!.member.metricsPort}`;
    expect((await fetch(`${base}/livez`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    const text = await (await fetch(`${base}/metrics`)).text();
    for (const name of [
      'prkdb_raft_current_term',
      'prkdb_raft_commit_index',
      'prkdb_raft_last_log_index',
      'prkdb_raft_applied_index',
      'prkdb_raft_voted_for',
      'prkdb_raft_state',
      'prkdb_raft_leader_elections_total',
    ]) {
      expect(text).toMatch(new RegExp(`^${name}\\{node_id="1",partition="3"\\} \\d+$`, 'm'));
    }
    expect(text).toContain('prkdb_operations_total{node_id="1",operation="put",status="ok"}');
    // What the operator's guide, its dashboard and its alerts ask for.
    expect(metricsMissingIn(text)).toEqual([]);
    expect((await fetch(`${base}/nothing`)).status).toBe(404);
    expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  it('live on when strangers send garbage to their ports', async () => {
    const { clientPort, raftPort, metricsPort } = cluster.nodes[0]!.member;
    for (const port of [clientPort, raftPort, metricsPort]) {
      await new Promise<void>((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)));
          setTimeout(() => socket.destroy(), 100);
        });
        socket.on('close', () => resolve());
        socket.on('error', () => {});
      });
    }
    expect(cluster.nodes[0]!.running).toBe(true);
    await clients[0]!.call('Put')({ key: bytes('after-garbage'), value: bytes('v') });
  });

  it('keep what was acknowledged through SIGKILL of all of them', async () => {
    for (let i = 0; i < 50; i++)
      await clients[i % 3]!.call('Put')({ key: bytes(`durable-${i}`), value: bytes(`${i}`) });
    await Promise.all(cluster.nodes.map((n) => n.kill()));
    await Promise.all(cluster.nodes.map((n) => n.start()));
    for (let i = 0; i < 50; i++) {
      const got = await eventually('readable again', () =>
        clients[i % 3]!.call('Get')({ key: bytes(`durable-${i}`), readMode: 0 }),
      );
      expect(got).toMatchObject({ found: true, value: bytes(`${i}`) });
    }
  });

  it('stop in order, with code 0 and nothing on stderr', async () => {
    const [node] = cluster.nodes;
    expect(await node!.stop()).toBe(0);
    expect(node!.errors).toBe('');
    await node!.start();
  });
});

describe('a node that cannot start', () => {
  it('says which port is in use', async () => {
    const cluster = await nodeCluster(1, { partitions: 1 });
    const server = net.createServer();
    const [node] = cluster.nodes;
    try {
      for (const port of ['clientPort', 'raftPort', 'metricsPort'] as const) {
        await new Promise<void>((resolve) => server.listen(node!.member[port], '127.0.0.1', resolve));
        await expect(node!.start()).rejects.toThrow(
          new RegExp(`exit code 1: The \\w+ port ${node!.member[port]} on 127.0.0.1 is in use`),
        );
        await new Promise((resolve) => server.close(resolve));
      }
    } finally {
      server.close();
      await cluster.dispose();
    }
  });

  it('refuses the data of another cluster, another node and another shape, and touches nothing', async () => {
    const cluster = await nodeCluster(1, { partitions: 1 });
    const [node] = cluster.nodes;
    const before = readFileSync(node!.configFile, 'utf8');
    const startWith = (changes: object): Promise<void> => {
      writeFileSync(node!.configFile, JSON.stringify({ ...JSON.parse(before), ...changes }));
      return node!.start();
    };
    try {
      await node!.start();
      await node!.stop();
      await expect(startWith({ clusterId: 'other' })).rejects.toThrow(/belongs to node 1 of cluster test/);
      await expect(startWith({ partitions: 2 })).rejects.toThrow(/founded with partitions 1, the configuration says 2/);
      const genesis = path.join(node!.config.dataDir, 'genesis.json');
      const founded = readFileSync(genesis, 'utf8');
      writeFileSync(genesis, JSON.stringify({ ...JSON.parse(founded), formatVersion: 99 }));
      await expect(startWith({})).rejects.toThrow(/newer version \(format 99/);
      writeFileSync(genesis, founded);
      await startWith({});
    } finally {
      await cluster.dispose();
    }
  });

  it('refuses a damaged database and says which file', async () => {
    const cluster = await nodeCluster(1, { partitions: 1 });
    const [node] = cluster.nodes;
    try {
      await node!.start();
      await node!.stop();
      const file = path.join(node!.config.dataDir, 'raft-log.db');
      writeFileSync(file, Buffer.alloc(8192, 0x5a));
      await expect(node!.start()).rejects.toThrow(/exit code 1: .*raft-log\.db is damaged/);
    } finally {
      await cluster.dispose();
    }
  });

  it('names what is wrong with its configuration', async () => {
    const cluster = await nodeCluster(1, { partitions: 1 });
    const [node] = cluster.nodes;
    try {
      appendFileSync(node!.configFile, '}');
      await expect(node!.start()).rejects.toThrow(/is not valid JSON/);
      writeFileSync(node!.configFile, JSON.stringify({ clusterId: 'c', partitions: 0 }));
      await expect(node!.start()).rejects.toThrow(/nodeId/);
    } finally {
      await cluster.dispose();
    }
  });
});

describe('fewer replicas than nodes', () => {
  it('any node still answers for any partition', async () => {
    const cluster = await nodeCluster(4, { partitions: 4, replicationFactor: 2 });
    const clients = cluster.nodes.map((n) => prkDb(n.address));
    try {
      await Promise.all(cluster.nodes.map((n) => n.start()));
      for (let i = 0; i < 16; i++) {
        const key = bytes(`spread-${i}`);
        await clients[i % 4]!.call('Put')({ key, value: bytes(`${i}`) });
        const got = await clients[(i + 1) % 4]!.call('Get')({ key, readMode: i % 3 === 1 ? 0 : i % 3 });
        expect(got).toMatchObject({ found: true, value: bytes(`${i}`) });
      }
      await eventually('all leaders known everywhere', async () => {
        const metadata = await clients[0]!.call('Metadata')({ topics: [] });
        return (metadata['partitions'] as { leaderId: number }[]).every((p) => p.leaderId !== 0);
      });
    } finally {
      clients.forEach((c) => c.close());
      await cluster.dispose();
    }
  });
});

describe('one node', () => {
  it('is a cluster, and recovers alone', async () => {
    const cluster = await nodeCluster(1, { partitions: 2 });
    const [node] = cluster.nodes;
    const client = prkDb(node!.address);
    try {
      await node!.start();
      await client.call('Put')({ key: bytes('a'), value: bytes('1') });
      await node!.kill();
      await node!.start();
      const got = await eventually('readable again', () => client.call('Get')({ key: bytes('a'), readMode: 0 }));
      expect(got).toMatchObject({ found: true });
    } finally {
      client.close();
      await cluster.dispose();
    }
  });
});
