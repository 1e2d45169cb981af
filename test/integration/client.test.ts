import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ClusterClient,
  ConflictError,
  InvalidKeyError,
  PrkDbClient,
  PrkDbError,
  ReadMode,
} from '../../engine/client/index.ts';
import { startLoad } from '../../engine/load/load.ts';
import { childProcessLauncher, createSupervisor, type Supervisor } from '../../engine/supervisor/index.ts';
import { eventually } from '../support/node-cluster.ts';
import { freeBasePort, tempDir } from '../support/temp.ts';

const NAME = 'client-test';
const PARTITIONS = 8;

let temp: ReturnType<typeof tempDir>;
let supervisor: Supervisor;
let endpoints: string[];
let client: PrkDbClient;

const leaders = async () => (await client.metadata()).partitions.map((p) => p.leaderId);
const allLed = async () => (await leaders()).every((leader) => leader !== 0);

/** The node that leads most partitions. */
async function busiestNode(): Promise<number> {
  const counts = new Map<number, number>();
  for (const leader of await leaders()) counts.set(leader, (counts.get(leader) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]![0];
}

/** Resolves when this node has applied all that the leaders have committed. */
async function caughtUp(nodeId: number): Promise<boolean> {
  const statuses = await Promise.all(
    endpoints.map(async (endpoint) => {
      const node = new ClusterClient(endpoint);
      try {
        return await node.status();
      } finally {
        node.close();
      }
    }),
  );
  const own = statuses.find((s) => s.nodeId === nodeId)!;
  return own.groups.every((group) => {
    const leader = statuses.flatMap((s) => s.groups).find((g) => g.group === group.group && g.role === 'leader');
    return leader !== undefined && group.appliedIndex >= leader.commitIndex && group.term === leader.term;
  });
}

beforeAll(async () => {
  temp = tempDir();
  supervisor = await createSupervisor({ home: temp.path, actor: 'app', launcher: childProcessLauncher() });
  const basePort = await freeBasePort(3);
  await supervisor.create({
    name: NAME,
    nodes: 3,
    partitions: PARTITIONS,
    replicationFactor: 3,
    basePort,
    dataDir: null,
  });
  const { record } = await supervisor.start(NAME, { detach: false });
  endpoints = record.members.map((m) => `http://${m.host}:${m.clientPort}`);
  client = await eventually('a client', () => PrkDbClient.connect(endpoints));
  await eventually('all led', allLed);
});

afterAll(async () => {
  client?.close();
  await supervisor?.close();
  temp.remove();
});

describe('a client of three nodes', () => {
  it('writes and reads in every mode, whichever node it was given', async () => {
    for (const [index, endpoint] of endpoints.entries()) {
      const one = await PrkDbClient.connect([endpoint]);
      try {
        const key = `mode/${index}`;
        const { revision } = await one.put(key, `value ${index}`);
        expect((await one.get(key))?.value.toString()).toBe(`value ${index}`);
        expect((await one.get(key, { readMode: ReadMode.Follower }))?.revision).toBe(revision);
        await eventually('the stale replicas follow', async () => {
          const entry = await one.get(key, { readMode: ReadMode.Stale });
          return entry?.value.toString() === `value ${index}`;
        });
        expect(await one.delete(key)).toMatchObject({ found: true });
        expect(await one.get(key)).toBeNull();
      } finally {
        one.close();
      }
    }
  });

  it('compares and swaps: of many who try, one wins', async () => {
    const { revision } = await client.put('counter', '0');
    const tries = Array.from({ length: 20 }, (_, i) =>
      client.put('counter', String(i), { expectedRevision: revision }),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    const lost = results.filter((r) => r.status === 'rejected' && r.reason instanceof ConflictError);
    expect(lost).toHaveLength(19);
    await expect(client.put('counter', 'x', { expectedRevision: 0 })).rejects.toThrow(ConflictError);
  });

  it('pages through all partitions in order, in every mode', async () => {
    const keys = Array.from({ length: 300 }, (_, i) => `scan/${String(i).padStart(4, '0')}`);
    const put = await client.batchPut(keys.map((key) => [key, key] as const));
    expect(put).toEqual({ successful: 300, failures: [] });
    for (const readMode of [ReadMode.Linearizable, ReadMode.Follower]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await client.scan({ prefix: 'scan/', limit: 70, cursor, readMode, keysOnly: true });
        seen.push(...page.entries.map((e) => e.key.toString()));
        cursor = page.cursor;
      } while (cursor !== null);
      expect(seen).toEqual(keys);
    }
  });

  it('carries the largest key and value, and refuses more before sending', async () => {
    const key = Buffer.alloc(4096, 0xff);
    const value = Buffer.alloc(1024 * 1024, 7);
    await client.put(key, value);
    expect((await client.get(key))?.value.equals(value)).toBe(true);
    await client.delete(key);
    await expect(client.get(Buffer.alloc(4097))).rejects.toThrow(InvalidKeyError);
    await expect(client.put('k', Buffer.alloc(1024 * 1024 + 1))).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('loses no acknowledged write when the node that leads most is killed under load', async () => {
    const acknowledged: string[] = [];
    const errors: unknown[] = [];
    let writing = true;
    const writer = async (id: number) => {
      for (let i = 0; writing; i++) {
        const key = `kill/${id}/${i}`;
        try {
          await client.put(key, key, { timeoutMs: 15_000 });
          acknowledged.push(key);
        } catch (error) {
          errors.push(error);
        }
      }
    };
    const writers = Array.from({ length: 16 }, (_, id) => writer(id));
    const load = startLoad(client, { clients: 16, readPercent: 50 });
    await eventually('some writes', async () => acknowledged.length > 200);

    const victim = await busiestNode();
    await supervisor.killNode(NAME, victim);
    const before = acknowledged.length;
    await eventually(
      'every partition is led by another',
      async () => {
        const now = await leaders();
        return now.every((leader) => leader !== 0 && leader !== victim);
      },
      10_000,
    );
    await eventually('writes go on', async () => acknowledged.length > before + 200, 10_000);
    await supervisor.startNode(NAME, victim);
    await eventually('the node is back', () => caughtUp(victim));
    writing = false;
    await Promise.all(writers);
    const stats = await load.stop();
    expect(stats.acknowledged).toBeGreaterThan(0);
    expect(stats.reads).toBeGreaterThan(0);

    // A write that was on its way to the killed leader may be reported as unknown, and as nothing else.
    for (const error of errors) expect(error).toMatchObject({ outcome: 'unknown' });
    const values = await Promise.all(acknowledged.map((key) => client.get(key, { timeoutMs: 20_000 })));
    const lost = acknowledged.filter((key, i) => values[i]?.value.toString() !== key);
    expect(lost).toEqual([]);
  });

  it('reads on while a node is frozen, and writes again when its partitions have moved', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `frozen/${i}`);
    await client.batchPut(keys.map((key) => [key, key] as const));
    const victim = await busiestNode();
    await supervisor.pauseNode(NAME, victim);
    try {
      const values = await Promise.all(keys.map((key) => client.get(key, { timeoutMs: 15_000 })));
      expect(values.map((v) => v?.value.toString())).toEqual(keys);
      await Promise.all(keys.map((key) => client.put(key, 'again', { timeoutMs: 15_000 })));
    } finally {
      await supervisor.resumeNode(NAME, victim);
    }
    await eventually('the node is back', () => caughtUp(victim));
  });

  it('says clearly that a majority is gone, reads stale, and heals', async () => {
    const keys = Array.from({ length: 2 * PARTITIONS }, (_, i) => `majority/${i}`);
    await client.batchPut(keys.map((key) => [key, 'kept'] as const));
    await eventually('node 3 has it all', () => caughtUp(3));
    await Promise.all([supervisor.killNode(NAME, 1), supervisor.killNode(NAME, 2)]);
    // Leaders without a majority give up their office.
    await eventually('no leader is known', async () => (await leaders()).every((leader) => leader === 0));

    const timeoutMs = 1500;
    const outcomes = await Promise.allSettled([
      ...keys.map((key) => client.put(key, 'lost', { timeoutMs })),
      ...keys.map((key) => client.get(key, { timeoutMs })),
    ]);
    const reasons = outcomes.map((o) => (o.status === 'rejected' ? (o.reason as PrkDbError).code : 'answered'));
    expect(reasons).toEqual(outcomes.map(() => 'NO_LEADER'));
    for (const key of keys) {
      const entry = await client.get(key, { readMode: ReadMode.Stale, timeoutMs: 5000 });
      expect(entry?.value.toString()).toBe('kept');
      expect(entry?.stalenessMs).toBeGreaterThan(0);
    }
    await supervisor.startNode(NAME, 1);
    const healed = await Promise.all(keys.map((key) => client.put(key, 'healed', { timeoutMs: 20_000 })));
    expect(healed).toHaveLength(keys.length);
    await supervisor.startNode(NAME, 2);
    await eventually('node 2 is back', () => caughtUp(2));
  });

  it('survives a restart of every node in turn', async () => {
    await client.put('rolling', 'value');
    for (const id of [1, 2, 3]) {
      await supervisor.restartNode(NAME, id);
      await eventually(`node ${id} is back`, () => caughtUp(id));
    }
    expect((await client.get('rolling', { timeoutMs: 15_000 }))?.value.toString()).toBe('value');
  });

  it('rejects within its deadline when everything is gone', async () => {
    await supervisor.stop(NAME);
    const began = Date.now();
    const error = await client.get('rolling', { timeoutMs: 500 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PrkDbError);
    expect(Date.now() - began).toBeLessThan(5000);
    await expect(PrkDbClient.connect(endpoints)).rejects.toMatchObject({ code: 'CONNECTION' });
  });
});
