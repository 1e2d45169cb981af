import * as grpc from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConflictError, PrkDbClient, WatchCompactedError } from '../../engine/client/index.ts';
import type { WatchEvent } from '../../engine/rpc/kv.ts';
import { serviceClient } from '../../engine/rpc/protos.ts';
import { childProcessLauncher, createSupervisor, type Supervisor } from '../../engine/supervisor/index.ts';
import { eventually } from '../support/node-cluster.ts';
import { freeBasePort, tempDir } from '../support/temp.ts';

const NAME = 'once-test';

let temp: ReturnType<typeof tempDir>;
let supervisor: Supervisor;
let client: PrkDbClient;
let endpoints: string[];

const leader = async () => (await client.metadata()).partitions[0]!.leaderId;

beforeAll(async () => {
  temp = tempDir();
  supervisor = await createSupervisor({ home: temp.path, actor: 'app', launcher: childProcessLauncher() });
  const basePort = await freeBasePort(3);
  await supervisor.create({ name: NAME, nodes: 3, partitions: 1, replicationFactor: 3, basePort, dataDir: null });
  const { record } = await supervisor.start(NAME, { detach: false });
  endpoints = record.members.map((m) => `http://${m.host}:${m.clientPort}`);
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

  it('shows every change once to those who watch, while each node is killed in turn', async () => {
    const watcher = client.watch('watched/');
    await watcher.started();
    const first = watcher.position;
    const seen: { revision: number; value: string; kind: string }[] = [];
    const watching = (async () => {
      for await (const { revision, value, kind } of watcher) {
        seen.push({ revision, value: value.toString(), kind });
        if (value.toString() === 'last') return;
      }
    })();
    let written = 0;
    for (const id of [1, 2, 3]) {
      await supervisor.killNode(NAME, id);
      for (let i = 0; i < 20; i++) await client.put(`watched/${written % 7}`, `${written++}`);
      await supervisor.startNode(NAME, id);
      await eventually('a leader', async () => (await leader()) !== 0);
    }
    await client.delete('watched/0');
    await client.put('watched/1', 'last');
    await watching;
    const values = [...Array.from({ length: written }, (_, i) => `${i}`), '', 'last'];
    expect(seen.map(({ value }) => value)).toEqual(values);
    expect(seen.at(-2)?.kind).toBe('delete');
    const revisions = seen.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.map((_, i) => revisions[0]! + i));

    const since = seen[Math.floor(seen.length / 2)]!;
    const again = client.watch('watched/', { from: `0:${since.revision}` });
    const rest: number[] = [];
    // The node that was killed last remembers little; the others do, and one of them is found.
    for await (const { revision, value } of again) {
      rest.push(revision);
      if (value.toString() === 'last') break;
    }
    expect(rest).toEqual(revisions.filter((revision) => revision > since.revision));
    const compacted = client.watch('', { from: first.replace(/:\d+/, ':0') });
    await expect(compacted[Symbol.asyncIterator]().next()).rejects.toThrow(WatchCompactedError);
  });

  it('shows changes to a client of the published protocol, with nothing of ours in its way', async () => {
    const Service = serviceClient('prkdb', 'raft.PrkDbService');
    const address = endpoints[0]!.replace('http://', '');
    const raw = new Service(address, grpc.credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = Service.service['Watch']!;
    const open = (request: object) =>
      raw.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => WatchEvent,
        request,
      );
    const call = open({ keyPrefix: Buffer.from('plain/') });
    const events: WatchEvent[] = [];
    call.on('data', (event: WatchEvent) => events.push(event));
    call.on('error', () => undefined);
    // It says nothing until something changes, so changes are made until it has seen one.
    await eventually('an event', async () => {
      await client.put('plain/key', 'value');
      return events.length > 0;
    });
    await client.delete('plain/key');
    await eventually('the deletion', async () => events.at(-1)?.eventType === 1);
    call.cancel();
    const [first] = events;
    expect(first).toMatchObject({ eventType: 0, partition: 0 });
    expect(first?.value.toString()).toBe('value');
    expect(first?.offset).toBeGreaterThan(0);
    expect(events.map((event) => event.offset)).toEqual(events.map((_, i) => first!.offset + i));

    const late = open({ partitions: [{ partition: 0, hasRevision: true, afterRevision: 0 }] });
    late.resume();
    const refused = await new Promise<grpc.ServiceError>((resolve) => {
      late.on('error', (error) => resolve(error as grpc.ServiceError));
    });
    expect(refused.code).toBe(grpc.status.OUT_OF_RANGE);
    raw.close();
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
