import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  childProcessLauncher,
  createSupervisor,
  type ClusterSpec,
  type LocalCluster,
  type ProcessEvent,
  type Supervisor,
} from '../../../engine/supervisor/index.ts';
import { freeBasePort, tempDir } from '../../support/temp.ts';

const entry = fileURLToPath(new URL('../../support/fake-node.mjs', import.meta.url));

let temp: ReturnType<typeof tempDir>;
let home: string;
let basePort: number;
let open: Supervisor[];

beforeEach(async () => {
  temp = tempDir();
  home = path.join(temp.path, 'home');
  basePort = await freeBasePort();
  open = [];
});

afterEach(async () => {
  // Detached clusters are nobody's: they are stopped by name.
  const last = await supervisor('command');
  for (const cluster of await last.list()) await last.stop(cluster.record.name);
  await Promise.all(open.map((s) => s.close()));
  temp.remove();
});

async function supervisor(actor: 'app' | 'command' = 'app'): Promise<Supervisor> {
  const created = await createSupervisor({ home, actor, launcher: childProcessLauncher({ entry }) });
  open.push(created);
  return created;
}

function spec(change: Partial<ClusterSpec> = {}): ClusterSpec {
  return { name: 'demo', nodes: 3, partitions: 8, replicationFactor: 3, basePort, dataDir: null, ...change };
}

