import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildsOf, isStale, runBuild, type Build } from '../../electron/start/builds.ts';
import { parseFlags } from '../../electron/start/flags.ts';
import { openWindow } from '../../electron/start/open-window.ts';
import { answerOf } from '../../electron/web/until-end.ts';
import { findRuntime, missingDisplay } from '../../electron/start/runtime.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-start-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('flags', () => {
  it('have defaults and are read', () => {
    expect(parseFlags([])).toMatchObject({ demo: false, port: null, host: '127.0.0.1', home: null });
    expect(parseFlags(['--demo', '--port', '0', '--host', '::1', '--home', '/x'])).toMatchObject({
      demo: true,
      port: 0,
      host: '::1',
      home: '/x',
    });
  });

  it('may leave clusters running, and answers at Ctrl-C are one letter', () => {
    expect(parseFlags(['--leave-running'])).toMatchObject({ leaveRunning: true });
    expect(['l', ' Leave ', 'c', '', 's', 'x'].map(answerOf)).toEqual([
      'leave',
      'leave',
      'go on',
      'stop',
      'stop',
      'stop',
    ]);
  });

  it.each([['--no-such'], ['--port'], ['--port', '70000'], ['--port', '1e3'], ['--port=-1'], ['word'], ['--home=']])(
    'are refused in one sentence: %s %s',
    (...args) => {
      expect(() => parseFlags(args)).toThrow(/^[^\n]+$/);
    },
  );
});

describe('builds', () => {
  const build = (): Build => ({
    name: 'thing',
    product: path.join(dir, 'dist', 'thing.js'),
    sources: [path.join(dir, 'src')],
    command: ['-e', "process.stderr.write('syntax error in x.ts'); process.exit(1)"],
  });
  beforeEach(async () => {
    await mkdir(path.join(dir, 'dist'));
    await mkdir(path.join(dir, 'src', 'deep'), { recursive: true });
    await writeFile(path.join(dir, 'src', 'deep', 'a.ts'), '');
  });
  const touch = (file: string, at: number) => utimes(path.join(dir, file), at, at);

  it('are stale without a product, or with a younger source however deep', async () => {
    expect(await isStale(build())).toBe(true);
    await writeFile(path.join(dir, 'dist', 'thing.js'), '');
    for (const source of ['src', 'src/deep', 'src/deep/a.ts']) await touch(source, 1_000);
    await touch('dist/thing.js', 2_000);
    expect(await isStale(build())).toBe(false);
    await touch('src/deep/a.ts', 3_000);
    expect(await isStale(build())).toBe(true);
  });

  it('that fail say what they printed', async () => {
    await expect(runBuild(build())).rejects.toThrow('The thing could not be built:\nsyntax error in x.ts');
  });

  it('of the desktop program are needed for a window only', () => {
    expect(buildsOf('/root', false).map((b) => b.name)).toEqual(['interface']);
    expect(buildsOf('/root', true).map((b) => b.name)).toEqual(['interface', 'desktop program']);
  });
});

describe('a window', () => {
  it('needs a display on Linux', () => {
    expect(missingDisplay('linux', {})).toContain('no display');
    expect(missingDisplay('linux', { DISPLAY: ':0' })).toBeNull();
    expect(missingDisplay('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBeNull();
    expect(missingDisplay('darwin', {})).toBeNull();
  });

  it('takes the runtime that is named, or says that it is not there', async () => {
    const find = (env: NodeJS.ProcessEnv, packageDir = dir) => findRuntime(packageDir, env, () => undefined);
    const missing = await find({ ELECTRON_OVERRIDE_DIST_PATH: path.join(dir, 'nowhere') });
    expect(missing).toHaveProperty('missing');
    expect(await find({})).toEqual({ missing: 'the electron package is not installed' });

    await writeFile(path.join(dir, 'package.json'), '{}');
    await mkdir(path.join(dir, 'dist'));
    await writeFile(path.join(dir, 'path.txt'), 'electron');
    await writeFile(path.join(dir, 'dist', 'electron'), '');
    expect(await find({})).toEqual({ executable: path.join(dir, 'dist', 'electron') });
  });

  it('is not waited for when its runtime cannot be fetched', async () => {
    await writeFile(path.join(dir, 'package.json'), '{}');
    const result = await findRuntime(dir, { ELECTRON_MIRROR: 'http://127.0.0.1:1/' }, () => undefined);
    expect(result).toEqual({
      missing: "Electron's runtime is not installed and 127.0.0.1:1 cannot be reached to fetch it",
    });
  });

  it.skipIf(process.platform === 'win32')('that was never there says why', async () => {
    const fake = path.join(dir, 'electron');
    await writeFile(fake, '#!/bin/sh\necho "Missing X server" >&2\nexit 1\n');
    await chmod(fake, 0o700);
    const end = await openWindow(fake, dir, parseFlags(['--demo']));
    expect(end).toEqual({ opened: false, why: 'Missing X server' });
    await writeFile(fake, '#!/bin/sh\n[ "$2" = --demo ] && exit 0\nexit 3\n');
    expect(await openWindow(fake, dir, parseFlags(['--demo']))).toEqual({ opened: true, code: 0 });
  });
});
