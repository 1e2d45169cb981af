import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { App, Session as ElectronSession } from 'electron';
import { Assets } from '../../../electron/carrier/assets.ts';
import { isAppUrl } from '../../../electron/main/app-origin.ts';
import { safeOpenExternal } from '../../../electron/main/external.ts';
import { restrictNavigation } from '../../../electron/main/navigation.ts';
import { denyPermissions } from '../../../electron/main/permissions.ts';
import { handleAppProtocol, registerAppScheme } from '../../../electron/main/protocol.ts';
import { openMainWindow } from '../../../electron/main/window.ts';
import { app, BrowserWindow, preventable, protocol, Session, shell, WebContents } from '../stand-in.ts';

vi.mock('electron', () => import('../stand-in.ts'));

const asElectron = (session: Session): ElectronSession => session as unknown as ElectronSession;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-main-'));
  await mkdir(path.join(dir, 'renderer', 'assets'), { recursive: true });
  await writeFile(path.join(dir, 'secret.txt'), 'secret');
  await writeFile(path.join(dir, 'renderer', 'index.html'), '<style nonce="__CSP_NONCE__"></style>');
  await writeFile(path.join(dir, 'renderer', 'assets', 'app-1.js'), 'app');
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(() => {
  shell.opened.length = 0;
});

describe('permissions', () => {
  it('are denied, all but writing text to the clipboard from our own page', () => {
    const session = new Session();
    denyPermissions(asElectron(session));
    const request = session.handlers['request'] as unknown as (
      contents: unknown,
      permission: string,
      callback: (granted: boolean) => void,
      details: { requestingUrl: string },
    ) => void;
    const check = session.handlers['check'] as unknown as (c: unknown, permission: string, origin: string) => boolean;
    const asked = (permission: string, requestingUrl: string): boolean => {
      let granted = true;
      request(null, permission, (answer) => (granted = answer), { requestingUrl });
      return granted;
    };
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'openExternal',
      'fileSystem',
    ]) {
      expect(asked(permission, 'app://prkdb/')).toBe(false);
      expect(check(null, permission, 'app://prkdb')).toBe(false);
    }
    expect(asked('clipboard-sanitized-write', 'app://prkdb/c/demo')).toBe(true);
    expect(asked('clipboard-sanitized-write', 'https://evil.test/')).toBe(false);
    expect((session.handlers['device'] as () => boolean)()).toBe(false);
  });
});

describe('navigation', () => {
  const contents = new WebContents();
  beforeAll(() => {
    restrictNavigation(app as unknown as App, () => undefined);
    app.emit('web-contents-created', {}, contents);
  });

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('away is refused on %s', (name) => {
    for (const url of [
      'https://evil.test/',
      'file:///etc/passwd',
      'app://evil/',
      'app://prkdb.evil.test/',
      'data:text/html,x',
    ]) {
      const event = preventable({ url });
      contents.emit(name, event);
      expect(event.defaultPrevented).toBe(true);
    }
    const home = preventable({ url: 'app://prkdb/c/demo' });
    contents.emit(name, home);
    expect(home.defaultPrevented).toBe(false);
  });

  it('never attaches a webview and never opens a window', () => {
    const event = preventable();
    contents.emit('will-attach-webview', event);
    expect(event.defaultPrevented).toBe(true);
    expect(contents.openHandler!({ url: 'https://example.org/a' })).toEqual({ action: 'deny' });
    expect(contents.openHandler!({ url: 'app://prkdb/' })).toEqual({ action: 'deny' });
    expect(shell.opened).toEqual(['https://example.org/a']);
  });
});

