import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConflictError, PrkDbClient } from '../../engine/client/index.ts';
import { childProcessLauncher, createSupervisor, type Supervisor } from '../../engine/supervisor/index.ts';
import { eventually } from '../support/node-cluster.ts';
import { freeBasePort, tempDir } from '../support/temp.ts';

const NAME = 'once-test';

let temp: ReturnType<typeof tempDir>;
let supervisor: Supervisor;
let client: PrkDbClient;

const leader = async () => (await client.metadata()).partitions[0]!.leaderId;

beforeAll(async () => {
  temp = tempDir();
  supervisor = await createSupervisor({ home: temp.path, actor: 'app', launcher: childProcessLauncher() });
  const basePort = await freeBasePort(3);
  await supervisor.create({ name: NAME, nodes: 3, partitions: 1, replicationFactor: 3, basePort, dataDir: null });
  const { record } = await supervisor.start(NAME, { detach: false });
  const endpoints = record.members.map((m) => `http://${m.host}:${m.clientPort}`);
  client = await eventually('a client', () => PrkDbClient.connect(endpoints, { timeoutMs: 20_000 }));
  await eventually('a leader', async () => (await leader()) !== 0);
});

afterAll(async () => {
  client?.close();
  await supervisor?.close();
  temp.remove();
});

describe('a cluster of three nodes', () => {
  it('applies every write of many callers once, while its leader is killed', async () => {
    const counters = Array.from({ length: 16 }, (_, i) => `counter ${i}`);
    let isOver = false;
    const work = counters.map(async (key) => {
      let written = 0;
      while (!isOver) {
        // A write that was applied twice would leave the next one with another version.
        const { version } = await client.put(key, `${written}`);
        written++;
        expect([key, version]).toEqual([key, written]);
      }
      return written;
    });
    await eventually('writes', async () => ((await client.get(counters[0]!))?.version ?? 0) > 20);
    const killed = await leader();
    await supervisor.killNode(NAME, killed);
    const before = (await client.get(counters[0]!))!.version;
    await eventually('more', async () => ((await client.get(counters[0]!))?.version ?? 0) > before + 20);
    isOver = true;
    const written = await Promise.all(work);
    const found = await Promise.all(counters.map(async (key) => (await client.get(key))!.version));
    expect(found).toEqual(written);
    await supervisor.startNode(NAME, killed);
  });

  it('lets keys go at their time, also when every node was restarted meanwhile, and remembers them', async () => {
    const ttlMs = 3000;
    const { expiresAtMs } = await client.put('short', 'here', { ttlMs });
    await client.put('long', 'here', { ttlMs: 3_600_000 });
    expect(expiresAtMs).toBeGreaterThan(Date.now());
    expect((await client.get('short'))?.value.toString()).toBe('here');
    for (const id of [1, 2, 3]) await supervisor.killNode(NAME, id);
    for (const id of [1, 2, 3]) await supervisor.startNode(NAME, id);
    await eventually('the key to go', async () => (await client.get('short')) === null);
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs!);
    expect((await client.get('long'))?.value.toString()).toBe('here');
    await eventually('a trace', async () => (await client.history('short'))[0]?.kind === 'expire');
    expect((await client.history('short')).map((r) => [r.kind, r.value?.toString() ?? null])).toEqual([
      ['expire', null],
      ['put', 'here'],
    ]);
  });

  it('applies a transaction as a whole or not at all', async () => {
    const { revision } = await client.put('from', '100');
    await client.transact([
      { put: 'from', value: '60', expectedRevision: revision },
      { put: 'to', value: '40', expectedRevision: 0 },
    ]);
    expect((await client.get('to'))?.value.toString()).toBe('40');
    const again = client.transact([{ delete: 'from' }, { check: 'to', expectedRevision: 0 }]);
    await expect(again).rejects.toThrow(ConflictError);
    await expect(again).rejects.toMatchObject({ at: 1 });
    expect((await client.get('from'))?.value.toString()).toBe('60');
  });
});
