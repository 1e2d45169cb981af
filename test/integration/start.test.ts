import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bundles } from '../../electron/build.ts';
import type { ServerFrame } from '../../electron/contract/wire.ts';
import { childProcessLauncher, createSupervisor } from '../../engine/supervisor/index.ts';
import { PrkDbClient } from '../../engine/client/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'prkdb-start-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The pids that the run files name. */
async function nodePids(cluster: string): Promise<number[]> {
  const dir = path.join(home, 'clusters', cluster, 'run');
  const files = (await readdir(dir)).filter((file) => /^n\d+\.json$/.test(file));
  const runs = await Promise.all(files.map((file) => readFile(path.join(dir, file), 'utf8')));
  return runs.map((text) => (JSON.parse(text) as { pid: number }).pid);
}

async function until<T>(what: string, find: () => T | null | undefined | false): Promise<T> {
  const endMs = Date.now() + 45_000;
  for (;;) {
    const found = find();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`waited for ${what} in vain`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

describe('npm start where there is no display', () => {
  let child: ChildProcess;
  let output = '';
  afterEach(() => {
    child.kill('SIGKILL');
  });

  it('says why, serves to a browser with a demo cluster, and leaves it running when it was told to', async () => {
    const env = { ...process.env };
    delete env['DISPLAY'];
    delete env['WAYLAND_DISPLAY'];
    child = spawn(process.execPath, ['electron/start.ts', '--demo', '--leave-running', '--port', '0', '--home', home], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', resolve);
    });
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));

    const address = await until('the address', () => /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(output)?.[0]);
    expect(output).toMatch(/^No window: there is no display .*\. Serving to the browser instead\.$/m);

    const entered = await fetch(address, { redirect: 'manual' });
    const cookie = entered.headers.get('set-cookie')!.split(';')[0]!;
    const { origin, host } = new URL(address);
    const page = await fetch(origin, { headers: { cookie } });
    expect(await page.text()).toContain('<div id="root">');

    const socket = new WebSocket(`ws://${host}/api`, { headers: { cookie, origin } });
    const frames: ServerFrame[] = [];
    socket.on('message', (data) => frames.push(JSON.parse((data as Buffer).toString()) as ServerFrame));
    await new Promise((resolve) => {
      socket.once('open', resolve);
    });
    socket.send(JSON.stringify({ type: 'subscribe', id: 1, name: 'clusters', input: {} }));
    await until('the demo to run', () =>
      frames.some((frame) => frame.type === 'message' && JSON.stringify(frame.message).includes('"state":"running"')),
    );

    const pids = await nodePids('demo');
    expect(pids).toHaveLength(3);
    expect(pids.every(isAlive)).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(output).toContain('Left running: demo. Stop with: prkdb down demo');
    expect(pids.every(isAlive)).toBe(true);
    const supervisor = await createSupervisor({ home, launcher: childProcessLauncher(), actor: 'command' });
    expect((await supervisor.get('demo')).owner).toBe('detached');
    await supervisor.stop('demo');
    await supervisor.close();
    await until('the nodes to end', () => !pids.some(isAlive));
  });
});

describe('the bundled node program', () => {
  it('runs a cluster as the sources do', async () => {
    const bundle = bundles.find((options) => options.outdir === 'dist/node')!;
    await build(bundle);
    const launcher = childProcessLauncher({ entry: path.join(root, 'dist/node/node.js') });
    const supervisor = await createSupervisor({ home, launcher, actor: 'app' });
    try {
      const spec = { name: 'bundled', nodes: 3, partitions: 2, replicationFactor: 3, basePort: null, dataDir: null };
      const { record } = await supervisor.create(spec);
      await supervisor.start('bundled', { detach: false });
      const endpoints = record.members.map((member) => `http://${member.host}:${member.clientPort}`);
      let client: PrkDbClient | null = null;
      const endMs = Date.now() + 30_000;
      while (client === null) {
        client = await PrkDbClient.connect(endpoints).catch((error: unknown) => {
          if (Date.now() > endMs) throw error;
          return null;
        });
      }
      await client.put('key', 'value', { timeoutMs: 20_000 });
      expect((await client.get('key'))?.value.toString()).toBe('value');
      client.close();
    } finally {
      await supervisor.close();
    }
  });
});