function states(cluster: LocalCluster): string[] {
  return cluster.nodes.map((node) => node.state);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function pidsOf(cluster: LocalCluster): number[] {
  return cluster.nodes.map((node) => node.pid).filter((pid) => pid !== null);
}

describe('the life of a cluster', () => {
  it('is created, started, stopped and deleted, and leaves nothing', async () => {
    const s = await supervisor();
    const created = await s.create(spec());
    expect(states(created)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(created.owner).toBe('none');
    expect(created.record.members[1]).toMatchObject({
      id: 2,
      clientPort: basePort + 2,
      raftPort: basePort + 102,
      metricsPort: basePort + 202,
    });

    const started = await s.start('demo', { detach: false });
    expect(states(started)).toEqual(['running', 'running', 'running']);
    expect(started.owner).toBe('self');
    const config = JSON.parse(readFileSync(path.join(home, 'clusters/demo/n2/node.json'), 'utf8')) as object;
    expect(config).toMatchObject({ nodeId: 2, clusterName: 'demo', partitions: 8, faultsEnabled: true });
    await expect(s.remove('demo')).rejects.toMatchObject({ code: 'running' });

    const pids = pidsOf(started);
    await s.stop('demo');
    expect(pids.filter(isAlive)).toEqual([]);
    expect(states(await s.get('demo'))).toEqual(['stopped', 'stopped', 'stopped']);

    await s.remove('demo');
    expect(readdirSync(path.join(home, 'clusters'))).toEqual([]);
    expect(await s.list()).toEqual([]);
    await expect(s.get('demo')).rejects.toMatchObject({ code: 'notFound' });
  });

  it('gets another name with all it has, unless that is taken or it runs', async () => {
    const s = await supervisor();
    await s.create(spec({ basePort: null }));
    await s.create(spec({ name: 'other', basePort: null }));
    const { record } = await s.start('demo', { detach: false });
    await expect(s.rename('demo', 'prod-like')).rejects.toMatchObject({ code: 'running' });
    await s.stop('demo');
    await expect(s.rename('demo', 'other')).rejects.toMatchObject({ code: 'alreadyExists' });
    await expect(s.rename('demo', '../up')).rejects.toMatchObject({ code: 'invalidName' });
    await s.rename('demo', 'prod-like');
    const renamed = await s.start('prod-like', { detach: false });
    expect(renamed.record).toMatchObject({ clusterId: record.clusterId, members: record.members });
    expect(renamed.record.dataDir).toBe(path.join(home, 'clusters/prod-like'));
    expect(states(renamed)).toEqual(['running', 'running', 'running']);
    expect((await s.list()).map((cluster) => cluster.record.name)).toEqual(['other', 'prod-like']);
    await s.stop('prod-like');
    await s.remove('prod-like');
    expect(readdirSync(path.join(home, 'clusters'))).toEqual(['other']);
  });

  it('is taken in from another home, or from where it was moved to, once', async () => {
    const s = await supervisor();
    const { record } = await s.create(spec());
    await s.create(spec({ name: 'taken', basePort: null }));
    await s.close();
    const from = path.join(home, 'clusters/demo');
    home = path.join(temp.path, 'second');
    const second = await supervisor();
    await expect(second.adopt(path.join(home, 'nowhere'))).rejects.toMatchObject({ code: 'notFound' });
    const adopted = await second.adopt(from);
    expect(adopted.record).toMatchObject({ name: 'demo', clusterId: record.clusterId, dataDir: from });
    await expect(second.adopt(from, 'again')).rejects.toThrow('here already, as demo');
    expect(states(await second.start('demo', { detach: false }))).toEqual(['running', 'running', 'running']);
    await second.stop('demo');
    await second.remove('demo');
    expect(existsSync(path.join(from, 'n1'))).toBe(false);

    const moved = path.join(temp.path, 'moved');
    renameSync(path.join(temp.path, 'home/clusters/taken'), moved);
    expect((await second.adopt(moved, 'mine')).record).toMatchObject({ name: 'mine', dataDir: moved });
  });

  it('goes on after a rename that was interrupted half-way', async () => {
    const s = await supervisor();
    await s.create(spec());
    renameSync(path.join(home, 'clusters/demo'), path.join(home, 'clusters/halfway'));
    const started = await s.start('halfway', { detach: false });
    expect(started.record).toMatchObject({ name: 'halfway', dataDir: path.join(home, 'clusters/halfway') });
  });

  it('keeps its data and ports from start to start', async () => {
    const s = await supervisor();
    await s.create(spec({ basePort: null }));
    await s.start('demo', { detach: false });
    const { members } = (await s.get('demo')).record;
    await s.close();
    const later = await supervisor();
    expect(states(await later.get('demo'))).toEqual(['stopped', 'stopped', 'stopped']);
    const again = await later.start('demo', { detach: false });
    expect(again.record.members).toEqual(members);
    expect(states(again)).toEqual(['running', 'running', 'running']);
  });

  it('kills a node that does not stop in order', { timeout: 20_000 }, async () => {
    const s = await supervisor();
    await s.create(spec({ nodes: 1, replicationFactor: 1 }));
    const [pid] = pidsOf(await s.start('demo', { detach: false }));
    writeFileSync(path.join(home, 'clusters/demo/n1/stubborn'), '');
    const log = await s.logFile('demo', 1);
    await expect.poll(() => readFileSync(log, 'utf8')).toContain('ready');
    await s.stop('demo');
    expect(isAlive(pid!)).toBe(false);
  });

  it('stops a paused node too', async () => {
    const s = await supervisor();
    await s.create(spec());
    const pids = pidsOf(await s.start('demo', { detach: false }));
    await s.pauseNode('demo', 2);
    await s.stop('demo');
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('single nodes', () => {
  it('are killed, started, paused, resumed and restarted, and tell who did it', async () => {
    const s = await supervisor('app');
    const events: ProcessEvent[] = [];
    s.onEvent((event) => events.push(event));
    await s.create(spec());
    await s.start('demo', { detach: false });

    await s.killNode('demo', 2);
    const killed = (await s.get('demo')).nodes[1]!;
    expect(killed).toMatchObject({ state: 'dead', pid: null, exit: { signal: 'SIGKILL', by: 'app' } });
    await expect(s.killNode('demo', 2)).rejects.toMatchObject({ code: 'notRunning' });

    await s.startNode('demo', 2);
    expect(states(await s.get('demo'))).toEqual(['running', 'running', 'running']);

    await s.pauseNode('demo', 1);
    expect((await s.get('demo')).nodes[0]).toMatchObject({ state: 'paused' });
    expect((await s.get('demo')).nodes[0]!.pausedAtMs).not.toBeNull();
    await s.resumeNode('demo', 1);
    const before = (await s.get('demo')).nodes[2]!.pid;
    await s.restartNode('demo', 3);
    const after = (await s.get('demo')).nodes[2]!;
    expect(after.state).toBe('running');
    expect(after.pid).not.toBe(before);
    await expect(s.killNode('demo', 7)).rejects.toMatchObject({ code: 'notFound' });

    await expect.poll(() => events.length).toBe(9);
    const told = (nodeId: number) => events.filter((e) => e.nodeId === nodeId).map((e) => `${e.kind} by ${e.by}`);
    expect(told(1)).toEqual(['started by app', 'paused by app', 'resumed by app']);
    expect(told(2)).toEqual(['started by app', 'killed by app', 'started by app']);
    expect(told(3)).toEqual(['started by app', 'stopped by app', 'started by app']);
  });

  it('that end by themselves are crashes, with what they said', async () => {
    const s = await supervisor();
    const events: ProcessEvent[] = [];
    s.onEvent((event) => events.push(event));
    await s.create(spec());
    mkdirSync(path.join(home, 'clusters/demo/n3'));
    writeFileSync(path.join(home, 'clusters/demo/n3/fail'), '');
    await s.start('demo', { detach: false });
    await expect
      .poll(async () => (await s.get('demo')).nodes[2]!.exit, { timeout: 10_000 })
      .toMatchObject({ code: 1, signal: null, by: 'none', detail: 'Port 7101 is in use. End what uses it.' });
    expect(states(await s.get('demo'))).toEqual(['running', 'running', 'dead']);
    await expect
      .poll(() => events.filter((e) => e.kind === 'crashed'))
      .toMatchObject([{ nodeId: 3, by: 'none', detail: 'Port 7101 is in use. End what uses it.' }]);
  });

  it('killed from outside are crashes with their signal', async () => {
    const s = await supervisor();
    await s.create(spec());
    const [pid] = pidsOf(await s.start('demo', { detach: false }));
    process.kill(pid!, 'SIGKILL');
    await expect
      .poll(async () => (await s.get('demo')).nodes[0]!.exit, { timeout: 10_000 })
      .toMatchObject({ signal: 'SIGKILL', by: 'none' });
  });
});

describe('two processes on one home', () => {
  it('see and change the same clusters', async () => {
    const app = await supervisor('app');
    const command = await supervisor('command');
    const changes: string[] = [];
    const events: ProcessEvent[] = [];
    app.onChange((name) => changes.push(name));
    app.onEvent((event) => events.push(event));
    await app.create(spec());
    await app.start('demo', { detach: false });
    expect((await command.get('demo')).owner).toBe('other');

    await command.killNode('demo', 1);
    await expect.poll(() => events.at(-1)).toMatchObject({ kind: 'killed', nodeId: 1, by: 'command' });
    expect((await app.get('demo')).nodes[0]).toMatchObject({ state: 'dead', exit: { by: 'command' } });

    // Started by the command, and yet the owner's: it goes when the owner goes.
    await command.startNode('demo', 1);
    const pids = pidsOf(await command.get('demo'));
    expect(pids).toHaveLength(3);
    changes.length = 0;
    await command.pauseNode('demo', 3);
    await expect.poll(() => changes).toContain('demo');
    await command.resumeNode('demo', 3);
    await app.close();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(states(await command.get('demo'))).toEqual(['stopped', 'stopped', 'stopped']);
    expect((await command.get('demo')).owner).toBe('none');
  });

  it('leave a detached cluster running', async () => {
    const first = await supervisor('command');
    await first.create(spec());
    const pids = pidsOf(await first.start('demo', { detach: true }));
    await first.close();
    const second = await supervisor('app');
    expect((await second.get('demo')).owner).toBe('detached');
    await second.killNode('demo', 2);
    await second.startNode('demo', 2);
    expect((await second.get('demo')).owner).toBe('detached');
    await second.close();
    expect(isAlive(pids[0]!)).toBe(true);
    expect(states(await (await supervisor()).get('demo'))).toEqual(['running', 'running', 'running']);
  });

  it('let a cluster go on without its owner, also a node of it that is frozen', async () => {
    const first = await supervisor('app');
    await first.create(spec());
    const pids = pidsOf(await first.start('demo', { detach: false }));
    // One that is frozen before it holds on to anything cannot be told.
    const log = await first.logFile('demo', 3);
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 20_000 }).toContain('held');
    await first.pauseNode('demo', 3);
    expect(await first.letGo()).toEqual(['demo']);
    expect((await first.get('demo')).owner).toBe('detached');
    await first.close();
    expect(pids.filter(isAlive)).toEqual(pids);
    const second = await supervisor('command');
    await second.resumeNode('demo', 3);
    expect(states(await second.get('demo'))).toEqual(['running', 'running', 'running']);
    expect((await second.get('demo')).owner).toBe('detached');
  });

  it('do not both start the same node', async () => {
    const [a, b] = [await supervisor('command'), await supervisor('command')];
    await a.create(spec());
    await Promise.all([a.start('demo', { detach: true }), b.start('demo', { detach: true })]);
    const count = readdirSync('/proc').filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path.join(home, 'clusters/demo'));
      } catch {
        return false;
      }
    });
    expect(count).toHaveLength(3);
  });

  it('tell a command that a cluster which does not run has no single node to start', async () => {
    const command = await supervisor('command');
    await command.create(spec());
    await expect(command.startNode('demo', 1)).rejects.toMatchObject({ code: 'notRunning' });
  });
});

