import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, dialog, session, type BrowserWindow } from 'electron';
import { createSupervisor, defaultHome } from '../engine/supervisor/index.ts';
import { CHECK_OUTPUTS, openBackend } from './backend/backend.ts';
import { Assets } from './carrier/assets.ts';
import { APP_ORIGIN } from './main/app-origin.ts';
import { IpcCarrier } from './main/ipc.ts';
import { utilityProcessLauncher } from './main/launcher.ts';
import { installMenu } from './main/menu.ts';
import { restrictNavigation } from './main/navigation.ts';
import { nativeNotices } from './main/notices.ts';
import { mainOptions } from './main/options.ts';
import { denyPermissions } from './main/permissions.ts';
import { handleAppProtocol, registerAppScheme } from './main/protocol.ts';
import { guardQuit } from './main/quit.ts';
import { safeSeal } from './main/safe-secrets.ts';
import { claimSingleInstance } from './main/single-instance.ts';
import { showTray } from './main/tray.ts';
import { openMainWindow, rememberWindow } from './main/window.ts';
import { VERSION } from './version.ts';

/** The folder this file is built into; the interface and the node program are its neighbours. */
const here = path.dirname(fileURLToPath(import.meta.url));
const onError = (error: unknown): void => console.error(error instanceof Error ? error.message : error);

let window: BrowserWindow | null = null;
/** Brings the window to the front, opening it if there is none; at this address, if one is given. */
let show: (path?: string) => void = () => undefined;

async function run(): Promise<void> {
  const options = mainOptions(process.argv.slice(1));
  await app.whenReady();
  const home = path.resolve(options.home ?? defaultHome());
  const devTools = !app.isPackaged;
  const stateFile = path.join(app.getPath('userData'), 'window.json');

  denyPermissions(session.defaultSession);
  handleAppProtocol(session.defaultSession, new Assets(path.join(here, '../renderer')));
  installMenu({ devTools, open: (path) => show(path), onError });

  let inBackground = false;
  const open = async (): Promise<void> => {
    inBackground = false;
    window = await openMainWindow({
      session: session.defaultSession,
      preload: path.join(here, 'preload.cjs'),
      stateFile,
      devTools,
      closeQuits: process.platform !== 'darwin',
      quit: () => app.quit(),
      onError,
    });
  };
  const bringUp = async (path?: string): Promise<void> => {
    if (window === null || window.isDestroyed()) {
      await app.dock?.show();
      await open();
    } else {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    }
    if (path !== undefined) await window?.loadURL(`${APP_ORIGIN}${path}`);
  };
  show = (path) => void bringUp(path).catch(onError);
  const supervisor = await createSupervisor({
    home,
    launcher: utilityProcessLauncher(path.join(here, '../node/node.js')),
    actor: 'app',
  });
  const backend = await openBackend({
    supervisor,
    home,
    host: 'electron',
    version: VERSION,
    checkOutputs: CHECK_OUTPUTS,
    seal: safeSeal(),
    showNotice: nativeNotices({ window: () => window, open, onError }),
    onError,
  });
  const carrier = new IpcCarrier(backend.router);
  const tray = showTray({
    clusters: () => backend.clusters().filter((cluster) => cluster.kind === 'local'),
    onClusters: (listener) => backend.onClusters(listener),
    actions: { open: (path) => show(path), quit: () => app.quit() },
  });
  const guard = guardQuit({
    app,
    window: () => window,
    ownedClusters: () => backend.ownedClusters(),
    leaveRunning: async () => {
      await rememberWindow(window, stateFile).catch(onError);
      inBackground = true;
      window?.destroy();
      window = null;
      app.dock?.hide();
    },
    close: async () => {
      tray.close();
      await rememberWindow(window, stateFile).catch(onError);
      carrier.close();
      await backend.close();
    },
    onError,
  });

  // Nobody sees an application without a window and without anything to run.
  backend.onClusters(() => {
    if (inBackground && window === null && backend.ownedClusters().length === 0) guard.quitWithoutAsking();
  });
  // Without a listener Electron would quit by itself; closing the window decides about that.
  app.on('window-all-closed', () => undefined);
  // macOS: a click on the dock icon while no window is open.
  app.on('activate', () => {
    if (window === null || window.isDestroyed()) show();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => guard.quitWithoutAsking());

  await open();
  if (options.demo) {
    await backend.startDemo().catch((error: unknown) => {
      dialog.showErrorBox('The demo cluster cannot start', error instanceof Error ? error.message : String(error));
    });
  }
}

if (claimSingleInstance(app, () => show())) {
  app.enableSandbox();
  registerAppScheme();
  restrictNavigation(app, onError);
  run().catch((error: unknown) => {
    dialog.showErrorBox('PrkDB Desktop cannot start', error instanceof Error ? error.message : String(error));
    app.exit(1);
  });
} else {
  app.quit();
}
