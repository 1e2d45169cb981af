import { contextBridge, ipcRenderer } from 'electron';
import type { Bridge, ClientFrame } from './contract/wire.ts';
import { ACK_CHANNEL, FRAME_CHANNEL } from './main/channels.ts';

const listeners = new Set<(frame: unknown) => void>();
let taken = 0;

ipcRenderer.on(FRAME_CHANNEL, (_event, frame: unknown) => {
  for (const listener of listeners) listener(frame);
  // Tells main that there is room for more; without it main merges what waits.
  taken += 1;
  ipcRenderer.send(ACK_CHANNEL, taken);
});

/** The page gets these two functions; neither hands on an event or ipcRenderer. */
const bridge: Bridge = {
  send(frame: ClientFrame): void {
    ipcRenderer.send(FRAME_CHANNEL, frame);
  },
  onFrame(listener: (frame: unknown) => void): () => void {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

contextBridge.exposeInMainWorld('prkdb', bridge);
