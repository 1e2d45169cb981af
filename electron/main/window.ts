import { BrowserWindow, screen, type BrowserWindowConstructorOptions, type Session } from 'electron';
import { APP_ORIGIN } from './app-origin.ts';
import { loadWindowState, saveWindowState, type WindowState } from './window-state.ts';

/** A renderer that crashes again and again is not reloaded for ever. */
const MAX_RELOADS = 3;
const RELOADS_WITHIN_MS = 60_000;

export interface WindowOptions {
  readonly session: Session;
  readonly preload: string;
  readonly stateFile: string;
  /** Only when the application is not packaged. */
  readonly devTools: boolean;
  readonly closeQuits: boolean;
  readonly quit: () => void;
  readonly onError: (error: unknown) => void;
}

/** Every security setting written out, defaults too, so that none is left to a later version's taste. */
export function windowOptions(options: WindowOptions, state: WindowState): BrowserWindowConstructorOptions {
  const { x, y, width, height } = state;
  return {
    ...(x === undefined || y === undefined ? {} : { x, y }),
    width,
    height,
    minWidth: 1024,
    minHeight: 640,
    show: false,
    title: 'PrkDB Desktop',
    backgroundColor: '#101218',
    webPreferences: {
      preload: options.preload,
      session: options.session,
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
      spellcheck: false,
      devTools: options.devTools,
    },
  };
}

/** Opens the main window where it was last and loads the interface. */
export async function openMainWindow(options: WindowOptions): Promise<BrowserWindow> {
  const screens = screen.getAllDisplays().map((display) => display.workArea);
  const state = loadWindowState(options.stateFile, screens);
  const window = new BrowserWindow(windowOptions(options, state));
  if (state.maximized) window.maximize();
  window.once('ready-to-show', () => window.show());
  window.on('close', (event) => {
    // Elsewhere than on macOS the window is the application: closing it is quitting, which may be refused.
    if (!options.closeQuits) {
      rememberWindow(window, options.stateFile).catch(options.onError);
      return;
    }
    event.preventDefault();
    options.quit();
  });
  reloadAfterCrash(window);
  await window.loadURL(`${APP_ORIGIN}/`);
  return window;
}

/** Keeps where the window is for the next start. */
export async function rememberWindow(window: BrowserWindow | null, stateFile: string): Promise<void> {
  if (window === null || window.isDestroyed()) return;
  await saveWindowState(stateFile, { ...window.getNormalBounds(), maximized: window.isMaximized() });
}

/** The clusters do not depend on the window: a crashed one is loaded again and subscribes anew. */
function reloadAfterCrash(window: BrowserWindow): void {
  let crashes: number[] = [];
  window.webContents.on('render-process-gone', (_event, details) => {
    if (details.reason === 'clean-exit' || window.isDestroyed()) return;
    const nowMs = Date.now();
    crashes = [...crashes.filter((atMs) => nowMs - atMs < RELOADS_WITHIN_MS), nowMs];
    if (crashes.length <= MAX_RELOADS) window.webContents.reload();
  });
}
