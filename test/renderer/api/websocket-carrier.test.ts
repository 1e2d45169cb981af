import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws';
import { reconnectDelayMs, webSocketCarrier } from '../../../renderer/api/websocket-carrier.ts';
import type { Carrier } from '../../../renderer/api/carrier.ts';

let server: WebSocketServer;
let url: string;
let carrier: Carrier | null = null;
const sockets: ServerSocket[] = [];

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => sockets.push(socket));
  await new Promise((resolve) => server.once('listening', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
});

afterEach(async () => {
  carrier?.close();
  carrier = null;
  for (const socket of sockets.splice(0)) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

test('carries frames both ways, and opens again after the connection broke', async () => {
  const states: string[] = [];
  const frames: unknown[] = [];
  const opened = webSocketCarrier(url);
  carrier = opened;
  opened.onState((state) => states.push(state));
  opened.onFrame((frame) => frames.push(frame));
  await vi.waitFor(() => expect(states).toEqual(['open']), 5_000);

  const received = new Promise<string>((resolve) =>
    sockets[0]?.once('message', (data: Buffer) => resolve(data.toString())),
  );
  opened.send({ type: 'unsubscribe', id: 4 });
  expect(JSON.parse(await received)).toEqual({ type: 'unsubscribe', id: 4 });
  sockets[0]?.send('{"type":"pong","id":1}');
  await vi.waitFor(() => expect(frames).toEqual([{ type: 'pong', id: 1 }]), 5_000);

  sockets[0]?.terminate();
  await vi.waitFor(() => expect(states).toEqual(['open', 'closed', 'open']), 10_000);
});

test('what is not JSON ends the connection instead of the page', async () => {
  const states: string[] = [];
  const opened = webSocketCarrier(url);
  carrier = opened;
  opened.onState((state) => states.push(state));
  await vi.waitFor(() => expect(states).toEqual(['open']), 5_000);
  sockets[0]?.send('<html>');
  await vi.waitFor(() => expect(states).toEqual(['open', 'closed', 'open']), 10_000);
});

test('a closed carrier stays closed and drops what it is given', async () => {
  const states: string[] = [];
  const opened = webSocketCarrier(url);
  opened.onState((state) => states.push(state));
  await vi.waitFor(() => expect(states).toEqual(['open']), 5_000);
  opened.close();
  expect(states).toEqual(['open', 'closed']);
  expect(() => opened.send({ type: 'unsubscribe', id: 1 })).not.toThrow();
});

test('waits twice as long each time, up to 5 s, and never all at the same moment', () => {
  expect(reconnectDelayMs(0, 1)).toBe(250);
  expect(reconnectDelayMs(1, 1)).toBe(500);
  expect(reconnectDelayMs(60, 1)).toBe(5_000);
  expect(reconnectDelayMs(60, 0)).toBe(2_500);
});
