import type { ClientFrame } from '../../electron/contract/wire.ts';
import { PING_INTERVAL_MS } from '../../electron/contract/wire-limits.ts';
import type { Carrier, CarrierState } from './carrier.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;
/** Pings that may go unanswered before the socket counts as dead. */
const UNANSWERED_PINGS = 2;

/** Ids of pings count down from here, those of calls count up from 1, so that they never meet. */
const FIRST_PING_ID = Number.MAX_SAFE_INTEGER;

/** Time before attempt `failures` + 1: doubling, capped, with up to half of it random. */
export function reconnectDelayMs(failures: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10));
  return full / 2 + (full / 2) * random;
}

/** A WebSocket that is opened again, with backoff, whenever it closes. */
export function webSocketCarrier(url: string): Carrier {
  const frameListeners = new Set<(frame: unknown) => void>();
  const stateListeners = new Set<(state: CarrierState) => void>();
  let socket: WebSocket | null = null;
  let state: CarrierState = 'closed';
  let failures = 0;
  let unanswered = 0;
  let nextPingId = FIRST_PING_ID;
  let lastSentAtMs = 0;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const setState = (next: CarrierState) => {
    if (state === next) return;
    state = next;
    for (const listener of stateListeners) listener(next);
  };

  const send = (frame: ClientFrame) => {
    if (socket?.readyState !== WebSocket.OPEN) return;
    lastSentAtMs = performance.now();
    socket.send(JSON.stringify(frame));
  };

  const lost = (from: WebSocket) => {
    if (socket !== from) return;
    socket = null;
    setState('closed');
    if (ended) return;
    retryTimer = setTimeout(open, reconnectDelayMs(failures, Math.random()));
    failures += 1;
  };

  function open(): void {
    const opened = new WebSocket(url);
    socket = opened;
    unanswered = 0;
    opened.addEventListener('open', () => {
      if (socket !== opened) return;
      failures = 0;
      setState('open');
    });
    opened.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (socket !== opened || typeof event.data !== 'string') return;
      unanswered = 0;
      let frame: unknown;
      try {
        frame = JSON.parse(event.data);
      } catch {
        // Not a frame of ours. The host is broken or is not ours: start afresh.
        opened.close();
        return;
      }
      for (const listener of frameListeners) listener(frame);
    });
    opened.addEventListener('close', () => lost(opened));
  }

  const pinger = setInterval(() => {
    if (state !== 'open' || socket === null) return;
    if (unanswered >= UNANSWERED_PINGS) {
      const dead = socket;
      dead.close();
      // A dead peer answers no closing handshake, so the close event may take a minute.
      lost(dead);
      return;
    }
    if (performance.now() - lastSentAtMs < PING_INTERVAL_MS && unanswered === 0) return;
    unanswered += 1;
    send({ type: 'ping', id: nextPingId });
    nextPingId -= 1;
  }, PING_INTERVAL_MS);

  open();

  return {
    get state() {
      return state;
    },
    send,
    onFrame(listener) {
      frameListeners.add(listener);
      return () => frameListeners.delete(listener);
    },
    onState(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    close() {
      ended = true;
      clearInterval(pinger);
      clearTimeout(retryTimer);
      const open = socket;
      socket = null;
      open?.close();
      setState('closed');
    },
  };
}
