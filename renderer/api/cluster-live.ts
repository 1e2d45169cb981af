import { replaceEqualDeep } from '@tanstack/react-query';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Api, ApiError, SubscriptionMessage } from '../../electron/contract/contract.ts';
import type { ClusterView, Sample, StoryEvent } from '../../electron/contract/model.ts';
import { toApiError } from './errors.ts';

/** Charts reach back this far. */
export const HISTORY_MS = 15 * 60_000;
const MAX_SAMPLES = 12_000;
const MAX_HISTORY_POINTS = 3_000;
const MAX_EVENTS = 500;
/** What changed in kind (a role, a term, a state, an event) shows after this at the latest. */
const REPAINT_MS = 100;
/** Mere figures wait for this: faster than that nobody reads them. */
const FIGURES_MS = 250;
/** A host that does not speak for this long is stale. */
export const STALE_AFTER_MS = 2_000;

export interface LiveState {
  readonly view: ClusterView | null;
  /** Oldest first, at most HISTORY_MS and MAX_SAMPLES of them. */
  readonly samples: readonly Sample[];
  /** Oldest first. */
  readonly events: readonly StoryEvent[];
  /** performance.now() when the last message came; null before the first. */
  readonly receivedAtMs: number | null;
  readonly error: ApiError | null;
}

export interface ClusterLive {
  readonly store: StoreApi<LiveState>;
  /** Subscribes; returns the way to stop, after which it may be started again. */
  start(): () => void;
  /** After an error, while started: subscribes again. */
  retry(): void;
}

type LiveMessage = SubscriptionMessage<'cluster.live'>;

/** `added` appended to `held` in order of time, without doubles, trimmed to what the charts show. */
export function mergeSamples(held: readonly Sample[], added: readonly Sample[]): readonly Sample[] {
  if (added.length === 0) return held;
  const last = held.at(-1);
  const inOrder = last === undefined || (added[0]?.timeMs ?? 0) > last.timeMs;
  const merged = inOrder
    ? [...held, ...added]
    : [...new Map([...held, ...added].map((sample) => [sample.timeMs, sample])).values()].sort(
        (a, b) => a.timeMs - b.timeMs,
      );
  const from = (merged.at(-1)?.timeMs ?? 0) - HISTORY_MS;
  const firstKept = merged.findIndex((sample) => sample.timeMs >= from);
  return merged.slice(Math.max(firstKept, merged.length - MAX_SAMPLES));
}

/** Events by id, in order of time; a later word about the same id replaces the earlier. */
export function mergeEvents(held: readonly StoryEvent[], added: readonly StoryEvent[]): readonly StoryEvent[] {
  if (added.length === 0) return held;
  const byId = new Map([...held, ...added].map((event) => [event.id, event]));
  const merged = [...byId.values()].sort((a, b) => a.timeMs - b.timeMs).slice(-MAX_EVENTS);
  return replaceEqualDeep(held, merged);
}

/** Whether a message tells more than new figures. */
export function isNews(state: LiveState, message: LiveMessage): boolean {
  if ((message.events?.length ?? 0) > 0 || state.view === null) return true;
  const { view } = message;
  if (view === undefined) return false;
  const held = state.view;
  return (
    view.summary.state !== held.summary.state ||
    view.nodes.length !== held.nodes.length ||
    view.nodes.some((node, i) => node.state !== held.nodes[i]?.state) ||
    view.partitions.some((partition, i) => {
      const before = held.partitions[i];
      return partition.leader !== before?.leader || partition.term !== before.term;
    }) ||
    (view.load === null) !== (held.load === null)
  );
}

/** The next state after a batch of messages. Parts of the view that did not change keep their identity. */
export function applyMessages(state: LiveState, messages: readonly LiveMessage[], receivedAtMs: number): LiveState {
  const view = messages.findLast((message) => message.view !== undefined)?.view;
  return {
    view: view === undefined ? state.view : replaceEqualDeep(state.view, view),
    samples: mergeSamples(
      state.samples,
      messages.flatMap((message) => message.samples ?? []),
    ),
    events: mergeEvents(
      state.events,
      messages.flatMap((message) => message.events ?? []),
    ),
    receivedAtMs,
    error: null,
  };
}

/**
 * One cluster's live state, outside React: messages are gathered and applied at most ten
 * times a second, and after every (re)connection the history fills what was missed.
 */
export function createClusterLive(api: Api, cluster: string): ClusterLive {
  const store = createStore<LiveState>(() => ({
    view: null,
    samples: [],
    events: [],
    receivedAtMs: null,
    error: null,
  }));
  let queued: LiveMessage[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerDueMs = 0;
  let lastRepaintMs = -FIGURES_MS;
  let unsubscribe = () => {};
  /** Counts starts and stops, so that a late answer to an earlier run is dropped. */
  let running = 0;

  const repaint = () => {
    timer = undefined;
    lastRepaintMs = performance.now();
    const messages = queued;
    queued = [];
    store.setState(applyMessages(store.getState(), messages, lastRepaintMs));
  };

  const fetchPast = async () => {
    const run = running;
    const now = Date.now();
    const [samples, events] = await Promise.all([
      // The host's clock may be another machine's: ask a little past our own now.
      api.query('cluster.history', {
        cluster,
        fromMs: now - HISTORY_MS,
        toMs: now + 60_000,
        maxPoints: MAX_HISTORY_POINTS,
      }),
      api.query('cluster.events', { cluster, limit: MAX_EVENTS }),
    ]);
    if (run !== running) return;
    const state = store.getState();
    store.setState({
      samples: mergeSamples(state.samples, samples),
      events: mergeEvents(state.events, events),
    });
  };

  const subscribe = () => {
    unsubscribe = api.subscribe(
      'cluster.live',
      { cluster },
      {
        message(message) {
          queued.push(message);
          const everyMs = isNews(store.getState(), message) ? REPAINT_MS : FIGURES_MS;
          const dueMs = lastRepaintMs + everyMs;
          if (timer !== undefined && dueMs >= timerDueMs) return;
          clearTimeout(timer);
          timerDueMs = dueMs;
          timer = setTimeout(repaint, Math.max(0, dueMs - performance.now()));
        },
        error: (error) => store.setState({ error }),
      },
    );
  };

  return {
    store,
    start() {
      running += 1;
      subscribe();
      const offConnection = api.onConnection((state) => {
        if (state !== 'open') return;
        fetchPast().catch((error: unknown) => {
          // When the cluster itself is the trouble the live subscription says so too.
          if (store.getState().view === null) store.setState({ error: toApiError(error) });
        });
      });
      return () => {
        running += 1;
        clearTimeout(timer);
        timer = undefined;
        queued = [];
        unsubscribe();
        offConnection();
      };
    },
    retry() {
      unsubscribe();
      store.setState({ error: null });
      subscribe();
    },
  };
}
