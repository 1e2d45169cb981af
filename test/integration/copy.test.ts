import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrkDbClient } from '../../engine/client/index.ts';
import { deleteKey, EtcdClient, readKey, readLease, readRange, writeKey } from '../../engine/etcd/index.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { EtcdCluster, noEtcd } from '../support/etcd-cluster.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';
import { tempDir } from '../support/temp.ts';

/** PRKDB_COPY_KEYS=100000 is the whole story, and takes minutes; this is as much as every run can afford. */
const KEYS = Number(process.env['PRKDB_COPY_KEYS'] ?? 1_500);
const IS_LONG = KEYS > 10_000;
const PATIENCE_MS = IS_LONG ? 1_800_000 : 120_000;
/** So slow that a kill comes in the middle, of a long copy after about half of it. */
const KILL_BEHIND = IS_LONG ? KEYS / 2 : 1;
const RATE = IS_LONG ? 1_000_000 : 1_000;
const keyOf = (i: number): string => `app/${String(i).padStart(6, '0')}`;
const tell = (words: string): void => {
  if (IS_LONG) console.log(`${KEYS} keys: ${words}`);
};
/** Not only text. */
const valueOf = (i: number): Buffer => Buffer.from([0, 255, i % 256, ...Buffer.from(`value ${i}`)]);

const home = tempDir();
let etcd: EtcdCluster;
let prkdb: NodeCluster;
let etcdRef: string;
let prkdbRef: string;
const hosts = (endpoints: readonly string[]): string => endpoints.map((url) => new URL(url).host).join(',');

/** All of etcd under a prefix. */
async function inEtcd(client: EtcdClient, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let after: Buffer = Buffer.alloc(0);
  for (;;) {
    const { entries } = await readRange(client, { prefix: Buffer.from(prefix), after, limit: 1_000 });
    for (const { key, value } of entries) found.set(key.toString(), value.toString('base64'));
    const last = entries.at(-1);
    if (last === undefined) return found;
    after = last.key;
  }
}

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

const expected = (): Map<string, string> =>
  new Map(Array.from({ length: KEYS }, (_, i) => [keyOf(i), valueOf(i).toString('base64')]));

/** How many keys the checkpoint says are copied; 0 without one. */
const copiedSoFar = (): number => {
  const [name] = checkpoints();
  if (name === undefined) return 0;
  const { counts } = JSON.parse(readFileSync(path.join(home.path, 'copies', name), 'utf8')) as {
    counts: { read: number };
  };
  return counts.read;
};

