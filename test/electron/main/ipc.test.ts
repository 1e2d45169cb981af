import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRouter, type Handlers } from '../../../electron/backend/router.ts';
import { ACK_CHANNEL, FRAME_CHANNEL } from '../../../electron/main/channels.ts';
import { IpcCarrier } from '../../../electron/main/ipc.ts';
import type { Bridge } from '../../../electron/contract/wire.ts';
import { exposed, ipcMain, ipcRenderer, WebContents } from '../stand-in.ts';

vi.mock('electron', () => import('../stand-in.ts'));

const list = vi.fn<() => never[]>(() => []);
const stop = vi.fn<() => void>();
let emit: () => void = () => undefined;
let carrier: IpcCarrier;
let contents: WebContents;

const CALL = { type: 'call', id: 1, kind: 'query', name: 'clusters.list', input: {} };
const SUBSCRIBE = { type: 'subscribe', id: 2, name: 'clusters', input: {} };

function send(frame: unknown, change: { senderFrame?: unknown } = {}): void {
  ipcMain.emit(FRAME_CHANNEL, { sender: contents, senderFrame: contents.mainFrame, ...change }, frame);
}

beforeEach(() => {
  vi.clearAllMocks();
  contents = new WebContents();
  const handlers = {
    queries: { 'clusters.list': list },
    commands: {},
    subscriptions: {
      clusters: (_input: unknown, sink: { message(message: unknown): void }) => {
        emit = () => sink.message([]);
        return stop;
      },
    },
  };
  carrier = new IpcCarrier(createRouter(handlers as unknown as Handlers, { checkOutputs: true }));
});
afterEach(() => carrier.close());

describe('frames from a window', () => {
  it('are answered when they come from the top frame of our own page', async () => {
    send(CALL);
    await vi.waitFor(() => expect(contents.sent).toHaveLength(1));
    expect(contents.sent[0]).toEqual({ channel: FRAME_CHANNEL, frame: { type: 'result', id: 1, output: [] } });
  });

  it('are dropped when they come from anywhere else', async () => {
    const foreign = { url: 'https://evil.test/' };
    send(CALL, { senderFrame: { url: 'app://prkdb/' } });
    send(CALL, { senderFrame: null });
    contents.mainFrame = foreign;
    send(CALL);
    contents.mainFrame = { url: 'app://evil/' };
    send(CALL);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(list).not.toHaveBeenCalled();
    expect(contents.sent).toEqual([]);
  });

  it('are dropped when they are too large or no frames', async () => {
    const cycle: Record<string, unknown> = { ...CALL };
    cycle['input'] = cycle;
    for (const frame of [{ ...CALL, input: 'x'.repeat(5 * 1024 * 1024) }, cycle, 'text', null, undefined]) send(frame);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(contents.sent).toEqual([]);
  });

  it('of a page that was left have no subscriptions any more', () => {
    send(SUBSCRIBE);
    contents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: true });
    expect(stop).not.toHaveBeenCalled();
    contents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false });
    expect(stop).toHaveBeenCalledOnce();
  });

  it('are not queued without end for a window that does not read', () => {
    send(SUBSCRIBE);
    for (let i = 0; i < 1000; i++) emit();
    expect(contents.sent).toHaveLength(32);
    ipcMain.emit(ACK_CHANNEL, { sender: contents, senderFrame: contents.mainFrame }, 32);
    expect(contents.sent).toHaveLength(33);
    ipcMain.emit(ACK_CHANNEL, { sender: contents, senderFrame: contents.mainFrame }, 'many');
    ipcMain.emit(ACK_CHANNEL, { sender: contents, senderFrame: contents.mainFrame }, 1e9);
    expect(contents.sent).toHaveLength(33);
  });
});

describe('the preload', () => {
  it('gives the page two functions, and neither an event nor ipcRenderer', async () => {
    await import('../../../electron/preload.ts');
    const bridge = exposed['prkdb'] as Bridge;
    expect(Object.keys(bridge).sort((a, b) => a.localeCompare(b))).toEqual(['onFrame', 'send']);
    bridge.send({ type: 'ping', id: 1 });
    expect(ipcRenderer.sent).toEqual([{ channel: FRAME_CHANNEL, value: { type: 'ping', id: 1 } }]);

    const heard: unknown[][] = [];
    const end = bridge.onFrame((...args) => heard.push(args));
    ipcRenderer.emit(FRAME_CHANNEL, { sender: 'the event' }, { type: 'pong', id: 1 });
    expect(heard).toEqual([[{ type: 'pong', id: 1 }]]);
    expect(ipcRenderer.sent.at(-1)).toEqual({ channel: ACK_CHANNEL, value: 1 });
    end();
    ipcRenderer.emit(FRAME_CHANNEL, {}, { type: 'pong', id: 2 });
    expect(heard).toHaveLength(1);
  });
});
