import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from '../backend/router.ts';
import { BackendError } from '../backend/errors.ts';
import { Assets } from '../carrier/assets.ts';
import { Access } from './access.ts';
import { answer, type HttpContext } from './http.ts';
import type { HostRules } from './origin.ts';
import { Sockets } from './sockets.ts';

const MAX_HEADER_BYTES = 16 * 1024;

export interface WebServer {
  /** Opens one session. A fresh one after each use. */
  readonly url: string;
  close(): Promise<void>;
}

/** The interface over HTTP and the contract over WebSocket, for whoever has the address with its token. */
export async function openWebServer(options: {
  readonly router: Router;
  /** The built interface. */
  readonly root: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  readonly onError: (error: unknown) => void;
  /** The address was used; this is the next one. */
  readonly onNewUrl?: ((url: string) => void) | undefined;
}): Promise<WebServer> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 30_000, headersTimeout: 10_000 });
  const port = await listen(server, options.host, options.port);
  const rules: HostRules = { port, host: options.host };
  const access = new Access(port);
  const url = (): string => `http://${dialable(options.host)}:${port}/?token=${access.token}`;
  const sockets = new Sockets(options.router, access, rules);
  const context: HttpContext = {
    assets: new Assets(options.root),
    access,
    rules,
    onTokenUsed: () => options.onNewUrl?.(url()),
  };
  server.on('request', (request, response) => {
    answer(request, response, context).catch((error: unknown) => {
      options.onError(error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  return {
    get url() {
      return url();
    },
    close: () =>
      new Promise((resolve) => {
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port));
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): BackendError {
  if (error.code === 'EADDRINUSE') {
    return new BackendError('portInUse', `Port ${port} is in use.`, 'Choose another with --port, or --port 0 for any.');
  }
  if (error.code === 'EACCES') {
    return new BackendError(
      'portInUse',
      `Port ${port} may not be used by you.`,
      'Choose one from 1024 on with --port.',
    );
  }
  return new BackendError('invalidInput', `Cannot listen on ${host}: ${error.message}.`, 'Choose another --host.');
}

/** Where a browser on this machine finds it. */
function dialable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