/** Starts a copy, and kills it in the middle. */
async function killedCopy(args: readonly string[]): Promise<void> {
  const child = startCommand(home.path, [...args, '--rate', String(RATE)]);
  const gone = new Promise((resolve) => child.once('close', resolve));
  await eventually('the middle of the copy', async () => copiedSoFar() >= KILL_BEHIND, PATIENCE_MS);
  child.kill('SIGKILL');
  await gone;
  tell(`killed behind ${copiedSoFar()}`);
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

  test(
    'a copy killed in the middle goes on, and both sides are equal, byte for byte',
    async () => {
      const args = ['copy', '--from', etcdRef, '--to', prkdbRef, '--prefix', 'app/'];
      await killedCopy(args);
      const before = (await inPrkDb('app/')).size;
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(KEYS);

      const startedMs = performance.now();
      const result = await runCommand(home.path, [...args, '--json']);
      tell(`the rest of the way from etcd took ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      expect(result.stderr).toMatch(/Going on behind \d+ keys/);
      expect(JSON.parse(result.text)).toMatchObject({ read: KEYS, verified: true });
      expect(await inPrkDb('app/')).toEqual(expected());
      expect(checkpoints()).toEqual([]);
      const compared = await runCommand(home.path, [...args, '--compare', '--json']);
      expect(JSON.parse(compared.text)).toMatchObject({ isEqual: true, same: KEYS });
    },
    PATIENCE_MS,
  );

  test(
    'and back again, after a rehearsal',
    async () => {
      const client = new EtcdClient({ endpoints: etcd.endpoints });
      await client.call('KV', 'Txn', {
        success: [{ requestDeleteRange: { key: Buffer.from('app/'), rangeEnd: Buffer.from('app0') } }],
      });
      const args = ['copy', '--from', prkdbRef, '--to', etcdRef];
      const rehearsal = await runCommand(home.path, [...args, '--dry-run']);
      expect(rehearsal.text + rehearsal.stderr).toContain(`${KEYS} keys read, ${KEYS} to write, 0 the same already.`);
      if (IS_LONG) await killedCopy(args);
      const startedMs = performance.now();
      const done = await runCommand(home.path, args);
      tell(`the rest of the way back took ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      expect(done).toMatchObject({ code: 0 });
      expect(await inEtcd(client, '')).toEqual(expected());
      client.close();
    },
    PATIENCE_MS,
  );

  test('large values, keys that are no text and the time that is left to a key arrive on the other side', async () => {
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    const db = await PrkDbClient.connect(prkdb.endpoints);
    const mebibyte = Buffer.alloc(1024 * 1024, 0xa5);
    const binary = Buffer.from([0x6f, 0x2f, 0x00, 0xff, 0x0a]);
    await db.put('o/large', mebibyte);
    await db.put(binary, Buffer.from([0]));
    await db.put('o/session', 'short', { ttlMs: 3_600_000 });
    const there = await runCommand(home.path, [
      'copy',
      '--from',
      prkdbRef,
      '--to',
      etcdRef,
      '--prefix',
      'o/',
      '--json',
    ]);
    expect(JSON.parse(there.text)).toMatchObject({ read: 3, written: 3 });
    expect((await readKey(client, Buffer.from('o/large')))!.value.equals(mebibyte)).toBe(true);
    expect((await readKey(client, binary))!.value).toEqual(Buffer.from([0]));
    const session = await readKey(client, Buffer.from('o/session'));
    const { ttlSeconds } = await readLease(client, session!.leaseId);
    expect(ttlSeconds).toBeGreaterThan(3_000);
    expect(ttlSeconds).toBeLessThanOrEqual(3_601);

    // And back into other names: what etcd holds under its leases, and what only etcd takes.
    for (const key of ['o/large', 'o/session']) await db.delete(key);
    await db.delete(binary);
    const tooLarge = Buffer.alloc(1_400_000, 7);
    for (let i = 0; i < 14; i++) await writeKey(client, Buffer.from(`o/more/${i}`), tooLarge, null, 20_000);
    const back = ['copy', '--from', etcdRef, '--to', prkdbRef, '--prefix', 'o/'];
    const stopped = await runCommand(home.path, back);
    expect(stopped).toMatchObject({ code: 1 });
    expect(stopped.stderr).toMatch(/"o\/more\/\d+" was not copied: .*1 MiB/);
    const done = await runCommand(home.path, [...back, '--skip-too-large', '--json']);
    expect(JSON.parse(done.text)).toMatchObject({ read: 17, tooLarge: 14 });
    expect((await db.get('o/large'))!.value.equals(mebibyte)).toBe(true);
    expect((await db.get(binary))!.value).toEqual(Buffer.from([0]));
    const leftMs = (await db.get('o/session'))!.expiresAtMs! - Date.now();
    expect(leftMs).toBeGreaterThan(3_000_000);
    for (const key of ['o/large', 'o/session']) await db.delete(key);
    await db.delete(binary);
    await client.call('KV', 'Txn', {
      success: [{ requestDeleteRange: { key: Buffer.from('o/'), rangeEnd: Buffer.from('o0') } }],
    });
    client.close();
    db.close();
  });

  test('changes of PrkDB are followed into etcd, with their deletions', async () => {
    const child = startCommand(home.path, ['copy', '--from', prkdbRef, '--to', etcdRef, '--follow']);
    let errors = '';
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await eventually('it follows', async () => errors.includes('Following'), PATIENCE_MS);
    const client = new EtcdClient({ endpoints: etcd.endpoints });
    const db = await PrkDbClient.connect(prkdb.endpoints);
    await db.put('app/late', '1');
    await db.delete(keyOf(2));
    await eventually('both changes', async () => {
      const there = await Promise.all(['app/late', keyOf(2)].map((key) => readKey(client, Buffer.from(key))));
      return there[0]?.value.toString() === '1' && there[1] === null;
    });
    await db.delete('app/late');
    await eventually('the last one', async () => (await readKey(client, Buffer.from('app/late'))) === null);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    client.close();
    db.close();
  });

  test('changes are followed until it is told to end, also over a restart of etcd', async () => {
    const child = startCommand(home.path, ['copy', '--from', etcdRef, '--to', prkdbRef, '--follow']);
    let errors = '';
    child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await eventually('it follows', async () => errors.includes('Following'), PATIENCE_MS);
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
    const wanted = Buffer.from('2').toString('base64');
    await eventually('it too', async () => (await inPrkDb('app/new')).get('app/new') === wanted);
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
    const rehearsed = await runCommand(home.path, ['copy', '--from', prkdbRef, '--to', etcdRef, '--dry-run']);
    expect(rehearsed).toMatchObject({ code: 1 });
    expect(rehearsed.stderr).toContain('The copy would stop: 1 key is in the target with another value.');
    const compared = await runCommand(home.path, ['copy', '--from', prkdbRef, '--to', etcdRef, '--compare']);
    expect(compared).toMatchObject({ code: 1 });
    expect(compared.stderr).toContain(`"${keyOf(1)}" has different values.`);
    const skipped = await runCommand(home.path, ['copy', '--from', prkdbRef, '--to', etcdRef, '--on-conflict', 'skip']);
    expect(skipped.text).toContain('1 skipped');
    const wrong = await runCommand(home.path, ['copy', '--from', 'redis://x:1', '--to', etcdRef]);
    expect(wrong).toMatchObject({ code: 2 });
    const nobody = await runCommand(home.path, ['copy', '--from', 'etcd://127.0.0.1:1', '--to', etcdRef]);
    expect(nobody.stderr).toMatch(/^prkdb: 127\.0\.0\.1:1 cannot be reached: connection refused\.\n/);
  });
});
