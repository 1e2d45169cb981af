import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bridge } from '../../../electron/contract/wire.ts';
import { FRAME_CHANNEL } from '../../../electron/main/channels.ts';
import { app, BrowserWindow, dialog, ipcMain, session } from '../stand-in.ts';

vi.mock('electron', () => import('../stand-in.ts'));

type Frame = Parameters<Bridge['send']>[0];

describe('the main process', () => {
  let home: string;
  const argv = process.argv;
  beforeAll(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'prkdb-main-'));
    app.userData = home;
    process.argv = ['electron', '.', '--home', home];
    await import('../../../electron/main.ts');
    await vi.waitUntil(() => BrowserWindow.last?.loaded === 'app://prkdb/', 10_000);
  });
  afterAll(async () => {
    process.argv = argv;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(signal);
    await rm(home, { recursive: true, force: true });
  });

  it('enables the sandbox and registers its scheme before it is ready', () => {
    expect(app.calls).toEqual(['enableSandbox', 'registerSchemes', 'whenReady']);
    expect(Object.keys(session.defaultSession.handlers)).toEqual(
      expect.arrayContaining(['request', 'check', 'device', 'display', 'app']),
    );
    expect(dialog.errors).toEqual([]);
  });

  it('answers its window over IPC', async () => {
    const { webContents } = BrowserWindow.last!;
    const frame: Frame = { type: 'call', id: 1, kind: 'query', name: 'app.info', input: {} };
    ipcMain.emit(FRAME_CHANNEL, { sender: webContents, senderFrame: webContents.mainFrame }, frame);
    await vi.waitFor(() => expect(webContents.sent).toHaveLength(1));
    expect(webContents.sent[0]!.frame).toMatchObject({
      type: 'result',
      id: 1,
      output: { host: 'electron', home, nodeProcesses: 0 },
    });
  });

  it('opens another window when it is started again while its window is gone', async () => {
    const first = BrowserWindow.last!;
    first.destroy();
    app.emit('second-instance');
    await vi.waitFor(() => expect(BrowserWindow.last).not.toBe(first));
    expect(BrowserWindow.last!.loaded).toBe('app://prkdb/');
    app.emit('second-instance');
    await vi.waitFor(() => expect(BrowserWindow.last!.calls).toContain('focus'));
  });

  it('lets go of everything when it quits', async () => {
    app.quit();
    await vi.waitFor(() => expect(app.exitCode).toBe(0));
    expect(ipcMain.listenerCount(FRAME_CHANNEL)).toBe(0);
  });
});
