import type { Bridge } from '../../electron/contract/wire.ts';
import type { Api } from '../../electron/contract/contract.ts';
import { WIRE_PATH } from '../../electron/contract/wire-limits.ts';
import { bridgeCarrier } from './carrier.ts';
import { createApi } from './client.ts';
import { webSocketCarrier } from './websocket-carrier.ts';

declare global {
  interface Window {
    /** There in the Electron app; absent in a browser. */
    readonly prkdb?: Bridge;
  }
}

/** The Api behind the preload's bridge, or else behind a WebSocket to where the page came from. */
export function connect(): Api {
  if (window.prkdb !== undefined) return createApi(bridgeCarrier(window.prkdb));
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return createApi(webSocketCarrier(`${scheme}//${location.host}${WIRE_PATH}`));
}
