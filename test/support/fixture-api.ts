import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ApiError } from '../../electron/contract/contract.ts';
import { faultRequestSchema } from '../../electron/contract/faults.ts';
import { clientFrameSchema, WIRE_PATH, type ServerFrame } from '../../electron/contract/wire.ts';
import { FixtureCluster } from './fixture-cluster.ts';

const TICK_MS = 100;
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface FixtureApi {
  readonly url: string;
  readonly clusters: Map<string, FixtureCluster>;
  /** While true, live subscriptions say nothing, as if the host hung. */
  silent: boolean;
  /** Moves the clusters on to a time of one's own, and tells whoever watches; meant for while it is silent. */
  advance(nowMs: number): void;
  /** Drops every connection; clients come back by themselves. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** A handler for names the fixture itself does not know: tests of one screen bring their own. */
export type ExtraHandler = (name: string, input: Record<string, unknown>) => unknown;

/** Serves the built renderer and speaks the wire over made-up clusters, on a free loopback port. */
export async function startFixtureApi(options: {
  rendererDir: string;
  clusters?: readonly FixtureCluster[];
  extra?: ExtraHandler;
  port?: number;
}): Promise<FixtureApi> {
  const clusters = new Map((options.clusters ?? []).map((cluster) => [cluster.name, cluster]));
  const sockets = new Map<WebSocket, Map<number, { name: string; cluster: string }>>();
  const nonce = 'fixture';

  const server = createServer((request, response) => {
    serve(options.rendererDir, nonce, request, response).catch(() => response.writeHead(500).end());
  });
  const wss = new WebSocketServer({ server, path: WIRE_PATH });

  const send = (socket: WebSocket, frame: ServerFrame) => socket.send(JSON.stringify(frame));
  const summaries = () => [...clusters.values()].map((cluster) => cluster.summary());

  const sendSummaries = () => {
    for (const [socket, subscriptions] of sockets) {
      for (const [id, { name }] of subscriptions) {
        if (name === 'clusters') send(socket, { type: 'message', id, message: summaries() });
      }
    }
  };

  const handle = (name: string, input: Record<string, unknown>): unknown => {
    const now = Date.now();
    const extra = options.extra?.(name, input);
    if (extra !== undefined) return extra;
    if (name === 'app.info') {
      return {
        version: '0.1.0',
        host: 'browser',
        platform: 'linux',
        home: '/home/you',
        nodeProcesses: 3,
        cpuPercent: 34,
        memoryBytes: 280_000_000,
      };
    }
    if (name === 'clusters.list') return summaries();
    const cluster = clusters.get(String(input['cluster']));
    if (cluster === undefined) throw failure('notFound', `There is no cluster ${String(input['cluster'])}.`, null);
    const node = Number(input['node']);
    switch (name) {
      case 'cluster.view':
        return cluster.view();
      case 'cluster.history':
        return cluster.samples.slice(-Number(input['maxPoints']));
      case 'cluster.events':
        return cluster.events.slice(-Number(input['limit']));
      case 'cluster.start':
      case 'cluster.stop':
        cluster.setRunning(name === 'cluster.start', now);
        return {};
      case 'cluster.heal':
        cluster.heal(now);
        return {};
      case 'fault.start':
        cluster.startFault(faultRequestSchema.parse(input['fault']), now);
        return {};
      case 'fault.end':
        cluster.endFault(String(input['id']));
        return {};
      case 'load.start':
        cluster.setLoad(Number(input['clients']), Number(input['readPercent']), now);
        return {};
      case 'load.stop':
        cluster.setLoad(0, 0, now);
        return {};
      case 'node.kill':
      case 'node.pause':
      case 'node.resume':
      case 'node.restart':
      case 'node.start':
      case 'node.isolate':
        cluster.act(name.slice(5), node, now);
        return {};
      default:
        throw failure('invalidInput', `The fixture does not know ${name}.`, null);
    }
  };

  const api: FixtureApi = {
    url: '',
    clusters,
    silent: false,
    advance(nowMs) {
      for (const cluster of clusters.values()) {
        const { events, samples } = cluster.tick(nowMs);
        const message = { view: cluster.view(), samples, events: [...events, ...cluster.events.slice(-12)] };
        for (const [socket, subscriptions] of sockets) {
          for (const [id, subscription] of subscriptions) {
            if (subscription.cluster === cluster.name) send(socket, { type: 'message', id, message });
          }
        }
      }
    },
    dropConnections() {
      for (const socket of sockets.keys()) socket.terminate();
    },
    async close() {
      clearInterval(ticker);
      for (const socket of sockets.keys()) socket.terminate();
      wss.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  wss.on('connection', (socket) => {
    const subscriptions = new Map<number, { name: string; cluster: string }>();
    sockets.set(socket, subscriptions);
    socket.on('close', () => sockets.delete(socket));
    socket.on('message', (data) => {
      const text = Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
      const frame = clientFrameSchema.parse(JSON.parse(text));
      if (frame.type === 'ping') return send(socket, { type: 'pong', id: frame.id });
      if (frame.type === 'unsubscribe') return void subscriptions.delete(frame.id);
      const input = (frame.input ?? {}) as Record<string, unknown>;
      try {
        if (frame.type === 'call') {
          send(socket, { type: 'result', id: frame.id, output: handle(frame.name, input) });
          sendSummaries();
          return;
        }
        if (frame.name === 'clusters') send(socket, { type: 'message', id: frame.id, message: summaries() });
        else send(socket, { type: 'message', id: frame.id, message: { view: handle('cluster.view', input) } });
        subscriptions.set(frame.id, { name: frame.name, cluster: String(input['cluster']) });
      } catch (error) {
        send(socket, { type: 'error', id: frame.id, error: error as ApiError });
      }
    });
  });

  let lastSummaries = '';
  const ticker = setInterval(() => {
    if (api.silent) return;
    api.advance(Date.now());
    const now = JSON.stringify(summaries());
    if (now !== lastSummaries) sendSummaries();
    lastSummaries = now;
  }, TICK_MS);

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return Object.assign(api, { url: `http://127.0.0.1:${String(address.port)}` });
}

function failure(code: ApiError['code'], message: string, hint: string | null): ApiError {
  return { code, message, hint };
}

/** The host's policy, so that what breaks under it breaks in tests too. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function serve(dir: string, nonce: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const isAsset = pathname.startsWith('/assets/');
  const file = path.join(dir, isAsset ? path.normalize(pathname) : 'index.html');
  const body = await readFile(file).catch(() => null);
  if (body === null) return void response.writeHead(404).end();
  response.setHeader('Content-Type', types[path.extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Security-Policy', policy(nonce));
  response.end(isAsset ? body : body.toString().replaceAll('__CSP_NONCE__', nonce));
}

if (process.argv[1] === import.meta.filename) {
  const nowMs = Date.now();
  const fixture = await startFixtureApi({
    rendererDir: path.join(import.meta.dirname, '../../dist/renderer'),
    port: Number(process.env['PORT'] ?? 0),
    clusters: [
      new FixtureCluster('dev-3', { nodes: 3, partitions: 8, running: true, nowMs }),
      new FixtureCluster('chaos-lab', { nodes: 5, partitions: 24, running: true, nowMs }),
      new FixtureCluster('bench-single', { nodes: 1, partitions: 1, running: false, nowMs }),
    ],
  });
  process.stdout.write(`${fixture.url}\n`);
}