describe('addresses', () => {
  it('leave the application only when they are of the web', async () => {
    for (const bad of ['file:///etc/passwd', 'javascript:alert(1)', 'smb://host/x', 'not a url', 'vscode://x', '']) {
      expect(await safeOpenExternal(bad)).toBe(false);
    }
    expect(await safeOpenExternal('https://example.org/')).toBe(true);
    expect(shell.opened).toEqual(['https://example.org/']);
  });

  it('are ours by parsed comparison', () => {
    expect(isAppUrl('app://prkdb/c/demo?x=1#y')).toBe(true);
    for (const other of ['app://prkdb@evil/', 'app://prkdb:80/', 'apps://prkdb/', 'app:prkdb', 'https://prkdb/', '']) {
      expect(isAppUrl(other)).toBe(false);
    }
  });
});

describe('the application’s own scheme', () => {
  const session = new Session();
  const ask = (url: string, method = 'GET'): Promise<Response> =>
    (session.handlers['app'] as unknown as (request: object) => Promise<Response>)({ url, method });
  beforeAll(() => {
    registerAppScheme();
    handleAppProtocol(asElectron(session), new Assets(path.join(dir, 'renderer')));
  });

  it('is standard and secure and bypasses nothing', () => {
    expect(protocol.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
    ]);
  });

  it('serves the interface with its policy', async () => {
    const page = await ask('app://prkdb/c/demo');
    const nonce = /nonce="([^"]+)"/.exec(await page.text())![1]!;
    expect(page.headers.get('content-security-policy')).toContain(`style-src 'self' 'nonce-${nonce}'`);
    expect(await (await ask('app://prkdb/assets/app-1.js')).text()).toBe('app');
  });

  it('serves nothing else: no other host, no step upwards, no other method', async () => {
    for (const url of [
      'app://evil/index.html',
      'app://prkdb/../secret.txt',
      'app://prkdb/assets/../../secret.txt',
      'app://prkdb/%2e%2e/secret.txt',
      'app://prkdb/assets/..%2f..%2fsecret.txt',
    ]) {
      const answer = await ask(url);
      expect([400, 404]).toContain(answer.status);
      expect(await answer.text()).not.toContain('secret');
    }
    expect((await ask('app://prkdb/', 'POST')).status).toBe(404);
  });
});

describe('the window', () => {
  const open = async (devTools: boolean, closeQuits = true, quit = () => undefined as void) => {
    await openMainWindow({
      session: asElectron(new Session()),
      preload: '/app/preload.cjs',
      stateFile: path.join(dir, 'window.json'),
      devTools,
      closeQuits,
      quit,
      onError: () => undefined,
    });
    return BrowserWindow.last!;
  };

  it('has every protection written out and loads our own page', async () => {
    const window = await open(false);
    expect(window.options['webPreferences']).toMatchObject({
      preload: '/app/preload.cjs',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      devTools: false,
    });
    expect(window.loaded).toBe('app://prkdb/');
    expect(window.calls).not.toContain('show');
    window.emit('ready-to-show');
    expect(window.calls).toContain('show');
  });

  it('asks to quit instead of closing, where closing is quitting', async () => {
    const quit = vi.fn<() => void>();
    const window = await open(true, true, quit);
    const event = preventable();
    window.emit('close', event);
    expect(event.defaultPrevented).toBe(true);
    expect(quit).toHaveBeenCalledOnce();
  });

  it('remembers where it was, and comes back to a screen that is still there', async () => {
    const window = await open(true, false);
    window.emit('close', preventable());
    await vi.waitFor(async () => {
      expect((await open(true)).options).toMatchObject({ x: 10, y: 20, width: 1200, height: 800 });
    });
    await writeFile(path.join(dir, 'window.json'), '{"x":9000,"y":20,"width":1200,"height":800,"maximized":true}');
    const moved = await open(true);
    expect(moved.options).not.toHaveProperty('x');
    expect(moved.calls).toContain('maximize');
    await writeFile(path.join(dir, 'window.json'), 'torn');
    expect((await open(true)).options).toMatchObject({ width: 1440, height: 900 });
  });

  it('is loaded again after a crash, but not for ever', async () => {
    const window = await open(true);
    for (let i = 0; i < 6; i++) window.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(window.webContents.reloads).toBe(3);
  });
});
