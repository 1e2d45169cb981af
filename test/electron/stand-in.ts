import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';

/**
 * Stands in for the `electron` module: it records what main asks for and lets a test
 * play Electron's part. One copy for all tests: vi.mock('electron', () => import('./stand-in.ts')).
 */

class App extends EventEmitter {
  isPackaged = false;
  isFirstInstance = true;
  exitCode: number | null = null;
  quitAsked = 0;
  readonly calls: string[] = [];
  userData = '';
  enableSandbox(): void {
    this.calls.push('enableSandbox');
  }
  async whenReady(): Promise<void> {
    this.calls.push('whenReady');
  }
  getPath(): string {
    return this.userData;
  }
  requestSingleInstanceLock(): boolean {
    return this.isFirstInstance;
  }
  /** As Electron does: listeners may hold the quit back. */
  quit(): void {
    this.quitAsked += 1;
    this.emit('before-quit', preventable());
  }
  exit(code: number): void {
    this.exitCode = code;
  }
}
export const app = new App();

export function preventable<T extends object>(more?: T) {
  const event = {
    defaultPrevented: false,
    preventDefault() {
      event.defaultPrevented = true;
    },
    ...(more as T),
  };
  return event;
}

export class WebContents extends EventEmitter {
  static #nextId = 1;
  readonly id = WebContents.#nextId++;
  readonly sent: { channel: string; frame: unknown }[] = [];
  mainFrame = { url: 'app://prkdb/' };
  reloads = 0;
  openHandler: ((details: { url: string }) => { action: string }) | null = null;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler;
  }
  send(channel: string, frame: unknown): void {
    this.sent.push({ channel, frame });
  }
  isDestroyed(): boolean {
    return false;
  }
  reload(): void {
    this.reloads += 1;
  }
}

export class BrowserWindow extends EventEmitter {
  static last: BrowserWindow | null = null;
  readonly options: Record<string, unknown>;
  readonly webContents = new WebContents();
  readonly calls: string[] = [];
  loaded: string | null = null;
  minimized = false;
  destroyed = false;
  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    BrowserWindow.last = this;
  }
  async loadURL(url: string): Promise<void> {
    this.loaded = url;
  }
  getNormalBounds() {
    return { x: 10, y: 20, width: 1200, height: 800 };
  }
  isMaximized(): boolean {
    return false;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  destroy(): void {
    this.destroyed = true;
  }
  maximize(): void {
    this.calls.push('maximize');
  }
  restore(): void {
    this.calls.push('restore');
  }
  show(): void {
    this.calls.push('show');
  }
  focus(): void {
    this.calls.push('focus');
  }
}

export class Tray extends EventEmitter {
  static last: Tray | null = null;
  tip = '';
  menu: { label?: string; click?: () => void }[] = [];
  menus = 0;
  destroyed = false;
  constructor(_image: unknown) {
    super();
    Tray.last = this;
  }
  setToolTip(tip: string): void {
    this.tip = tip;
  }
  setContextMenu(menu: unknown): void {
    this.menu = menu as typeof this.menu;
    this.menus += 1;
  }
  destroy(): void {
    this.destroyed = true;
  }
}

export const nativeImage = {
  createFromDataURL: (url: string) => ({ resize: () => ({ url }) }),
};

export class Notification extends EventEmitter {
  static isThere = true;
  static shown: Notification[] = [];
  readonly options: { title: string; body: string; silent: boolean };
  static isSupported(): boolean {
    return Notification.isThere;
  }
  constructor(options: { title: string; body: string; silent: boolean }) {
    super();
    this.options = options;
  }
  show(): void {
    Notification.shown.push(this);
  }
}

type Handler = (...args: never[]) => unknown;

export class Session {
  readonly handlers: Record<string, Handler> = {};
  readonly protocol = {
    handle: (scheme: string, handler: Handler): void => {
      this.handlers[scheme] = handler;
    },
  };
  setPermissionRequestHandler(handler: Handler): void {
    this.handlers['request'] = handler;
  }
  setPermissionCheckHandler(handler: Handler): void {
    this.handlers['check'] = handler;
  }
  setDevicePermissionHandler(handler: Handler): void {
    this.handlers['device'] = handler;
  }
  setDisplayMediaRequestHandler(handler: Handler): void {
    this.handlers['display'] = handler;
  }
}
export const session = { defaultSession: new Session() };

export const protocol = {
  schemes: [] as { scheme: string; privileges: Record<string, boolean> }[],
  registerSchemesAsPrivileged(schemes: { scheme: string; privileges: Record<string, boolean> }[]): void {
    app.calls.push('registerSchemes');
    protocol.schemes = schemes;
  },
};

export const ipcMain = new EventEmitter();

export const shell = {
  opened: [] as string[],
  async openExternal(address: string): Promise<void> {
    shell.opened.push(address);
  },
};

export const dialog = {
  errors: [] as string[],
  showErrorBox(title: string, content: string): void {
    dialog.errors.push(`${title}: ${content}`);
  },
  answer: 0,
  asked: [] as { message: string; detail: string }[],
  async showMessageBox(...args: unknown[]): Promise<{ response: number }> {
    dialog.asked.push(args.at(-1) as { message: string; detail: string });
    return { response: dialog.answer };
  },
};

export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
};

export const Menu = {
  buildFromTemplate: (template: unknown): unknown => template,
  setApplicationMenu: (): void => undefined,
};

export class UtilityProcess extends EventEmitter {
  pid: number | undefined = 4711;
  killed = false;
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  kill(): boolean {
    this.killed = true;
    return true;
  }
}
export const utilityProcess = {
  forks: [] as { entry: string; args: string[]; options: Record<string, unknown>; child: UtilityProcess }[],
  fork(entry: string, args: string[], options: Record<string, unknown>): UtilityProcess {
    const child = new UtilityProcess();
    utilityProcess.forks.push({ entry, args, options, child });
    return child;
  },
};

export const exposed: Record<string, unknown> = {};
export const contextBridge = {
  exposeInMainWorld(name: string, value: unknown): void {
    exposed[name] = value;
  },
};

class IpcRenderer extends EventEmitter {
  readonly sent: { channel: string; value: unknown }[] = [];
  send(channel: string, value: unknown): void {
    this.sent.push({ channel, value });
  }
}
export const ipcRenderer = new IpcRenderer();

/** A secret store of the system, which only writes texts in hexadecimal; `backend` is what Linux reports. */
export const safeStorage = {
  isAvailable: true,
  backend: 'gnome_libsecret',
  async isAsyncEncryptionAvailable(): Promise<boolean> {
    return this.isAvailable;
  },
  getSelectedStorageBackend(): string {
    return this.backend;
  },
  async encryptStringAsync(text: string): Promise<Buffer> {
    return Buffer.from(Buffer.from(text).toString('hex'));
  },
  async decryptStringAsync(sealed: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }> {
    return { result: Buffer.from(sealed.toString(), 'hex').toString(), shouldReEncrypt: false };
  },
};
