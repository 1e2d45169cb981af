import { execFile } from 'node:child_process';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ClosedError,
  ConflictError,
  ConnectionError,
  DeadlineExceededError,
  SessionExpiredError,
  InvalidArgumentError,
  InvalidKeyError,
  InvalidValueError,
  NoLeaderError,
  PrkDbClient,
  ReadMode,
  UnavailableError,
  UnknownOutcomeError,
} from '../../../engine/client/index.ts';
import { KvStatus } from '../../../engine/rpc/kv.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';

let cluster: FakeCluster;
let client: PrkDbClient;

beforeEach(async () => {
  cluster = await FakeCluster.start(3, 4);
  client = await PrkDbClient.connect(cluster.endpoints);
});

afterEach(() => {
  client.close();
  cluster.stop();
});

const writesReceived = () => cluster.received.filter((r) => r.request.write);

/** Whether at least so many requests came, and all of them as one and the same write. */
function sameWrites(count: number): boolean {
  const names = writesReceived().map(({ request: { write } }) => `${write?.session}:${write?.sequence}`);
  return names.length >= count && new Set(names).size === 1;
}

describe('calls', () => {
  it('puts, gets and deletes text and bytes', async () => {
    const binary = Uint8Array.from([0, 255, 10, 0]);
    expect(await client.put('a', 'one')).toMatchObject({ revision: 1, version: 1 });
    expect((await client.get('a'))?.value.toString()).toBe('one');
    await client.put(binary, binary);
    expect((await client.get(binary))?.value).toEqual(Buffer.from(binary));
    expect(await client.delete('a')).toMatchObject({ found: true });
    expect(await client.delete('a')).toMatchObject({ found: false });
    expect(await client.get('a')).toBeNull();
  });

  it('puts only at the expected revision, and says what is there otherwise', async () => {
    const { revision } = await client.put('a', 'one', { expectedRevision: 0 });
    await client.put('a', 'two', { expectedRevision: revision });
    const conflict = await client.put('a', 'three', { expectedRevision: revision }).catch((e: unknown) => e);
    expect(conflict).toBeInstanceOf(ConflictError);
    expect(Buffer.from((conflict as ConflictError).current!.value).toString()).toBe('two');
  });

  it('refuses keys, values and arguments that no node would accept, before sending', async () => {
    await expect(client.get('')).rejects.toThrow(InvalidKeyError);
    await expect(client.put('k'.repeat(4097), 'v')).rejects.toThrow(/4097 bytes; at most 4096/);
    await expect(client.put('k', 'v'.repeat(1024 * 1024 + 1))).rejects.toThrow(InvalidValueError);
    await expect(client.get(7 as unknown as string)).rejects.toThrow(InvalidKeyError);
    await expect(client.put('k', 'v', { expectedRevision: -1 })).rejects.toThrow(InvalidArgumentError);
    await expect(client.scan({ limit: 0 })).rejects.toThrow(InvalidArgumentError);
    await expect(client.scan({ cursor: '***' })).rejects.toThrow(/cursor does not belong/);
    await expect(client.get('k', { timeoutMs: 0 })).rejects.toThrow(InvalidArgumentError);
    expect(cluster.received).toEqual([]);
  });

  it('sends calls of one turn of the event loop in one message', async () => {
    await client.get('warm');
    cluster.batches.length = 0;
    await Promise.all(Array.from({ length: 50 }, (_, i) => client.get(`key${i}`)));
    expect(cluster.batches).toEqual([{ node: 1, size: 50 }]);
  });

  it('matches answers that come in another order', async () => {
    await Promise.all(['a', 'b', 'c'].map((key) => client.put(key, `value of ${key}`)));
    cluster.script = () => 'hold';
    const answers = Promise.all(['a', 'b', 'c'].map((key) => client.get(key)));
    await expect.poll(() => cluster.held.length).toBe(3);
    for (const answer of cluster.held.toReversed()) answer();
    expect((await answers).map((a) => a?.value.toString())).toEqual(['value of a', 'value of b', 'value of c']);
  });

  it('names every write of a client once', async () => {
    await Promise.all([client.put('a', '1'), client.put('b', '1'), client.delete('c')]);
    const writes = writesReceived().map((r) => r.request.write!);
    expect(new Set(writes.map((w) => w.clientId)).size).toBe(1);
    expect(writes[0]?.clientId).toBeGreaterThan(0);
    expect(writes.every((w) => w.session > 0)).toBe(true);
    expect(new Set(writes.map((w) => `${w.session}:${w.sequence}`)).size).toBe(3);
  });

  it('opens one session for the first writes to a partition, and says which answers it has', async () => {
    await Promise.all(Array.from({ length: 20 }, () => client.put('a', '1')));
    await client.put('a', '2');
    expect(cluster.received.filter((r) => r.request.openSession)).toHaveLength(1);
    const writes = writesReceived().map((r) => r.request.write!);
    expect(writes.map((w) => w.sequence)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(writes.map((w) => w.acknowledged)).toEqual([...Array.from({ length: 20 }, () => 0), 20]);
  });

  it('opens another session when its own has expired, and writes in that', async () => {
    await client.put('a', '1');
    cluster.script = (_, { write }) => (write?.session === 1 ? { status: KvStatus.SessionExpired } : undefined);
    expect(await client.put('a', '2')).toMatchObject({ revision: 2 });
    expect(cluster.received.filter((r) => r.request.openSession)).toHaveLength(2);
  });

  it('does not write anew when its session expired after an attempt that was not answered', async () => {
    await client.put('a', '1');
    let attempts = 0;
    cluster.script = (_, { write }) => {
      if (!write) return undefined;
      return attempts++ === 0 ? { status: KvStatus.UnknownOutcome } : { status: KvStatus.SessionExpired };
    };
    const error = await client.put('a', '2').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SessionExpiredError);
    expect(error).toMatchObject({ outcome: 'unknown' });
  });

  it('puts a batch and reports each pair that failed', async () => {
    const result = await client.batchPut([
      ['a', '1'],
      ['', '2'],
      ['c', '3'],
    ]);
    expect(result.successful).toBe(2);
    expect(result.failures).toMatchObject([{ index: 1, key: '' }]);
  });

  it('tells health and metadata', async () => {
    expect(await client.health()).toMatchObject({ healthy: true, numPartitions: 4 });
    expect((await client.metadata()).nodes).toHaveLength(3);
  });
});

