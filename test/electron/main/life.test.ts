import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App } from 'electron';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { utilityProcessLauncher } from '../../../electron/main/launcher.ts';
import { menuTemplate } from '../../../electron/main/menu.ts';
import { mainOptions } from '../../../electron/main/options.ts';
import { guardQuit } from '../../../electron/main/quit.ts';
import { claimSingleInstance } from '../../../electron/main/single-instance.ts';
import { showTray } from '../../../electron/main/tray.ts';
import { app, dialog, Tray, utilityProcess } from '../stand-in.ts';

vi.mock('electron', () => import('../stand-in.ts'));

const asApp = app as unknown as App;

describe('quitting', () => {
  let clusters: string[];
  const close = vi.fn<() => Promise<void>>(async () => undefined);
  beforeEach(() => {
    vi.clearAllMocks();
    app.removeAllListeners();
    app.exitCode = null;
    dialog.asked.length = 0;
    clusters = [];
  });
  const leaveRunning = vi.fn<() => Promise<void>>(async () => undefined);
  const guard = () =>
    guardQuit({
      app: asApp,
      window: () => null,
      ownedClusters: () => clusters,
      leaveRunning,
      close,
      onError: () => undefined,
    });

  it('asks nothing when nothing runs, and closes everything first', async () => {
    guard();
    app.quit();
    await vi.waitFor(() => expect(app.exitCode).toBe(0));
    expect(close).toHaveBeenCalledOnce();
    expect(dialog.asked).toEqual([]);
  });

  it('asks when clusters run, and stays when the answer is no', async () => {
    guard();
    clusters = ['demo', 'dev-3'];
    dialog.answer = 2;
    app.quit();
    app.quit();
    await vi.waitFor(() => expect(dialog.asked).toHaveLength(1));
    expect(dialog.asked[0]!.message).toBe('Stop 2 clusters and quit?');
    expect(dialog.asked[0]!.detail).toContain('demo, dev-3');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(close).not.toHaveBeenCalled();
    expect(app.exitCode).toBeNull();

    dialog.answer = 0;
    app.quit();
    await vi.waitFor(() => expect(app.exitCode).toBe(0));
    expect(close).toHaveBeenCalledOnce();
  });

  it('leaves clusters running when that is the answer, and asks again the next time', async () => {
    guard();
    clusters = ['demo'];
    dialog.answer = 1;
    app.quit();
    await vi.waitFor(() => expect(leaveRunning).toHaveBeenCalledOnce());
    expect(close).not.toHaveBeenCalled();
    expect(app.exitCode).toBeNull();
    dialog.answer = 0;
    app.quit();
    await vi.waitFor(() => expect(app.exitCode).toBe(0));
    expect(dialog.asked).toHaveLength(2);
  });

  it('does not ask whoever sends a signal, and ends even when closing fails', async () => {
    const guarded = guard();
    clusters = ['demo'];
    close.mockRejectedValueOnce(new Error('stuck'));
    guarded.quitWithoutAsking();
    await vi.waitFor(() => expect(app.exitCode).toBe(0));
    expect(dialog.asked).toEqual([]);
  });
});

describe('a second instance', () => {
  it('ends, and the first one shows its window', () => {
    const show = vi.fn<() => void>();
    app.isFirstInstance = true;
    expect(claimSingleInstance(asApp, show)).toBe(true);
    app.emit('second-instance');
    expect(show).toHaveBeenCalledOnce();
    app.isFirstInstance = false;
    expect(claimSingleInstance(asApp, show)).toBe(false);
    app.isFirstInstance = true;
  });
});

