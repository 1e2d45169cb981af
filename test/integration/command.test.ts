import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning, runCommand, startCommand, type CommandResult } from '../support/command.ts';
import { eventually } from '../support/node-cluster.ts';
import { freeBasePort, tempDir } from '../support/temp.ts';

interface StatusJson {
  name: string;
  nodes: { id: number; address: string; metricsUrl: string; pid: number | null; state: string; groups: object[] }[];
}

let temp: ReturnType<typeof tempDir>;
let home: string;
const owners: ChildProcess[] = [];

const prkdb = (...args: string[]): Promise<CommandResult> => runCommand(home, args);
const json = async <T>(...args: string[]): Promise<T> => {
  const result = await prkdb(...args, '--json');
  if (result.code !== 0) throw new Error(result.stderr);
  return JSON.parse(result.text) as T;
};
const status = (name: string) => json<StatusJson>('status', name);
const states = async (name: string) => (await status(name)).nodes.map((n) => n.state);
const pids = async (name: string) => (await status(name)).nodes.map((n) => n.pid).filter((pid) => pid !== null);

/** What a user sees of a failure: at most two lines, and none of them from a stack. */
function expectPlain(result: CommandResult, code: number): void {
  expect(result.code).toBe(code);
  const lines = result.stderr.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(2);
  expect(lines[0]).toMatch(/^prkdb: \S/);
  expect(result.stderr).not.toMatch(/^\s+at /m);
}

/** Runs a command that must succeed. */
async function ok(...args: string[]): Promise<CommandResult> {
  const result = await prkdb(...args);
  if (result.code !== 0) throw new Error(`prkdb ${args.join(' ')}: code ${result.code}: ${result.stderr}`);
  return result;
}

async function up(name: string, ...args: string[]): Promise<void> {
  const base = String(await freeBasePort(3));
  const result = await prkdb('up', name, '--detach', '--base-port', base, ...args);
  if (result.code !== 0) throw new Error(result.stderr);
}

/** `code` is the name of a signal when that ended it. */
async function runProcess(args: string[]): Promise<{ code: number | string | null; stdout: Buffer; stderr: string }> {
  const child = startCommand(home, args);
  const out: Buffer[] = [];
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | string | null>((resolve) =>
    child.once('close', (exitCode, signal) => resolve(signal ?? exitCode)),
  );
  return { code, stdout: Buffer.concat(out), stderr };
}

/** `prkdb up` in the foreground, once it has said that the cluster is up. */
async function upInForeground(name: string): Promise<ChildProcess> {
  const child = startCommand(home, ['up', name, '--base-port', String(await freeBasePort(3)), '--json']);
  owners.push(child);
  let out = '';
  child.stdout!.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await eventually(`${name} is up`, async () => out.includes('"endpoints"'));
  return child;
}

beforeAll(() => {
  temp = tempDir();
  home = path.join(temp.path, 'home');
});

afterAll(async () => {
  for (const owner of owners) owner.kill('SIGKILL');
  for (const { name } of await json<{ name: string }[]>('ls')) await prkdb('rm', name, '--yes');
  temp.remove();
});

