import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrkDbClient } from '../../engine/client/index.ts';
import { deleteKey, EtcdClient, readRange, writeKey } from '../../engine/etcd/index.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { EtcdCluster, noEtcd } from '../support/etcd-cluster.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';
import { tempDir } from '../support/temp.ts';

const KEYS = 1_500;
const keyOf = (i: number): string => `app/${String(i).padStart(6, '0')}`;
/** Not only text. */
const valueOf = (i: number): Buffer => Buffer.from([0, 255, i % 256, ...Buffer.from(`value ${i}`)]);

const home = tempDir();
let etcd: EtcdCluster;
let prkdb: NodeCluster;
let etcdRef: string;
let prkdbRef: string;
const hosts = (endpoints: readonly string[]): string => endpoints.map((url) => new URL(url).host).join(',');

async function inPrkDb(prefix: string): Promise<Map<string, string>> {
  const client = await PrkDbClient.connect(prkdb.endpoints);
  const found = new Map<string, string>();
  let cursor: string | null = null;
  do {
    const page = await client.scan({ prefix, limit: 1_000, cursor });
    for (const { key, value } of page.entries) found.set(key.toString(), value.toString('base64'));
    cursor = page.cursor;
  } while (cursor !== null);
  client.close();
  return found;
}

const checkpoints = (): string[] => {
  try {
    // One that is being written is none yet.
    return readdirSync(path.join(home.path, 'copies')).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
};

describe.skipIf(noEtcd)('prkdb copy', () => {
  beforeAll(async () => {
    [etcd, prkdb] = await Promise.all([EtcdCluster.start({ members: 1 }), nodeCluster(1, { partitions: 2 })]);
    await Promise.all(prkdb.nodes.map((node) => node.start()));
    etcdRef = `etcd://${hosts(etcd.endpoints)}`;
    prkdbRef = `prkdb://${hosts(prkdb.endpoints)}`;
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    for (let i = 0; i < KEYS; i += 100) {
      const success = Array.from({ length: 100 }, (_, j) => ({
        requestPut: { key: Buffer.from(keyOf(i + j)), value: valueOf(i + j) },
      }));
      await client.call('KV', 'Txn', { success }, { writes: true });
    }
    client.close();
  });
  afterAll(async () => {
    await Promise.all([etcd.stop(), prkdb.dispose()]);
    home.remove();
  });

  test('a copy killed in the middle goes on, and both sides are equal, byte for byte', async () => {
    const args = ['copy', '--from', etcdRef, '--to', prkdbRef, '--prefix', 'app/'];
    const child = startCommand(home.path, [...args, '--rate', '1000']);
    await eventually('the first checkpoint', async () => checkpoints().length > 0);
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
    const before = (await inPrkDb('app/')).size;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(KEYS);

    const result = await runCommand(home.path, [...args, '--json']);
    expect(result.stderr).toMatch(/Going on behind \d+ keys/);
    expect(JSON.parse(result.text)).toMatchObject({ read: KEYS, verified: true });
    const expected = new Map(Array.from({ length: KEYS }, (_, i) => [keyOf(i), valueOf(i).toString('base64')]));
    expect(await inPrkDb('app/')).toEqual(expected);
    expect(checkpoints()).toEqual([]);
  });

  test('and back again, after a rehearsal', async () => {
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    await client.call('KV', 'Txn', {
      success: [{ requestDeleteRange: { key: Buffer.from('app/'), rangeEnd: Buffer.from('app0') } }],
    });
    const args = ['copy', '--from', prkdbRef, '--to', etcdRef];
    const rehearsal = await runCommand(home.path, [...args, '--dry-run']);
    expect(rehearsal.text).toContain(`${KEYS} keys read, ${KEYS} to write, 0 the same already.`);
    const done = await runCommand(home.path, args);
    expect(done).toMatchObject({ code: 0 });
    const page = await readRange(client, { prefix: Buffer.from('app/'), limit: KEYS + 1 });
    client.close();
    expect(page.entries).toHaveLength(KEYS);
    expect(page.entries.every((entry, i) => entry.key.toString() === keyOf(i) && entry.value.equals(valueOf(i)))).toBe(
      true,
    );
  });

  test('changes are followed until it is told to end, also over a restart of etcd', async () => {
    const child = startCommand(home.path, ['copy', '--from', etcdRef, '--to', prkdbRef, '--follow']);
    let errors = '';
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await eventually('it follows', async () => errors.includes('Following'));
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    await writeKey(client, Buffer.from('app/new'), Buffer.from('1'), null);
    await deleteKey(client, Buffer.from(keyOf(0)), null);
    await eventually('both changes', async () => {
      const now = await inPrkDb('app/');
      return now.has('app/new') && !now.has(keyOf(0));
    });
    await etcd.kill('m1');
    etcd.startMember('m1');
    await eventually('a write', () => writeKey(client, Buffer.from('app/new'), Buffer.from('2'), null));
    const expected = Buffer.from('2').toString('base64');
    await eventually('it too', async () => (await inPrkDb('app/new')).get('app/new') === expected);
    client.close();
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(checkpoints()).toEqual([]);
  });

  test('what cannot be done is said in two lines', async () => {
    const other = await PrkDbClient.connect(prkdb.endpoints);
    await other.put(keyOf(1), 'changed');
    other.close();
    const conflict = await runCommand(home.path, ['copy', '--from', prkdbRef, '--to', etcdRef]);
    expect(conflict).toMatchObject({ code: 1 });
    expect(conflict.stderr).toContain(`"${keyOf(1)}" is in the target with another value.`);
    const skipped = await runCommand(home.path, ['copy', '--from', prkdbRef, '--to', etcdRef, '--on-conflict', 'skip']);
    expect(skipped.text).toContain('1 skipped');
    const wrong = await runCommand(home.path, ['copy', '--from', 'redis://x:1', '--to', etcdRef]);
    expect(wrong).toMatchObject({ code: 2 });
    const nobody = await runCommand(home.path, ['copy', '--from', 'etcd://127.0.0.1:1', '--to', etcdRef]);
    expect(nobody.stderr).toMatch(/^prkdb: 127\.0\.0\.1:1 cannot be reached: connection refused\.\n/);
  });
});
