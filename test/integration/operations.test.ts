import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkBackup, KeysInTheWayError, makeBackup, restoreBackup } from '../../engine/backup/index.ts';
import { ClusterClient, PrkDbClient } from '../../engine/client/index.ts';
import { diagnose } from '../../engine/node/doctor.ts';
import { runCommand } from '../support/command.ts';
import { tempDir } from '../support/temp.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

let source: NodeCluster;
let target: NodeCluster;

async function allKeys(db: PrkDbClient): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  let cursor: string | null = null;
  do {
    const page = await db.scan({ limit: 1000, cursor });
    for (const { key, value } of page.entries) all.set(key.toString('hex'), value.toString('hex'));
    ({ cursor } = page);
  } while (cursor !== null);
  return all;
}

beforeAll(async () => {
  [source, target] = await Promise.all([nodeCluster(3, { partitions: 8 }), nodeCluster(1, { partitions: 3 })]);
  await Promise.all([...source.nodes, ...target.nodes].map((n) => n.start()));
});

afterAll(async () => {
  await Promise.all([source?.dispose(), target?.dispose()]);
});

describe('a backup', () => {
  it('has all that was written before it, and comes back byte for byte in a cluster of another shape', async () => {
    const file = path.join(source.directory, 'b.prkdb');
    const from = await PrkDbClient.connect(source.endpoints);
    const to = await PrkDbClient.connect(target.endpoints);
    const value = (i: number) => Buffer.alloc(i % 3 === 0 ? 3000 : i % 50, i % 256);
    const key = (i: number) => Buffer.concat([Buffer.from([i % 256, 0, 255]), Buffer.from(String(i))]);
    await eventually('a leader', () => from.put('x', 'x'));
    await from.batchPut(Array.from({ length: 800 }, (_, i) => [key(i), value(i)] as const));
    await from.delete('x');
    await from.put('for an hour', 'y', { ttlMs: 3_600_000 });
    const before = await allKeys(from);
    expect(before.size).toBe(801);

    // One that has begun is kept up by nobody who writes meanwhile, and what they write may or may not be in it.
    let stop = false;
    const writing = (async () => {
      for (let i = 0; !stop; i++) await from.put(`during-${i}`, String(i));
    })();
    const made = await makeBackup({ endpoints: source.endpoints, connection: {}, file });
    stop = true;
    await writing;
    expect(made.partitions.map((p) => p.partition)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(made.partitions.every((p) => p.index > 0)).toBe(true);
    expect(await checkBackup(file)).toMatchObject({ keys: made.keys, bytes: made.bytes });

    const options = { file, endpoints: target.endpoints, connection: {}, overwrite: false, verify: true };
    const cut = `${file}.cut`;
    copyFileSync(file, cut);
    truncateSync(cut, statSync(file).size - 40);
    await expect(restoreBackup({ ...options, file: cut })).rejects.toThrow(/cut off/);
    expect((await allKeys(to)).size).toBe(0);

    expect(await restoreBackup(options)).toMatchObject({ written: made.keys, same: 0 });
    const after = await allKeys(to);
    expect(after.size).toBe(made.keys);
    for (const [k, v] of before) expect(after.get(k)).toBe(v);
    for (const [k] of after) expect(before.has(k) || Buffer.from(k, 'hex').toString().startsWith('during-')).toBe(true);

    const [there, here] = await Promise.all([to.get('for an hour'), from.get('for an hour')]);
    expect(Math.abs(there!.expiresAtMs! - here!.expiresAtMs!)).toBeLessThan(120_000);
    expect((await to.get(key(2)))?.expiresAtMs).toBeNull();

    // The same again changes nothing; another value is not overwritten unless that is asked for.
    expect(await restoreBackup(options)).toMatchObject({ written: 0, same: made.keys });
    await to.put(key(1), 'mine');
    await expect(restoreBackup(options)).rejects.toBeInstanceOf(KeysInTheWayError);
    expect((await to.get(key(1)))?.value.toString()).toBe('mine');
    await restoreBackup({ ...options, overwrite: true });
    expect(await allKeys(to)).toEqual(after);
    expect(readFileSync(file).length).toBe(made.sizeBytes);
    from.close();
    to.close();
  });

  it('goes on with another replica when a node ends', async () => {
    const file = path.join(source.directory, 'c.prkdb');
    const victim = source.nodes[2]!;
    let progress = 0;
    const backup = makeBackup({
      endpoints: source.endpoints.slice(0, 2),
      connection: {},
      file,
      onProgress: ({ partitions }) => {
        progress = partitions;
        if (partitions === 2) victim.signal('SIGKILL');
      },
    });
    const { keys } = await backup;
    expect(progress).toBe(8);
    expect(keys).toBeGreaterThanOrEqual(800);
    await victim.kill();
    await victim.start();
  });
});

describe('the log level', () => {
  it('changes while the node runs, and is in its status', async () => {
    const node = target.nodes[0]!;
    const admin = new ClusterClient(node.address);
    expect((await admin.status()).logLevel).toBe('info');
    expect(node.output).not.toContain('"level":20');
    expect(await admin.setLogLevel('debug')).toBe('info');
    expect((await admin.status()).logLevel).toBe('debug');
    await expect(admin.setLogLevel('loud' as never)).rejects.toThrow(/one of debug, info, warn, error/);
    expect(await admin.setLogLevel('error')).toBe('debug');
    admin.close();
  });
});

describe('the doctor', () => {
  it('refuses a running node, and finds nothing wrong when it is stopped', async () => {
    const node = target.nodes[0]!;
    expect(() => diagnose(node.config.dataDir)).toThrow(/is running/);
    await node.stop();
    const { findings } = diagnose(node.config.dataDir);
    expect(findings.filter(({ severity }) => severity !== 'good')).toEqual([]);
    expect(findings).toHaveLength(4);
    await node.start();
  });
});

describe('prkdb token', () => {
  it('makes, lists and revokes, and the commands call with what they are given', async () => {
    const home = tempDir();
    const endpoints = ['--endpoints', target.endpoints.join(',')];
    const prkdb = (...args: string[]) => runCommand(home.path, [...args, ...endpoints]);
    try {
      expect((await prkdb('put', 'k', 'v')).code).toBe(0);
      expect(await prkdb('token', 'create', '--rights', 'read')).toMatchObject({ code: 1, text: '' });
      const made = await prkdb('token', 'create', '--rights', 'admin', '--name', 'ops', '--ttl', '1h');
      expect(made.text).toMatch(/^prkdb_[0-9a-f]{16}_[\w-]{43}\n$/);
      const token = made.text.trim();
      expect(await prkdb('get', 'k')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/asks for a token/) as string,
      });
      const file = path.join(home.path, 'token');
      writeFileSync(file, made.text);
      expect((await prkdb('get', 'k', '--token-file', file)).text).toBe('v');
      expect((await prkdb('get', 'k', '--token', token)).text).toBe('v');
      const listed = await prkdb('token', 'ls', '--token', token);
      expect(listed.text).toMatch(/admin .* ops$/m);
      expect(listed.text).not.toContain(token.slice(-20));
      // The last one: from then on nobody needs one again.
      expect((await prkdb('token', 'revoke', token, '--token', token)).code).toBe(0);
      await eventually('free again', async () => (await prkdb('get', 'k')).text === 'v');
    } finally {
      home.remove();
    }
  });
});
