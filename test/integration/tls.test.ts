import { writeFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient, PrkDbClient, ReadMode, TlsError, type TlsOptions } from '../../engine/client/index.ts';
import { TestAuthority } from '../support/certificates.ts';
import { eventually, nodeCluster, type NodeCluster, type NodeProcess } from '../support/node-cluster.ts';

async function leaderOf(db: PrkDbClient, partition: number): Promise<number> {
  const { partitions } = await db.metadata();
  return partitions.find((p) => p.partitionId === partition)?.leaderId ?? 0;
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it was let in',
    (error: unknown) => error,
  );
}

describe('a cluster over mutual TLS', () => {
  let cluster: NodeCluster;
  let tls: TlsOptions;
  let db: PrkDbClient;

  beforeAll(async () => {
    const compaction = { maxEntries: 100, maxBytes: 1024 * 1024, keepEntries: 10, keepBytes: 0 };
    cluster = await nodeCluster(3, { tls: true, partitions: 4, compaction });
    tls = await cluster.authority!.client();
    await Promise.all(cluster.nodes.map((n) => n.start()));
    db = await PrkDbClient.connect(cluster.endpoints, { tls });
    await eventually('a first write', () => db.put('first', '1'));
  });

  afterAll(async () => {
    db?.close();
    await cluster?.dispose();
  });

  it('takes writes through any node, and forwards among its nodes', async () => {
    for (const endpoint of cluster.endpoints) {
      const one = await PrkDbClient.connect([endpoint], { tls });
      await one.put(`through ${endpoint}`, 'x');
      one.close();
    }
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    await Promise.all(keys.map((key) => db.put(key, key)));
    const page = await db.scan({ prefix: 'key-' });
    expect(page.entries).toHaveLength(40);
    const { nodes } = await db.metadata();
    expect(nodes.map((n) => n.address)).toEqual(cluster.endpoints);
  });

  it('survives the kill of a leader', async () => {
    const leader = await leaderOf(db, 0);
    const node = cluster.nodes[leader - 1]!;
    await node.kill();
    const keys = Array.from({ length: 30 }, (_, i) => `after-${i}`);
    await Promise.all(keys.map((key) => eventually(key, () => db.put(key, '2'))));
    await node.start();
    const admin = new ClusterClient(`https://${node.address}`, { tls });
    await eventually('its peers', async () => (await admin.status()).peers.every((peer) => peer.connected));
    admin.close();
    for (const key of keys) expect((await db.get(key))?.value.toString()).toBe('2');
  });

  it('brings back with a snapshot who was away for long', async () => {
    const [node, ...others] = cluster.nodes as [NodeProcess, ...NodeProcess[]];
    const admins = others.map((other) => new ClusterClient(`https://${other.address}`, { tls }));
    const partition = db.partitionOf('many-3');
    await node.kill();
    let round = 0;
    await eventually('the logs are cut', async () => {
      for (const end = round + 20; round < end; round++) {
        await Promise.all(Array.from({ length: 16 }, (_, i) => db.put(`many-${i}`, String(round))));
      }
      // A log is cut once what it holds is in the database, which takes some seconds.
      const statuses = await Promise.all(admins.map((admin) => admin.status()));
      return statuses.every(({ groups }) => groups.some((g) => g.partition === partition && g.firstLogIndex > 100));
    });
    for (const admin of admins) admin.close();
    await node.start();
    await eventually('the snapshot', () => Promise.resolve(node.output.includes('snapshotRestored')));
    const alone = await PrkDbClient.connect([`https://${node.address}`], { tls });
    await eventually('the last value', async () => {
      const entry = await alone.get('many-3', { readMode: ReadMode.Stale });
      return entry?.value.toString() === String(round - 1);
    });
    alone.close();
    expect(node.output).not.toContain('peerRefused');
  });

  it('refuses callers, each with its sentence to the caller and in the log', async () => {
    const [node] = cluster.nodes as [NodeProcess];
    const endpoint = `https://${node.address}`;
    const stranger = await TestAuthority.create(cluster.directory, 'stranger');
    const expired = await cluster.authority!.issue({ notBefore: new Date(Date.now() - 3 * 86_400_000), days: 2 });
    const cases: { tls: TlsOptions | undefined; endpoint: string; kind: string; words: RegExp; log: string | null }[] =
      [
        {
          tls: { ca: tls.ca! },
          endpoint,
          kind: 'refused',
          words: /no certificate/,
          log: 'it presented no certificate',
        },
        {
          tls: { ...(await stranger.client()), ca: tls.ca! },
          endpoint,
          kind: 'refused',
          words: /not of the cluster’s CA/,
          log: 'its certificate is not of the cluster’s CA',
        },
        {
          tls: { ...expired, ca: tls.ca! },
          endpoint,
          kind: 'refused',
          words: /its certificate has expired/,
          log: 'its certificate has expired',
        },
        {
          tls: await stranger.client(),
          endpoint,
          kind: 'untrusted',
          words: /not of an authority that is trusted here/,
          log: null,
        },
        {
          tls: { ...tls, serverName: 'elsewhere.example' },
          endpoint,
          kind: 'wrongName',
          words: /for another name/,
          log: null,
        },
        {
          tls: undefined,
          endpoint: `http://${node.address}`,
          kind: 'needsTls',
          words: /This port speaks TLS.*https:/,
          log: 'it speaks plaintext on a TLS port',
        },
      ];
    for (const one of cases) {
      const options = { tls: one.tls, connectTimeoutMs: 10_000 };
      const error = await failure(PrkDbClient.connect([one.endpoint], options));
      expect(error).toBeInstanceOf(TlsError);
      expect(error).toMatchObject({ code: 'TLS', kind: one.kind, message: expect.stringMatching(one.words) as string });
      const admin = new ClusterClient(one.endpoint, { tls: one.tls });
      expect(await failure(admin.status())).toMatchObject({ code: 'TLS', kind: one.kind });
      admin.close();
      await eventually('the log', () => Promise.resolve(node.output.includes(one.log ?? '')));
    }
  });

  it('takes new certificates while it works, and keeps the old ones when the new are no good', async () => {
    const authority = cluster.authority!;
    let written = 0;
    let failed: unknown = null;
    let stop = false;
    const load = (async () => {
      while (!stop && failed === null) {
        await db.put(`load-${written % 50}`, String(written)).catch((error: unknown) => (failed ??= error));
        written++;
      }
    })();
    const served = async (node: NodeProcess): Promise<string> => {
      const client = new grpc.Client(
        node.address,
        grpc.credentials.createSsl(Buffer.from(tls.ca!), Buffer.from(tls.key!), Buffer.from(tls.cert!), {
          checkServerIdentity: (_host, certificate) => {
            serial = certificate.serialNumber;
            return undefined;
          },
        }),
        { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 },
      );
      let serial = '';
      await new Promise<void>((resolve, reject) => {
        client.waitForReady(Date.now() + 10_000, (error) => (error === undefined ? resolve() : reject(error)));
      });
      client.close();
      return serial;
    };
    const before = await Promise.all(cluster.nodes.map(served));
    for (const { config } of cluster.nodes) {
      authority.write(`n${config.nodeId}`, await authority.node(config.clusterId, config.nodeId));
    }
    await eventually('the new certificates', async () => {
      const now = await Promise.all(cluster.nodes.map(served));
      return now.every((serial, i) => serial !== before[i]);
    });
    // A restarted node meets the others under their new certificates.
    const [first] = cluster.nodes as [NodeProcess];
    const good = await served(first);
    writeFileSync(first.config.tls!.raft!.cert, 'this is no certificate');
    await eventually('the complaint', () =>
      Promise.resolve(first.output.includes('cannot be used; the old ones stay')),
    );
    expect(await served(first)).toBe(good);
    const written1 = written;
    await eventually('more writes', () => Promise.resolve(written > written1 + 20));
    stop = true;
    await load;
    expect(failed).toBeNull();
    authority.write('n1', await authority.node(first.config.clusterId, 1));
    await eventually('the repair', async () => (await served(first)) !== good);
  });
});