describe('the tray', () => {
  const summary = (name: string, state: ClusterSummary['state']) =>
    ({ name, state, kind: 'local', nodesUp: state === 'noQuorum' ? 1 : 3, nodeCount: 3 }) as ClusterSummary;

  it('says how each cluster is, opens it, and is drawn anew only when something changed', () => {
    let clusters = [summary('dev', 'running'), summary('old', 'stopped')];
    let changed = (): void => undefined;
    const open = vi.fn<(path: string) => void>();
    const tray = showTray({
      clusters: () => clusters,
      onClusters: (listener) => {
        changed = listener;
        return () => (changed = () => undefined);
      },
      actions: { open, quit: () => undefined },
    });
    const icon = Tray.last!;
    expect(icon.tip).toBe('PrkDB: 1 cluster runs');
    expect(icon.menu.map(({ label }) => label)).toEqual([
      'dev: running, 3 of 3 up',
      'old: stopped',
      undefined,
      'Open PrkDB Desktop',
      'Quit',
    ]);
    icon.menu[0]!.click!();
    expect(open).toHaveBeenCalledWith('/c/dev');
    changed();
    expect(icon.menus).toBe(1);
    clusters = [summary('dev', 'noQuorum')];
    changed();
    expect(icon.tip).toBe('PrkDB: 1 cluster runs, no quorum in dev');
    tray.close();
    expect(icon.destroyed).toBe(true);
  });
});

describe('a node process', () => {
  let dir: string;
  const options = () => ({
    configFile: '/data/n1/node.json',
    token: 'a'.repeat(32),
    leash: '/tmp/leash',
    logFile: path.join(dir, 'node.log'),
  });
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-launch-'));
    utilityProcess.forks.length = 0;
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is a utility process with a name, an environment of its own, and its token where the system shows it', async () => {
    vi.stubEnv('SECRET_OF_THE_USER', 'x');
    vi.stubEnv('NODE_OPTIONS', '--inspect');
    const launching = utilityProcessLauncher('/app/dist/node/node.js').launch(options());
    const { entry, args, options: fork, child } = utilityProcess.forks[0]!;
    child.emit('spawn');
    const launched = await launching;
    expect(launched.pid).toBe(4711);
    expect(entry).toBe('/app/dist/node/node.js');
    expect(args).toEqual(['--config', '/data/n1/node.json', '--token', 'a'.repeat(32), '--leash', '/tmp/leash']);
    expect(fork).toMatchObject({ serviceName: 'PrkDB node', execArgv: [`--prkdb-node-token=${'a'.repeat(32)}`] });
    expect(fork['env']).not.toHaveProperty('SECRET_OF_THE_USER');
    expect(fork['env']).not.toHaveProperty('NODE_OPTIONS');
    expect(fork['env']).toHaveProperty('PATH');
    vi.unstubAllEnvs();

    child.stderr.write('hello\n');
    await vi.waitFor(async () => expect(await readFile(options().logFile, 'utf8')).toBe('hello\n'));
    child.emit('exit', 9);
    const exit = await launched.exited;
    expect(exit).toEqual(process.platform === 'win32' ? { code: 9, signal: null } : { code: null, signal: 'SIGKILL' });
  });

  it('that ends before it began is a failure in words', async () => {
    const launching = utilityProcessLauncher('/app/node.js').launch(options());
    utilityProcess.forks[0]!.child.emit('exit', 1);
    await expect(launching).rejects.toMatchObject({ code: 'launchFailed' });
    await expect(launching).rejects.toThrow('it ended at once (code 1)');
  });
});

describe('small things', () => {
  it('reads its own options beside those of Chromium', () => {
    expect(mainOptions(['.', '--demo', '--home', '/x', '--ozone-platform=x11'])).toEqual({ demo: true, home: '/x' });
    expect(mainOptions(['.', '--no-such', '--home'])).toEqual({ demo: false, home: null });
  });

  it('offers developer tools only when it is not packaged', () => {
    const text = (devTools: boolean) =>
      JSON.stringify(menuTemplate({ isMac: false, devTools, open: () => undefined, onError: () => undefined }));
    expect(text(true)).toContain('toggleDevTools');
    expect(text(false)).not.toContain('toggleDevTools');
    expect(text(false)).not.toContain('"reload"');
  });
});