describe('prkdb', () => {
  it('brings a cluster up, shows it, and does to nodes what it is told', async () => {
    await up('shapes', '--partitions', '4');
    expect(await json('ls')).toMatchObject([
      { name: 'shapes', state: 'running', owner: 'detached', nodes: 3, nodesRunning: 3, partitions: 4 },
    ]);
    const shown = await status('shapes');
    expect(Object.keys(shown)).toEqual(['name', 'nodes', 'epoch', 'balance', 'moves']);
    expect(shown.nodes.map((n) => n.id)).toEqual([1, 2, 3]);
    for (const node of shown.nodes) {
      expect(Object.keys(node)).toEqual(['id', 'address', 'metricsUrl', 'pid', 'state', 'logLevel', 'groups']);
      expect(node.state).toBe('live');
      expect(node.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect((await fetch(node.metricsUrl)).status).toBe(200);
      expect(node.groups).toHaveLength(4);
      expect(Object.keys(node.groups[0]!)).toEqual([
        'partition',
        'role',
        'term',
        'votedFor',
        'leader',
        'commitIndex',
        'lastLogIndex',
        'appliedIndex',
        'snapshots',
      ]);
    }
    expect((await prkdb('status', 'shapes')).text).toContain('shapes: 3 of 3 nodes run, every partition is led.');

    expect(await json('transfer', 'shapes', '0', 'n2')).toMatchObject({ name: 'shapes', partition: 0, to: 2 });
    expect(await json('handover', 'shapes', 'n2')).toEqual({ name: 'shapes', node: 2, remaining: 0 });
    expectPlain(await prkdb('transfer', 'shapes', '99', 'n2'), 2);

    await ok('kill', 'shapes', 'n2');
    expect(await states('shapes')).toEqual(['live', 'dead', 'live']);
    await ok('start', 'shapes', '2');
    expect(await states('shapes')).toEqual(['live', 'live', 'live']);
    await ok('pause', 'shapes', '1');
    expect(await states('shapes')).toEqual(['paused', 'live', 'live']);
    await ok('resume', 'shapes', '1');
    const before = await pids('shapes');
    expect(await json('restart', 'shapes', 'n3')).toMatchObject({ name: 'shapes', node: 3, action: 'restart' });
    expect((await pids('shapes'))[2]).not.toBe(before[2]);
    expect((await prkdb('logs', 'shapes', 'n3', '--lines', '5')).text.trimEnd().split('\n')).toHaveLength(5);

    await ok('down', 'shapes');
    expect(await states('shapes')).toEqual(['stopped', 'stopped', 'stopped']);
    expect(before.filter(isRunning)).toEqual([]);
    // The same command again resumes it.
    await ok('up', 'shapes', '--detach');
    expect(await states('shapes')).toEqual(['live', 'live', 'live']);
    expectPlain(await prkdb('rename', 'shapes', 'forms'), 1);
    await ok('down', 'shapes');
    expect(await json('rename', 'shapes', 'forms')).toEqual({ name: 'forms', was: 'shapes' });
    expectPlain(await prkdb('rm', 'forms'), 2);
    await ok('rm', 'forms', '--yes');
    expect(await json('ls')).toEqual([]);
    expect(readdirSync(path.join(home, 'clusters'))).toEqual([]);
  });

  it('writes, reads, lists and deletes keys, byte for byte', async () => {
    await up('data');
    const bytes = randomBytes(3000);
    expect((await runCommand(home, ['put', 'binary', '-'], bytes)).code).toBe(0);
    const got = await prkdb('get', 'binary');
    expect(got.stdout.equals(bytes)).toBe(true);
    expect(await json('put', 'text', 'grüße')).toMatchObject({ key: 'text', revision: 1, version: 1 });
    for (const mode of ['linearizable', 'follower', 'stale']) {
      expect(await json('get', 'text', '--read', mode)).toMatchObject({ value: 'grüße' });
    }
    expect((await prkdb('scan')).text).toMatch(/^binary\t.*\ntext\tgrüße\n$/);
    const page = await json<{ entries: object[]; cursor: string }>('scan', '--limit', '1', '--keys-only');
    expect(page.entries).toMatchObject([{ key: 'binary' }]);
    expect(await json('scan', '--cursor', page.cursor)).toMatchObject({ entries: [{ key: 'text' }], cursor: null });
    const [node] = (await status('data')).nodes;
    expect((await prkdb('get', 'text', '--endpoints', node!.address)).text).toBe('grüße');
    await ok('delete', 'text', '--cluster', 'data');
    expectPlain(await prkdb('get', 'text'), 1);

    expectPlain(await prkdb('get', ''), 1);
    expectPlain(await prkdb('put', 'k'.repeat(4097), 'v'), 1);
    expectPlain(await runCommand(home, ['put', 'big', '-'], Buffer.alloc(1024 * 1024 + 1)), 1);
    expectPlain(await prkdb('scan', '--cursor', '!'), 1);
    await ok('rm', 'data', '--yes');
  });

  it('stops the nodes of a cluster in the foreground at Ctrl-C, and code 0', async () => {
    const owner = await upInForeground('front');
    const nodes = await pids('front');
    expect(nodes).toHaveLength(3);
    const ended = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(nodes.filter(isRunning)).toEqual([]);
    expect(await states('front')).toEqual(['stopped', 'stopped', 'stopped']);
  });

  it('leaves no node when the owner is killed, a frozen one included; detached ones stay', async () => {
    await up('stays', '--nodes', '1');
    const owner = await upInForeground('goes');
    // Started by another process, and still held by the owner.
    await ok('kill', 'goes', 'n3');
    await ok('start', 'goes', 'n3');
    await ok('pause', 'goes', 'n2');
    const nodes = await pids('goes');
    expect(nodes).toHaveLength(3);
    owner.kill('SIGKILL');
    await eventually('the running ones are gone', async () => nodes.filter(isRunning).length === 1);
    // The frozen one cannot notice; whoever next starts the cluster sees to it.
    await ok('up', 'goes', '--detach');
    expect(nodes.filter(isRunning)).toEqual([]);
    expect(await states('goes')).toEqual(['live', 'live', 'live']);
    expect(await states('stays')).toEqual(['live']);
    await ok('rm', 'goes', '--yes');
    await ok('rm', 'stays', '--yes');
  });

  it('starts a cluster within its bound, and says what keeps one from starting', async () => {
    await up('broken', '--nodes', '1');
    await ok('down', 'broken');
    const dir = path.join(home, 'clusters/broken/n1');
    const database = readdirSync(dir).find((file) => file === 'raft-log.db')!;
    writeFileSync(path.join(dir, database), randomBytes(50_000));
    const result = await prkdb('up', 'broken', '--detach');
    expectPlain(result, 1);
    expect(result.stderr).toContain('raft-log.db');
    expectPlain(await prkdb('start', 'broken', 'n1'), 1);
    await ok('rm', 'broken', '--yes');
  });

  it('refuses bad input with a sentence and the right code', async () => {
    await up('strict', '--nodes', '1', '--partitions', '1');
    const { address } = (await status('strict')).nodes[0]!;
    const port = Number(new URL(address).port);
    const occupied = path.join(temp.path, 'occupied');
    mkdirSync(occupied);
    appendFileSync(path.join(occupied, 'file'), 'x');
    const garbage = net.createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 no\r\n\r\n'));
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    const garbagePort = (garbage.address() as net.AddressInfo).port;
    const closed = await freeBasePort(1);

    const cases: readonly (readonly [number, RegExp, ...string[]])[] = [
      [1, /has no node n5/, 'kill', 'strict', '5'],
      [1, /already exists with 1 as its number of nodes/, 'up', 'strict', '--detach', '--nodes', '3'],
      [1, /Port \d+.* belongs to the cluster strict/, 'up', 'x', '--detach', '--base-port', String(port - 1)],
      [1, /is not empty/, 'up', 'x', '--detach', '--data-dir', occupied],
      [1, /connection refused/, 'get', 'k', '--endpoints', `http://127.0.0.1:${closed}`],
      [1, /No PrkDB node answered/, 'get', 'k', '--endpoints', `127.0.0.1:${garbagePort}`, '--timeout', '2000'],
    ];
    for (const [code, message, ...args] of cases) {
      const result = await prkdb(...args);
      expect({ args, stderr: result.stderr }).toEqual({ args, stderr: expect.stringMatching(message) as string });
      expectPlain(result, code);
    }
    garbage.close();
    expect((await json<{ name: string }[]>('ls')).map((c) => c.name)).not.toContain('x');
    expect(await states('strict')).toEqual(['live']);
    await ok('rm', 'strict', '--yes');
  });

  it('is a process that prints bytes as they are, and one line when it fails', async () => {
    await up('process', '--nodes', '1', '--partitions', '1');
    const bytes = randomBytes(100_000);
    await runCommand(home, ['put', 'k', '-', '--cluster', 'process'], bytes);
    const got = await runProcess(['get', 'k', '--cluster', 'process']);
    expect({ ...got, stdout: got.stdout.equals(bytes) }).toEqual({ code: 0, stdout: true, stderr: '' });
    const missing = await runProcess(['get', 'nothing', '--cluster', 'process']);
    expect(missing).toMatchObject({ code: 1, stderr: 'prkdb: There is no key "nothing".\n' });
    await ok('rm', 'process', '--yes');
  });

  it('runs one node by its configuration until it is told to stop', async () => {
    const base = await freeBasePort(1);
    const config = {
      clusterId: 'by-hand',
      clusterName: 'by-hand',
      nodeId: 1,
      dataDir: path.join(temp.path, 'by-hand'),
      members: [{ id: 1, host: '127.0.0.1', clientPort: base + 1, raftPort: base + 101, metricsPort: base + 201 }],
      partitions: 2,
      replicationFactor: 1,
    };
    const file = path.join(temp.path, 'by-hand.json');
    writeFileSync(file, JSON.stringify(config));
    const node = startCommand(home, ['node', '--config', file]);
    owners.push(node);
    const endpoint = `http://127.0.0.1:${base + 1}`;
    await eventually('it serves', async () => (await prkdb('put', 'k', 'v', '--endpoints', endpoint)).code === 0);
    expect((await prkdb('get', 'k', '--endpoints', endpoint)).text).toBe('v');
    const ended = new Promise((resolve) => node.once('exit', resolve));
    node.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(config);
  });
});
