import type { Bridge, ClientFrame } from '../../electron/contract/wire.ts';

export type CarrierState = 'open' | 'closed';

/** Takes frames to the backend and back, over Electron IPC or a WebSocket. */
export interface Carrier {
  readonly state: CarrierState;
  /** Only while open; a frame sent while closed is dropped. */
  send(frame: ClientFrame): void;
  onFrame(listener: (frame: unknown) => void): () => void;
  /** Called on every change of `state`. */
  onState(listener: (state: CarrierState) => void): () => void;
  close(): void;
}

/** The preload's bridge: open as long as the window is. */
export function bridgeCarrier(bridge: Bridge): Carrier {
  return {
    state: 'open',
    send: (frame) => bridge.send(frame),
    onFrame: (listener) => bridge.onFrame(listener),
    onState: () => () => {},
    close: () => {},
  };
}
