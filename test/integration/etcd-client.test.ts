import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addMember,
  compact,
  countKeys,
  defragment,
  deleteKey,
  EtcdClient,
  keyHistory,
  listAlarms,
  listMembers,
  listRoles,
  listUsers,
  moveLeader,
  promoteMember,
  readKey,
  readRange,
  removeMember,
  saveSnapshot,
  watchPrefix,
  writeKey,
  type EtcdStatus,
} from '../../engine/etcd/index.ts';
import { EtcdCluster, noEtcd } from '../support/etcd-cluster.ts';
import { eventually, freePorts } from '../support/node-cluster.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

async function leaderOf(client: EtcdClient): Promise<EtcdStatus & { address: string }> {
  return eventually('a leader', async () => {
    for (const address of client.addresses) {
      const status = await client.status(address, 1_000).catch(() => null);
      if (status !== null && status.leaderId !== '0' && status.leaderId === status.memberId)
        return { ...status, address };
    }
    return null;
  });
}

describe.skipIf(noEtcd)('three members', () => {
  let etcd: EtcdCluster;
  let client: EtcdClient;

  beforeAll(async () => {
    etcd = await EtcdCluster.start();
    client = new EtcdClient({ endpoints: etcd.endpoints });
  });
  afterAll(async () => {
    client.close();
    await etcd.stop();
  });

  test('one address is enough: the others are learned', async () => {
    const one = new EtcdClient({ endpoints: [etcd.endpoints[0]!] });
    const members = await listMembers(one);
    one.learn(members);
    expect(members.map((member) => member.name).sort()).toEqual(['m1', 'm2', 'm3']);
    expect(one.addresses.sort()).toEqual(etcd.endpoints.map((url) => new URL(url).host).sort());
    const statuses = await Promise.all(one.addresses.map((address) => one.status(address, 2_000)));
    expect(new Set(statuses.map((status) => status.memberId))).toEqual(new Set(members.map((member) => member.id)));
    expect(new Set(statuses.map((status) => status.leaderId)).size).toBe(1);
    expect(statuses[0]!.version).toMatch(/^3\./);
    expect(statuses[0]!.dbSizeBytes).toBeGreaterThan(0);
    one.close();
  });

  test('keys are written under a condition, and a conflict shows what is there', async () => {
    const key = bytes('cas');
    const created = await writeKey(client, key, bytes('1'), 0);
    expect(created).toMatchObject({ outcome: 'done' });
    expect(await writeKey(client, key, bytes('2'), 0)).toMatchObject({
      outcome: 'conflict',
      current: { value: bytes('1'), version: 1 },
    });
    const revision = created.outcome === 'done' ? created.revision : 0;
    const saved = await writeKey(client, key, bytes('2'), revision);
    expect(saved).toMatchObject({ outcome: 'done', existed: true });
    expect(await writeKey(client, key, bytes('3'), null)).toMatchObject({ outcome: 'done', existed: true });
    expect(await deleteKey(client, key, revision)).toMatchObject({
      outcome: 'conflict',
      current: { value: bytes('3') },
    });
    expect(await deleteKey(client, key, null)).toMatchObject({ outcome: 'done', existed: true });
    expect(await deleteKey(client, key, null)).toMatchObject({ outcome: 'done', existed: false });
    expect(await readKey(client, key)).toBeNull();
  });

  test('pages hold a prefix together, of one moment', async () => {
    const put = (name: string) => writeKey(client, bytes(name), bytes('x'), null);
    for (const name of ['page/c', 'page/a', 'page/b', 'pagf']) await put(name);
    const prefix = bytes('page/');
    const first = await readRange(client, { prefix, limit: 2, keysOnly: true });
    await put('page/d');
    const [, last] = first.entries;
    const rest = await readRange(client, { prefix, limit: 2, after: last!.key, revision: first.revision });
    expect(first.entries.map((entry) => entry.key.toString())).toEqual(['page/a', 'page/b']);
    expect(first.entries[0]!.value).toHaveLength(0);
    expect(rest.entries.map((entry) => entry.key.toString())).toEqual(['page/c']);
    expect(rest.more).toBe(false);
    expect(await countKeys(client, prefix)).toBe(4);
  });

  test('10,000 keys under one prefix, and a value of 1.4 MB', async () => {
    const prefix = bytes('many/');
    for (let batch = 0; batch < 100; batch++) {
      const names = Array.from({ length: 100 }, (_, i) => `many/${String(batch * 100 + i).padStart(5, '0')}`);
      const success = names.map((name) => ({ requestPut: { key: bytes(name), value: bytes(name) } }));
      await client.call('KV', 'Txn', { success }, { writes: true });
    }
    const page = await readRange(client, { prefix, limit: 10_000 });
    expect(page.entries).toHaveLength(10_000);
    const large = Buffer.alloc(1_400_000, 7);
    await writeKey(client, bytes('large'), large, null);
    expect((await readKey(client, bytes('large')))?.value.equals(large)).toBe(true);
    await expect(writeKey(client, bytes('too large'), Buffer.alloc(2_000_000), null)).rejects.toMatchObject({
      code: 'tooLarge',
    });
  });

  test('a watch that was away tells more than a message holds, and each transaction whole', async () => {
    const prefix = bytes('heavy/');
    const { revision } = await readRange(client, { prefix, limit: 1 });
    for (let i = 0; i < 8; i++) {
      await writeKey(client, bytes(`heavy/${i}`), Buffer.alloc(1_400_000, i), null, 20_000);
      const together = ['a', 'b', 'c'].map((name) => ({
        requestPut: { key: bytes(`heavy/${i}/${name}`), value: Buffer.alloc(400_000, i) },
      }));
      await client.call('KV', 'Txn', { success: together }, { writes: true, timeoutMs: 20_000 });
    }
    const stop = new AbortController();
    const sizes: number[] = [];
    let ended = revision;
    for await (const changes of watchPrefix(client, { prefix, startRevision: revision + 1, signal: stop.signal })) {
      const revisions = changes.map(({ entry }) => entry.modRevision);
      // Nothing of a revision comes after a batch that it was in.
      expect(Math.min(...revisions)).toBeGreaterThan(ended);
      ended = Math.max(...revisions);
      sizes.push(...changes.map(({ entry }) => entry.value.length));
      if (sizes.length === 32) stop.abort();
    }
    expect(sizes.filter((size) => size === 1_400_000)).toHaveLength(8);
  });

  test('a watch tells changes in order, and history ends where it was compacted', async () => {
    const key = bytes('watched/a');
    const stop = new AbortController();
    const seen: string[] = [];
    const before = await readRange(client, { prefix: bytes('watched/'), limit: 1 });
    const watching = (async () => {
      const options = { prefix: bytes('watched/'), startRevision: before.revision + 1, signal: stop.signal };
      for await (const changes of watchPrefix(client, options)) {
        for (const { type, entry } of changes) seen.push(`${type} ${entry.value.toString()}`);
        if (seen.length >= 4) return;
      }
    })();
    let middle = 0;
    for (const value of ['1', '2', '3']) {
      const result = await writeKey(client, key, bytes(value), null);
      if (value === '2' && result.outcome === 'done') middle = result.revision;
    }
    expect((await keyHistory(client, key, 10)).versions.map((entry) => entry.value.toString())).toEqual([
      '3',
      '2',
      '1',
    ]);
    await compact(client, middle);
    const cut = await keyHistory(client, key, 10);
    expect(cut.isCut).toBe(true);
    expect(cut.versions.map((entry) => entry.value.toString())).toEqual(['3', '2']);
    await expect(readKey(client, key, { revision: middle - 1 })).rejects.toMatchObject({ code: 'compacted' });
    await deleteKey(client, key, null);
    await watching;
    expect(seen).toEqual(['put 1', 'put 2', 'put 3', 'delete ']);
    stop.abort();
    const late = watchPrefix(client, { prefix: key, startRevision: 1, signal: new AbortController().signal });
    await expect(late.next()).rejects.toMatchObject({ code: 'compacted' });
  });

  test('leadership moves, members come and go, a snapshot is whole', async () => {
    const [port] = await freePorts(1);
    // It wants all members connected for some seconds first.
    const learner = await eventually('a member added', () => addMember(client, [`http://127.0.0.1:${port}`], true));
    expect((await listMembers(client)).find((member) => member.id === learner.id)?.isLearner).toBe(true);
    await expect(promoteMember(client, learner.id)).rejects.toMatchObject({ code: 'refused' });
    await removeMember(client, learner.id);
    const members = await listMembers(client);
    expect(members).toHaveLength(3);

    const leader = await leaderOf(client);
    const target = members.find((member) => member.id !== leader.memberId)!;
    await moveLeader(client, leader.address, target.id);
    expect((await leaderOf(client)).memberId).toBe(target.id);

    await defragment(client, client.addresses[0]!);
    expect(await listAlarms(client)).toEqual([]);
    const file = path.join(etcd.directory, 'backup.db');
    const { sizeBytes } = await saveSnapshot(client, file);
    expect(sizeBytes % 512).toBe(32);
    expect(statSync(file)).toMatchObject({ size: sizeBytes });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).includes(Buffer.from('many/00042'))).toBe(true);
  });

  test('the others answer when one is gone, and a stopped one is named', async () => {
    const leader = await leaderOf(client);
    const name = (await listMembers(client)).find((member) => member.id === leader.memberId)!.name;
    await etcd.kill(name);
    const next = await leaderOf(client);
    expect(next.memberId).not.toBe(leader.memberId);
    expect(next.term).toBeGreaterThan(leader.term);
    expect(await eventually('a write', () => writeKey(client, bytes('after'), bytes('1'), null))).toMatchObject({
      outcome: 'done',
    });
    await expect(client.status(leader.address, 1_000)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('connection refused') as string,
    });
    etcd.startMember(name);
    await eventually('the member is back', () => client.status(leader.address, 1_000));
  });
});