describe('what is not ours', () => {
  it('is never signalled, whatever a run file says', async () => {
    const s = await supervisor();
    await s.create(spec());
    const foreign = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const run = {
      nodeId: 1,
      pid: foreign.pid!,
      token: '0123456789abcdef0123456789abcdef',
      leash: null,
      startedAtMs: 1,
      pausedAtMs: null,
      logOffset: 0,
      actions: [{ sequence: 1, kind: 'started', by: 'app', atMs: 1, detail: '' }],
      exit: null,
    };
    writeFileSync(path.join(home, 'clusters/demo/run/n1.json'), JSON.stringify(run));
    expect((await s.get('demo')).nodes[0]).toMatchObject({ state: 'dead', pid: null });
    await expect(s.killNode('demo', 1)).rejects.toMatchObject({ code: 'notRunning' });
    await expect(s.pauseNode('demo', 1)).rejects.toMatchObject({ code: 'notRunning' });
    await s.stop('demo');
    expect(foreign.exitCode).toBeNull();
    expect(isAlive(foreign.pid!)).toBe(true);
    foreign.kill('SIGKILL');
  });

  it('is not deleted with a cluster', async () => {
    const dataDir = path.join(temp.path, 'data');
    mkdirSync(dataDir);
    const s = await supervisor();
    await s.create(spec({ dataDir }));
    writeFileSync(path.join(dataDir, 'notes.txt'), 'mine');
    await s.remove('demo');
    expect(readdirSync(dataDir)).toEqual(['notes.txt']);
    expect(existsSync(path.join(home, 'clusters/demo'))).toBe(false);
  });
});

