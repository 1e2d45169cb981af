import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Router } from '../backend/router.ts';
import { Session } from '../carrier/session.ts';
import { MAX_FRAME_BYTES, WIRE_PATH, type ServerFrame } from '../contract/wire.ts';
import type { Access } from './access.ts';
import { isOwnHost, isOwnOrigin, type HostRules } from './origin.ts';

const MAX_SOCKETS = 32;
/** With more than this unsent, subscriptions merge their messages. */
const CONGESTED_BYTES = 512 * 1024;
/** With more than this unsent the reader is lost, and its answers only take memory. */
const HOPELESS_BYTES = 64 * 1024 * 1024;
const ALIVE_CHECK_MS = 15_000;

/** The WebSockets of the browser host: one session each. */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  readonly #router: Router;
  readonly #access: Access;
  readonly #rules: HostRules;
  readonly #silent = new Set<WebSocket>();
  readonly #aliveTimer: NodeJS.Timeout;

  constructor(router: Router, access: Access, rules: HostRules) {
    this.#router = router;
    this.#access = access;
    this.#rules = rules;
    this.#aliveTimer = setInterval(() => this.#checkAlive(), ALIVE_CHECK_MS);
  }

  /** For the HTTP server's 'upgrade'. Refused in plain HTTP when it is not from our own page. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { host, origin, cookie } = request.headers;
    if (request.url !== WIRE_PATH) return refuse(socket, '404 Not Found');
    if (!isOwnHost(host, this.#rules) || !isOwnOrigin(origin, host, this.#rules))
      return refuse(socket, '403 Forbidden');
    if (!this.#access.isAdmitted(cookie)) return refuse(socket, '401 Unauthorized');
    if (this.#server.clients.size >= MAX_SOCKETS) return refuse(socket, '503 Service Unavailable');
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#serve(ws));
  }

  close(): void {
    clearInterval(this.#aliveTimer);
    for (const ws of this.#server.clients) {
      ws.close(1001, 'PrkDB Desktop stops.');
      ws.terminate();
    }
    this.#server.close();
  }

  #serve(ws: WebSocket): void {
    const session = new Session(this.#router, {
      send: (frame: ServerFrame) => {
        if (ws.bufferedAmount > HOPELESS_BYTES) return ws.terminate();
        ws.send(JSON.stringify(frame), () => {
          if (ws.bufferedAmount < CONGESTED_BYTES) session.drained();
        });
      },
      congested: () => ws.bufferedAmount >= CONGESTED_BYTES,
    });
    ws.on('message', (data, isBinary) => {
      this.#silent.delete(ws);
      const frame = isBinary ? undefined : parseJson(data);
      if (frame === undefined || !session.receive(frame)) ws.close(1008, 'Not a frame of this protocol.');
    });
    ws.on('pong', () => this.#silent.delete(ws));
    // Too large a frame, a reset: 'close' follows and ends the session.
    ws.on('error', () => undefined);
    ws.on('close', () => {
      this.#silent.delete(ws);
      session.close();
    });
  }

  /** A reader that vanished without a word answers no ping. */
  #checkAlive(): void {
    for (const ws of this.#server.clients) {
      if (this.#silent.has(ws)) ws.terminate();
      else {
        this.#silent.add(ws);
        ws.ping();
      }
    }
  }
}

function parseJson(data: RawData): unknown {
  try {
    // Text frames arrive as one buffer.
    return JSON.parse((data as Buffer).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
