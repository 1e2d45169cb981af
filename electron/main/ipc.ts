import { ipcMain, type IpcMainEvent, type WebContents } from 'electron';
import type { Router } from '../backend/router.ts';
import { Session } from '../carrier/session.ts';
import { MAX_FRAME_BYTES, type ServerFrame } from '../contract/wire.ts';
import { isAppUrl } from './app-origin.ts';
import { ACK_CHANNEL, FRAME_CHANNEL } from './channels.ts';

/** Frames a window may have unread before its subscriptions merge their messages. */
const CONGESTED_FRAMES = 32;

interface Client {
  readonly session: Session;
  sent: number;
  acknowledged: number;
}

/** Carries the contract to the windows: one session each, ended when its page is left or its process dies. */
export class IpcCarrier {
  readonly #router: Router;
  readonly #clients = new Map<number, Client>();

  constructor(router: Router) {
    this.#router = router;
    ipcMain.on(FRAME_CHANNEL, (event, frame: unknown) => this.#receive(event, frame));
    ipcMain.on(ACK_CHANNEL, (event, count: unknown) => this.#acknowledge(event, count));
  }

  close(): void {
    ipcMain.removeAllListeners(FRAME_CHANNEL);
    ipcMain.removeAllListeners(ACK_CHANNEL);
    for (const { session } of this.#clients.values()) session.close();
    this.#clients.clear();
  }

  #receive(event: IpcMainEvent, frame: unknown): void {
    if (!isTrusted(event) || isTooLarge(frame)) return;
    const client = this.#clients.get(event.sender.id) ?? this.#open(event.sender);
    client.session.receive(frame);
  }

  #acknowledge(event: IpcMainEvent, count: unknown): void {
    const client = isTrusted(event) ? this.#clients.get(event.sender.id) : undefined;
    if (client === undefined || typeof count !== 'number' || !Number.isSafeInteger(count)) return;
    client.acknowledged = Math.min(client.sent, Math.max(client.acknowledged, count));
    client.session.drained();
  }

  #open(contents: WebContents): Client {
    const client: Client = {
      session: new Session(this.#router, {
        send: (frame: ServerFrame) => {
          if (contents.isDestroyed()) return;
          client.sent += 1;
          contents.send(FRAME_CHANNEL, frame);
        },
        congested: () => client.sent - client.acknowledged >= CONGESTED_FRAMES,
      }),
      sent: 0,
      acknowledged: 0,
    };
    const end = (): void => {
      if (this.#clients.get(contents.id) !== client) return;
      this.#clients.delete(contents.id);
      client.session.close();
    };
    // A page that is loaded anew starts afresh: what the former one had asked for ends with it.
    contents.on('did-start-navigation', (details) => {
      if (details.isMainFrame && !details.isSameDocument) end();
    });
    contents.once('render-process-gone', end);
    contents.once('destroyed', end);
    this.#clients.set(contents.id, client);
    return client;
  }
}

/** Only the top frame of one of our own pages may speak. */
function isTrusted(event: IpcMainEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame === event.sender.mainFrame && isAppUrl(frame.url);
}

function isTooLarge(frame: unknown): boolean {
  try {
    return JSON.stringify(frame).length > MAX_FRAME_BYTES;
  } catch {
    return true;
  }
}