describe('what cannot be created or started', () => {
  it.each([
    [{ name: 'Demo' }, 'invalidName', 'name'],
    [{ name: '../up' }, 'invalidName', 'name'],
    [{ name: 'a'.repeat(33) }, 'invalidName', 'name'],
    [{ nodes: 0 }, 'invalidSpec', 'nodes'],
    [{ nodes: 10 }, 'invalidSpec', 'nodes'],
    [{ nodes: 2.5 }, 'invalidSpec', 'nodes'],
    [{ partitions: 257 }, 'invalidSpec', 'partitions'],
    [{ replicationFactor: 4 }, 'invalidSpec', 'replicationFactor'],
    [{ basePort: 80 }, 'invalidSpec', 'basePort'],
  ] as const)('%o', async (change, code, field) => {
    const s = await supervisor();
    await expect(s.create(spec(change))).rejects.toMatchObject({ code, field });
    expect(await s.list()).toEqual([]);
  });

  it('a second cluster of a name, or on the ports of another', async () => {
    const s = await supervisor();
    await s.create(spec());
    await expect(s.create(spec())).rejects.toMatchObject({ code: 'alreadyExists' });
    await expect(s.create(spec({ name: 'other' }))).rejects.toMatchObject({ code: 'portInUse' });
    await s.create(spec({ name: 'other', basePort: null }));
    const bases = (await s.list()).map((c) => c.record.members[0]!.clientPort);
    expect(new Set(bases).size).toBe(2);
  });

  it('on a port that something uses', async () => {
    const s = await supervisor();
    const taken = net.createServer();
    const port = basePort + 102;
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await expect(s.create(spec())).rejects.toThrow(`Port ${port}, which node n2 needs, is in use.`);
    await new Promise((resolve) => taken.close(resolve));
    await s.create(spec());
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await expect(s.start('demo', { detach: false })).rejects.toMatchObject({ code: 'portInUse' });
    await new Promise((resolve) => taken.close(resolve));
  });

  it('in a directory that holds something', async () => {
    const s = await supervisor();
    const dataDir = path.join(temp.path, 'data');
    mkdirSync(dataDir);
    writeFileSync(path.join(dataDir, 'precious'), '');
    await expect(s.create(spec({ dataDir }))).rejects.toThrow(/is not empty/);
    const shared = path.join(temp.path, 'shared');
    await s.create(spec({ dataDir: shared }));
    await expect(s.create(spec({ name: 'other', basePort: null, dataDir: shared }))).rejects.toThrow(
      /holds the data of another cluster \(demo\)/,
    );
    await expect(
      s.create(spec({ name: 'other', basePort: null, dataDir: path.join(dataDir, 'precious') })),
    ).rejects.toMatchObject({ code: 'dataDirUnusable' });
  });

  it('with a record that cannot be read', async () => {
    const s = await supervisor();
    await s.create(spec());
    writeFileSync(path.join(home, 'clusters/demo/cluster.json'), '{ "formatVersion": 99 }');
    await expect(s.get('demo')).rejects.toMatchObject({ code: 'corruptRecord' });
    await expect(s.create(spec())).rejects.toMatchObject({ code: 'alreadyExists' });
    expect(await s.list()).toEqual([]);
  });
});