describe('leaders', () => {
  it('follows a hint at once and remembers it', async () => {
    cluster.leaders.fill(3);
    await client.put('a', '1');
    expect(cluster.received.map((r) => r.node)).toEqual([1, 3, 3]);
    await client.put('a', '2');
    expect(cluster.received.map((r) => r.node)).toEqual([1, 3, 3, 3]);
  });

  it('waits for a leader and asks for metadata once for all who wait', async () => {
    cluster.leaders.fill(0);
    const calls = Array.from({ length: 20 }, (_, i) => client.put(`k${i}`, 'v'));
    setTimeout(() => cluster.leaders.fill(2), 200);
    await Promise.all(calls);
    expect(cluster.metadataCalls).toBeLessThan(12);
  });

  it('says that there was none when the time runs out', async () => {
    cluster.leaders.fill(0);
    const error = await client.put('a', '1', { timeoutMs: 200 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NoLeaderError);
    expect((error as Error).message).toMatch(/Partition \d had no leader within 200 ms.*Nothing was written/);
  });

  it('takes the newest routing table when its own is too old', async () => {
    cluster.script = (_, request) => (request.epoch < 7 ? { status: KvStatus.StaleEpoch } : undefined);
    cluster.epoch = 7;
    await client.put('a', '1');
    expect(writesReceived().at(-1)?.request.epoch).toBe(7);
  });

  it('goes on when the leader is killed between calls', async () => {
    await client.put('a', '1');
    cluster.killNode(1);
    cluster.leaders.fill(2);
    // The read finds the stream broken; a write that raced it would be reported as unknown.
    expect((await client.get('a'))?.value.toString()).toBe('1');
    await client.put('a', '2');
    expect((await client.get('a'))?.value.toString()).toBe('2');
  });

  it('does not mistake another cluster on the same ports for its own', async () => {
    cluster.clusterId = 'other';
    await expect(client.metadata()).rejects.toThrow(/belongs to another cluster/);
  });
});

describe('what is repeated', () => {
  for (const status of [KvStatus.Overloaded, KvStatus.Unavailable, KvStatus.NoLeader] as const) {
    it(`repeats a write that was not done (status ${status})`, async () => {
      let refused = 0;
      cluster.script = (_, { write }) => (write && refused++ < 2 ? { status } : undefined);
      await client.put('a', '1');
      expect(writesReceived().length).toBeGreaterThanOrEqual(3);
      expect(client.counters().retries).toBeGreaterThanOrEqual(2);
    });
  }

  for (const status of [KvStatus.UnknownOutcome, KvStatus.DeadlineExceeded] as const) {
    it(`repeats a read, and a write as the same write, of unknown outcome (status ${status})`, async () => {
      let answered = 0;
      cluster.script = (_, { openSession }) => (!openSession && answered++ === 0 ? { status } : undefined);
      expect(await client.get('a')).toBeNull();
      answered = 0;
      expect(await client.put('a', '1')).toMatchObject({ revision: 1 });
      expect(sameWrites(2)).toBe(true);
    });
  }

  it('repeats a write as the same write when the stream breaks after it was sent', async () => {
    let broken = false;
    cluster.script = (_, { write }) => {
      if (!write || broken) return undefined;
      broken = true;
      return 'break';
    };
    expect(await client.put('a', '1')).toMatchObject({ revision: 1 });
    expect(sameWrites(2)).toBe(true);
  });

  it('is answered as the first attempt was, when only that answer was lost', async () => {
    let held = false;
    cluster.script = (_, { write }) => {
      if (!write || held) return undefined;
      held = true;
      return 'hold';
    };
    expect(await client.put('a', '1', { timeoutMs: 5000 })).toMatchObject({ revision: 1 });
    expect((await client.get('a'))?.revision).toBe(1);
    expect(sameWrites(2)).toBe(true);
  });

  it('says that nobody knows when a write was never answered', async () => {
    cluster.script = (_, { write }) => (write ? { status: KvStatus.UnknownOutcome } : undefined);
    const error = await client.put('a', '1', { timeoutMs: 500 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect([UnknownOutcomeError, DeadlineExceededError].some((type) => error instanceof type)).toBe(true);
  });

  it('repeats a read when the stream breaks', async () => {
    let broken = false;
    cluster.script = () => {
      if (broken) return undefined;
      broken = true;
      return 'break';
    };
    expect(await client.get('a')).toBeNull();
  });

  it('gives up a silent node in time to ask another for a read', async () => {
    cluster.script = (node) => (node === 1 ? 'silent' : { entry: null });
    expect(await client.get('a', { timeoutMs: 3000 })).toBeNull();
    expect(cluster.received.map((r) => r.node)).toContain(1);
  });

  it('reports a write to a silent node as unknown at its deadline', async () => {
    cluster.script = (_, { openSession }) => (openSession ? undefined : 'silent');
    const error = await client.put('a', '1', { timeoutMs: 300 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ outcome: 'unknown' });
    expect(sameWrites(writesReceived().length)).toBe(true);
  });

  it('reports a read that nobody answered with the time it had', async () => {
    cluster.script = () => 'silent';
    const error = await client.get('a', { timeoutMs: 300 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeadlineExceededError);
    expect((error as DeadlineExceededError).outcome).toBe('none');
  });

  it('reads stale from any replica when the others are gone', async () => {
    await client.put('a', '1');
    cluster.killNode(1);
    cluster.killNode(3);
    for (let i = 0; i < 6; i++) {
      expect((await client.get('a', { readMode: ReadMode.Stale, timeoutMs: 2000 }))?.value.toString()).toBe('1');
    }
  });

  it('says that nothing was written when no node can be reached', async () => {
    for (const id of [1, 2, 3]) cluster.killNode(id);
    const error = await client.put('a', '1', { timeoutMs: 400 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as Error).message).toContain('Nothing was written');
  });

  it('comes back to a node that comes back', async () => {
    cluster.killNode(1);
    const put = client.put('a', '1', { timeoutMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await cluster.startNode(1);
    expect(await put).toMatchObject({ version: 1 });
  });

  it('rejects with the reason of its signal', async () => {
    cluster.script = () => 'silent';
    const stop = new AbortController();
    const get = client.get('a', { signal: stop.signal });
    stop.abort(new Error('never mind'));
    await expect(get).rejects.toThrow('never mind');
    await expect(client.get('a', { signal: stop.signal })).rejects.toThrow('never mind');
  });
});

describe('connections', () => {
  it('takes endpoints with and without http://', async () => {
    const bare = cluster.endpoints.map((e) => e.replace('http://', ''));
    const other = await PrkDbClient.connect(bare);
    expect(await other.get('a')).toBeNull();
    other.close();
  });

  it('lists every endpoint with its reason when none answers', async () => {
    const garbage = net.createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-garbage\r\n'));
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    const { port } = garbage.address() as net.AddressInfo;
    const refused = cluster.address(1);
    cluster.killNode(1);
    const error = await PrkDbClient.connect([refused, `127.0.0.1:${port}`], { connectTimeoutMs: 2000 }).catch(
      (e: unknown) => e,
    );
    garbage.close();
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as ConnectionError).attempts).toHaveLength(2);
    expect((error as ConnectionError).message).toContain('connection refused');
  });

  it('does not wait for a silent endpoint while another answers', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as net.AddressInfo;
    const other = await PrkDbClient.connect([`127.0.0.1:${port}`, cluster.address(2)], { connectTimeoutMs: 20_000 });
    expect(await other.get('a')).toBeNull();
    other.close();
    silent.close();
  });

  it.each(['ftp://localhost:1', 'localhost', 'http://localhost:7101/path', 'http://', '::::'])(
    'refuses the endpoint %s with a sentence',
    async (endpoint) => {
      await expect(PrkDbClient.connect([endpoint])).rejects.toThrow(InvalidArgumentError);
    },
  );

  it('rejects what is in flight when it is closed, and everything after', async () => {
    cluster.script = (_, { openSession }) => (openSession ? undefined : 'silent');
    await client.metadata();
    const get = client.get('a').catch((e: unknown) => e);
    const put = client.put('a', '1').catch((e: unknown) => e);
    await expect.poll(() => cluster.received.length).toBe(3);
    client.close();
    client.close();
    expect(await get).toBeInstanceOf(ClosedError);
    expect(await put).toMatchObject({ code: 'CLOSED', outcome: 'unknown' });
    await expect(client.get('a')).rejects.toThrow(ClosedError);
    await expect(client.metadata()).rejects.toThrow(ClosedError);
    expect(client.counters().inFlight).toBe(0);
  });

  it('gives up asking for metadata when it is closed', async () => {
    cluster.silentMetadata = true;
    const asked = client.metadata({ timeoutMs: 60_000 }).catch((e: unknown) => e);
    await expect.poll(() => cluster.metadataCalls).toBeGreaterThan(1);
    client.close();
    expect(await asked).toBeInstanceOf(ClosedError);
  });

  it('leaves nothing that keeps a process alive', async () => {
    cluster.script = (_, { get, write }) => {
      const key = Buffer.from((get ?? write)?.key ?? []).toString();
      return key === 'silent' ? 'silent' : undefined;
    };
    const script = fileURLToPath(new URL('../../support/client-child.ts', import.meta.url));
    const endpoints = [...cluster.endpoints, 'http://127.0.0.1:1'];
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...endpoints], { timeout: 20_000 });
    expect(stdout).toBe('fulfilled rejected rejected fulfilled fulfilled');
  });
});