test.skipIf(noEtcd)('users, their roles, and what is refused them', async () => {
  const etcd = await EtcdCluster.start({ members: 1, tls: true });
  const clients: EtcdClient[] = [];
  const connect = (user: { name: string; password: string } | undefined, ca = etcd.authority!.pair.cert) => {
    const client = new EtcdClient({ endpoints: etcd.endpoints, tls: { ca }, user });
    clients.push(client);
    return client;
  };
  try {
    const password = 'a very long password';
    await etcd.enableAuth(password);
    const root = connect({ name: 'root', password });
    await writeKey(root, bytes('app/a'), bytes('1'), null);
    expect(await listUsers(root)).toEqual([
      { name: 'reader', roles: ['app-reader'] },
      { name: 'root', roles: ['root'] },
    ]);
    expect((await listRoles(root)).find((role) => role.name === 'app-reader')?.permissions).toEqual([
      { type: 'read', key: bytes('app/'), rangeEnd: bytes('app0') },
    ]);
    const reader = connect({ name: 'reader', password });
    expect((await readKey(reader, bytes('app/a')))?.value).toEqual(bytes('1'));
    await expect(writeKey(reader, bytes('app/a'), bytes('2'), null)).rejects.toMatchObject({
      code: 'permissionDenied',
    });
    await expect(readKey(reader, bytes('other'))).rejects.toMatchObject({ code: 'permissionDenied' });
    await expect(readKey(connect({ name: 'root', password: 'wrong' }), bytes('app/a'))).rejects.toMatchObject({
      code: 'unauthenticated',
      message: 'etcd does not know this user with this password.',
    });
    await expect(readKey(connect(undefined), bytes('app/a'))).rejects.toMatchObject({ code: 'unauthenticated' });
  } finally {
    for (const client of clients) client.close();
    await etcd.stop();
  }
});
