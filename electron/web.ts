import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childProcessLauncher, createSupervisor } from '../engine/supervisor/index.ts';
import { CHECK_OUTPUTS, openBackend } from './backend/backend.ts';
import { VERSION } from './version.ts';
import { openWebServer } from './web/server.ts';

export { serveUntilEnd } from './web/until-end.ts';

export interface ServeOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Loopback unless the user asked for more. */
  readonly host: string;
  readonly home: string;
  /** The built interface; what `npm run build` leaves, unless given. */
  readonly interfaceDir?: string;
  /** Show the interface in the default browser. */
  readonly open?: boolean;
  /** Start the cluster `demo`. */
  readonly demo?: boolean;
  /** Each address works once; after each use, here is the next. */
  readonly onNewUrl?: (url: string) => void;
  readonly onError?: (error: unknown) => void;
}

export interface Serving {
  /** With the token that opens one session. */
  readonly url: string;
  /** Clusters that stop when this process ends. */
  ownedClusters(): string[];
  /** They go on detached when this is closed; resolves with their names. */
  leaveRunning(): Promise<readonly string[]>;
  /** Stops the clusters this process owns, in order, and lets go of everything. */
  close(): Promise<void>;
}

/** The whole application for a browser: backend, interface, and the contract over a WebSocket. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const onError = options.onError ?? ((error) => console.error(error instanceof Error ? error.message : error));
  const supervisor = await createSupervisor({ home: options.home, launcher: childProcessLauncher(), actor: 'app' });
  const backend = await openBackend({
    supervisor,
    home: options.home,
    host: 'browser',
    version: VERSION,
    checkOutputs: CHECK_OUTPUTS,
    onError,
  });
  try {
    const server = await openWebServer({
      router: backend.router,
      root: options.interfaceDir ?? fileURLToPath(new URL('../dist/renderer/', import.meta.url)),
      port: options.port,
      host: options.host,
      onError,
      onNewUrl: options.onNewUrl,
    });
    // A demo that cannot start is no reason to show nothing: the interface says what is wrong with it.
    if (options.demo === true) await backend.startDemo().catch(onError);
    if (options.open === true) showInBrowser(server.url, onError);
    return {
      get url() {
        return server.url;
      },
      ownedClusters: () => backend.ownedClusters(),
      leaveRunning: () => backend.leaveRunning(),
      async close() {
        await server.close();
        await backend.close();
      },
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}

/** The platform's own way to open an address. Where there is none, the printed address remains. */
function showInBrowser(url: string, onError: (error: unknown) => void): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', url]
        : ['xdg-open', url];
  const child = spawn(command!, args, { stdio: 'ignore', detached: true });
  child.on('error', onError);
  child.unref();
}