describe('the Raft port', () => {
  let cluster: NodeCluster | undefined;

  afterEach(async () => {
    await cluster?.dispose();
    cluster = undefined;
  });

  /** Two nodes work; the third starts with `tls` of the test's making and is kept out. */
  async function withThird(
    change: (
      authority: TestAuthority,
      clusterId: string,
      id: number,
    ) => Promise<{ cert: string; key: string; ca?: string }>,
    id: 1 | 3,
  ): Promise<{ good: NodeProcess; bad: NodeProcess }> {
    const made = await nodeCluster(3, { tls: true, partitions: 2 });
    cluster = made;
    const bad = made.nodes[id - 1]!;
    const raft = await change(made.authority!, bad.config.clusterId, id);
    const tls = bad.config.tls!;
    writeFileSync(bad.configFile, JSON.stringify({ ...bad.config, tls: { ...tls, raft: { ...tls.raft, ...raft } } }));
    const others = made.nodes.filter((n) => n !== bad);
    await Promise.all(others.map((n) => n.start()));
    return { good: others[0]!, bad };
  }

  async function isKeptOut(good: NodeProcess, id: number): Promise<void> {
    const db = await PrkDbClient.connect([`https://${good.address}`], { tls: await cluster!.authority!.client() });
    await eventually('a write without it', () => db.put('a', 'b'));
    db.close();
    const admin = new ClusterClient(`https://${good.address}`, { tls: await cluster!.authority!.client() });
    const status = await admin.status();
    admin.close();
    const peer = status.peers.find((p) => p.nodeId === id);
    expect(peer).toMatchObject({ connected: false });
    // Nothing that it might have said was ever heard.
    expect(peer!.lastHeardMsAgo).toBe(Number.MAX_SAFE_INTEGER);
  }

  it('keeps out a node of another authority, whichever side dials', async () => {
    const seenByGood = {
      1: 'its certificate is not of the cluster’s CA',
      3: 'not of an authority that is trusted here',
    };
    for (const id of [1, 3] as const) {
      const { good, bad } = await withThird(async (authority, clusterId) => {
        const stranger = await TestAuthority.create(authority.directory, 'stranger');
        const ca = `${authority.directory}/both.crt`;
        writeFileSync(ca, stranger.pair.cert + authority.pair.cert);
        return { ca, ...stranger.write('bad', await stranger.node(clusterId, id)) };
      }, id);
      await bad.start();
      await eventually('the words', () => Promise.resolve(good.output.includes(seenByGood[id])));
      await eventually('the words there', () => Promise.resolve(bad.output.includes('peerRefused')));
      expect(bad.output).not.toContain('"event":"electionWon"');
      await isKeptOut(good, id);
      await cluster!.dispose();
    }
  });

  it('lets no node start with the certificate of another, or with an expired one', async () => {
    const { good, bad } = await withThird(
      async (authority, clusterId) => authority.write('bad', await authority.node(clusterId, 2)),
      3,
    );
    await expect(bad.start()).rejects.toThrow(/is for n2\..*, and must be for n3\./);
    cluster!.authority!.write('bad', await cluster!.authority!.expiredNode(bad.config.clusterId, 3));
    await expect(bad.start()).rejects.toThrow(/bad\.crt has expired .*Renew it/);
    await isKeptOut(good, 3);
  });

  it('refuses a stream without a certificate, and one in plaintext, before any frame is read', async () => {
    cluster = await nodeCluster(3, { tls: true, partitions: 2 });
    const [node] = cluster.nodes as [NodeProcess];
    await node.start();
    const address = `127.0.0.1:${node.member.raftPort}`;
    const ca = Buffer.from(cluster.authority!.pair.cert);
    const call = (credentials: grpc.ChannelCredentials): Promise<grpc.ServiceError> => {
      const client = new grpc.Client(address, credentials, {
        'grpc.ssl_target_name_override': `n1.${node.config.clusterId}.prkdb`,
      });
      const asIs = (bytes: Buffer): Buffer => bytes;
      return new Promise((resolve) => {
        const stream = client.makeBidiStreamRequest('/prkdb.raft.RaftTransport/Peer', asIs, asIs);
        stream.on('error', (error) => resolve(error as grpc.ServiceError));
        stream.on('data', () => resolve(new Error('an answer') as grpc.ServiceError));
        stream.write(Buffer.from('not even a frame'));
      }).finally(() => client.close()) as Promise<grpc.ServiceError>;
    };
    const none = await call(grpc.credentials.createSsl(ca));
    expect(none).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
    expect(none.details).toContain('presented no certificate');
    const plain = await call(grpc.credentials.createInsecure());
    expect(plain).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
    expect(plain.details).toContain('speaks TLS');
    const old = await cluster.authority!.expiredNode(node.config.clusterId, 2);
    const expired = await call(grpc.credentials.createSsl(ca, Buffer.from(old.key), Buffer.from(old.cert)));
    expect(expired).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
    expect(expired.details).toContain('its certificate has expired');
    const client = await cluster.authority!.issue({});
    const wrong = await call(grpc.credentials.createSsl(ca, Buffer.from(client.key), Buffer.from(client.cert)));
    // With a certificate of the cluster the frame is read, and is no frame.
    expect(wrong.details).toContain('malformed frame');
    for (const words of [
      'it presented no certificate',
      'it speaks plaintext on a TLS port',
      'its certificate has expired',
      'malformed frame',
    ]) {
      await eventually(words, () => Promise.resolve(node.output.includes(words)));
    }
  });
});

describe('a plaintext node', () => {
  let cluster: NodeCluster;

  beforeAll(async () => {
    cluster = await nodeCluster(1, { partitions: 1 });
    await cluster.nodes[0]!.start();
  });

  afterAll(() => cluster?.dispose());

  it('tells a TLS client that it speaks plaintext', async () => {
    const [node] = cluster.nodes as [NodeProcess];
    const error = await failure(PrkDbClient.connect([`https://${node.address}`]));
    expect(error).toMatchObject({
      code: 'TLS',
      kind: 'speaksPlaintext',
      message: expect.stringMatching(/http:/) as string,
    });
    await eventually('the log', () => Promise.resolve(node.output.includes('it speaks TLS on a plaintext port')));
  });
});