describe('members that come and go', () => {
  const configOf = (node: number) =>
    JSON.parse(readFileSync(path.join(home, `clusters/demo/n${node}/node.json`), 'utf8')) as Record<string, unknown>;

  it('a new node joins the others, keeps its place from start to start, and its id is never given again', async () => {
    const s = await supervisor();
    await s.create(spec({ nodes: 2, replicationFactor: 2 }));
    await expect(s.addNode('demo')).rejects.toMatchObject({ code: 'notRunning' });
    await s.start('demo', { detach: false });
    expect(await s.addNode('demo', { replaces: 1 })).toBe(3);
    const grown = await s.get('demo');
    expect(states(grown)).toEqual(['running', 'running', 'running']);
    expect(grown.record.members.at(-1)).toMatchObject({ id: 3, clientPort: basePort + 3, raftPort: basePort + 103 });
    const address = (node: number) => `http://127.0.0.1:${basePort + node}`;
    expect(configOf(3)).toMatchObject({ nodeId: 3, join: [address(1), address(2)], replaces: 1 });
    expect(configOf(3)['members']).toHaveLength(1);

    await s.forgetNode('demo', 1, { deleteData: true });
    expect(existsSync(path.join(home, 'clusters/demo/n1'))).toBe(false);
    await s.forgetNode('demo', 3, { deleteData: false });
    expect(existsSync(path.join(home, 'clusters/demo/n3'))).toBe(true);
    expect(await s.addNode('demo')).toBe(4);
    await s.stop('demo');
    const again = await s.start('demo', { detach: false });
    expect(again.record.members.map((m) => m.id)).toEqual([2, 4]);
    // A founder is told of the founding, and whom to ask now.
    expect(configOf(2)).toMatchObject({ members: [{ id: 1 }, { id: 2 }], partitions: 8, seeds: [address(4)] });

    await s.stop('demo');
    await s.remove('demo');
    expect(readdirSync(path.join(home, 'clusters'))).toEqual([]);
  });

  it('a port that somebody else has is not given to a new node', async () => {
    const s = await supervisor();
    await s.create(spec({ nodes: 1, replicationFactor: 1 }));
    await s.start('demo', { detach: false });
    const squatter = net.createServer();
    await new Promise<void>((resolve) => squatter.listen(basePort + 102, '127.0.0.1', resolve));
    try {
      expect(await s.addNode('demo')).toBe(2);
      const [, second] = (await s.get('demo')).record.members;
      expect([second!.clientPort, second!.raftPort, second!.metricsPort]).not.toContain(basePort + 102);
    } finally {
      squatter.close();
    }
  });

  it('one that says that it was removed is struck off, with its data if that was asked for', async () => {
    const s = await supervisor();
    await s.create(spec());
    await s.start('demo', { detach: false });
    await s.leaveNode('demo', 2, { deleteData: true });
    const isRemoved = (node: number) => writeFileSync(path.join(home, `clusters/demo/n${node}/removed`), '');
    isRemoved(2);
    isRemoved(3);
    const ids = async () => (await s.get('demo')).record.members.map((m) => m.id).join();
    await vi.waitFor(async () => expect(await ids()).toBe('1'), 10_000);
    expect((await s.get('demo')).record.retired).toEqual([2, 3]);
    await vi.waitFor(() => expect(existsSync(path.join(home, 'clusters/demo/n2'))).toBe(false), 10_000);
    expect(existsSync(path.join(home, 'clusters/demo/n3'))).toBe(true);
    // Whoever waited for it all the while comes second.
    await s.leaveNode('demo', 3, { deleteData: false });
    await s.forgetNode('demo', 3, { deleteData: true });
    expect(existsSync(path.join(home, 'clusters/demo/n3'))).toBe(false);
    // The last one keeps its record: there is a cluster to delete.
    isRemoved(1);
    await vi.waitFor(async () => expect((await s.get('demo')).nodes[0]!.exit?.detail).toMatch(/was removed/), 10_000);
    expect(await ids()).toBe('1');
  });

  it('a removal that nobody waited for is completed at the next start', async () => {
    const first = await supervisor();
    await first.create(spec());
    await first.start('demo', { detach: false });
    await first.leaveNode('demo', 3, { deleteData: true });
    // The process of the owner ends, and with it the nodes, before the cluster has let the node go.
    await first.close();
    writeFileSync(path.join(home, 'clusters/demo/n3/removed'), '');
    const second = await supervisor();
    await second.start('demo', { detach: false });
    await vi.waitFor(
      async () => expect((await second.get('demo')).record.members.map((m) => m.id)).toEqual([1, 2]),
      10_000,
    );
    await vi.waitFor(() => expect(existsSync(path.join(home, 'clusters/demo/n3'))).toBe(false), 10_000);
    await second.stop('demo');
    expect(states(await second.start('demo', { detach: false }))).toEqual(['running', 'running']);
  });

  it('the last node is not forgotten, nor one that there is not', async () => {
    const s = await supervisor();
    await s.create(spec({ nodes: 1, replicationFactor: 1 }));
    await expect(s.forgetNode('demo', 1, { deleteData: false })).rejects.toThrow(/the last node/);
    await expect(s.forgetNode('demo', 5, { deleteData: false })).rejects.toMatchObject({ code: 'notFound' });
  });
});
