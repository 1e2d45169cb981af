import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrkDbClient } from '../../../engine/client/index.ts';
import { startLoad } from '../../../engine/load/load.ts';
import { KvStatus } from '../../../engine/rpc/kv.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';

let cluster: FakeCluster;
let client: PrkDbClient;

beforeEach(async () => {
  cluster = await FakeCluster.start(1, 4);
  client = await PrkDbClient.connect(cluster.endpoints);
});

afterEach(() => {
  client.close();
  cluster.stop();
});

describe('startLoad', () => {
  it('mixes reads and writes over a bounded set of keys and counts them', async () => {
    const load = startLoad(client, { clients: 8, readPercent: 50, keyCount: 10, valueBytes: 32 });
    await expect.poll(() => load.stats().acknowledged).toBeGreaterThan(100);
    const stats = await load.stop();
    const writes = cluster.received.filter((r) => r.request.write);
    expect(stats.acknowledged).toBe(writes.length);
    expect(stats.reads).toBe(cluster.received.filter((r) => r.request.get).length);
    expect(stats.failed).toBe(0);
    expect(stats.writeLatency.buckets.reduce((a, b) => a + b, 0)).toBe(stats.acknowledged);
    expect(stats.writeLatency.p99Ms).not.toBeNull();
    const keys = new Set(writes.map((r) => Buffer.from(r.request.write!.key).toString()));
    expect(keys.size).toBeLessThanOrEqual(10);
    expect([...keys].every((key) => /^load\/0000000\d$/.test(key))).toBe(true);
    expect(writes[0]!.request.write!.value).toHaveLength(32);
    const after = cluster.received.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(cluster.received.length).toBe(after);
  });

  it('has so many calls in flight and no more', async () => {
    cluster.script = (_, { openSession }) => (openSession ? undefined : 'hold');
    const load = startLoad(client, { clients: 5, readPercent: 0 });
    await expect.poll(() => cluster.held.length).toBe(5);
    expect(client.counters().inFlight).toBe(5);
    const stopped = load.stop();
    for (const answer of cluster.held) answer();
    expect((await stopped).acknowledged).toBe(5);
  });

  it('counts failures and repeats, and goes on', async () => {
    let calls = 0;
    cluster.script = (_, { openSession }) => {
      if (openSession) return undefined;
      calls++;
      if (calls === 1) return { status: KvStatus.Internal };
      return calls === 2 ? { status: KvStatus.Overloaded } : undefined;
    };
    const load = startLoad(client, { clients: 1, readPercent: 0 });
    await expect.poll(() => load.stats().acknowledged).toBeGreaterThan(3);
    expect(await load.stop()).toMatchObject({ failed: 1, retried: 1 });
  });

  it('ends when its client is closed', async () => {
    const load = startLoad(client, { clients: 3, readPercent: 100 });
    await expect.poll(() => load.stats().reads).toBeGreaterThan(0);
    client.close();
    expect((await load.stop()).lastError).toContain('closed');
  });

  it.each([{ clients: 0 }, { readPercent: 101 }, { keyCount: 0 }, { valueBytes: 2 ** 21 }])(
    'refuses %o with a sentence',
    (change) => {
      expect(() => startLoad(client, { clients: 1, readPercent: 0, ...change })).toThrow(RangeError);
    },
  );
});
