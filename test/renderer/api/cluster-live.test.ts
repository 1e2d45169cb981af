import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Api, SubscriptionMessage } from '../../../electron/contract/contract.ts';
import {
  applyMessages,
  createClusterLive,
  HISTORY_MS,
  isNews,
  mergeEvents,
  mergeSamples,
  type LiveState,
} from '../../../renderer/api/cluster-live.ts';
import { eventOf, sampleOf, viewOf } from '../../support/view.ts';

type Message = SubscriptionMessage<'cluster.live'>;
interface Listener {
  message: (message: Message) => void;
  error: (error: unknown) => void;
}
const empty: LiveState = { view: null, samples: [], events: [], receivedAtMs: null, error: null };

describe('merging', () => {
  test('samples stay in order of time without doubles, whichever comes first', () => {
    const live = [sampleOf(3_000), sampleOf(3_500)];
    const past = [sampleOf(2_000), sampleOf(3_000)];
    expect(mergeSamples(live, past).map((sample) => sample.timeMs)).toEqual([2_000, 3_000, 3_500]);
    expect(mergeSamples(live, [])).toBe(live);
  });

  test('samples older than the charts reach are let go', () => {
    const merged = mergeSamples([sampleOf(0), sampleOf(1_000)], [sampleOf(HISTORY_MS + 500)]);
    expect(merged.map((sample) => sample.timeMs)).toEqual([1_000, HISTORY_MS + 500]);
  });

  test('events told twice are one, and unchanged ones keep the list as it is', () => {
    const held = mergeEvents([], [eventOf(2, 'elected'), eventOf(1, 'fault')]);
    expect(held.map((event) => event.kind)).toEqual(['fault', 'elected']);
    expect(mergeEvents(held, [eventOf(1, 'fault')])).toBe(held);
  });
});

describe('applying messages', () => {
  test('takes the newest view, and parts that did not change keep their identity', () => {
    const view = viewOf(['live', 'live', 'live']);
    const first = applyMessages(empty, [{ view }], 1);
    const dead = structuredClone(view);
    dead.nodes[0]!.state = 'dead';
    const second = applyMessages(first, [{ view: viewOf(['live', 'live', 'live']) }, { view: dead }], 2);
    expect(second.view?.nodes[0]?.state).toBe('dead');
    expect(second.view?.nodes[1]).toBe(first.view?.nodes[1]);
    expect(second.view?.partitions).toBe(first.view?.partitions);
    expect(second.receivedAtMs).toBe(2);
  });

  test('a role, a state or an event is news; figures are not', () => {
    const view = viewOf(['live', 'live', 'live']);
    const state = applyMessages(empty, [{ view }], 1);
    const changed = (change: (copy: typeof view) => void): Message => {
      const copy = structuredClone(view);
      change(copy);
      return { view: copy };
    };
    expect(isNews(empty, { view })).toBe(true);
    expect(
      isNews(
        state,
        changed((copy) => (copy.nodes[0]!.cpuPercent = 99)),
      ),
    ).toBe(false);
    expect(
      isNews(
        state,
        changed((copy) => (copy.nodes[0]!.state = 'suspect')),
      ),
    ).toBe(true);
    expect(
      isNews(
        state,
        changed((copy) => (copy.partitions[3]!.leader = 0)),
      ),
    ).toBe(true);
    expect(
      isNews(
        state,
        changed((copy) => (copy.partitions[3]!.term += 1)),
      ),
    ).toBe(true);
    expect(isNews(state, { events: [eventOf(1, 'elected')] })).toBe(true);
    expect(isNews(state, { samples: [sampleOf(1)] })).toBe(false);
  });
});

describe('a live cluster', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  function fakeApi() {
    let deliver = (_message: Message) => {};
    let fail = (_error: { code: 'notFound'; message: string; hint: null }) => {};
    let connection = (_state: 'open' | 'closed') => {};
    const query = vi.fn<(name: string) => Promise<unknown>>((name) =>
      Promise.resolve(name === 'cluster.history' ? [sampleOf(500)] : [eventOf(1, 'started')]),
    );
    const subscribe = vi.fn<(name: string, input: unknown, listener: Listener) => () => void>(
      (_name, _input, listener) => {
        deliver = (message) => listener.message(message);
        fail = (error) => listener.error(error);
        return () => {};
      },
    );
    const api = {
      query,
      subscribe,
      command: () => Promise.reject(new Error('No commands here.')),
      onConnection: (listener: typeof connection) => {
        connection = listener;
        listener('open');
        return () => {};
      },
    } as unknown as Api;
    return {
      api,
      query,
      subscribe,
      deliver: (message: Message) => deliver(message),
      fail: (error: Parameters<typeof fail>[0]) => fail(error),
      connection: (state: 'open' | 'closed') => connection(state),
    };
  }

  test('repaints at most ten times a second, and loses nothing of what came between', async () => {
    const fake = fakeApi();
    const live = createClusterLive(fake.api, 'dev-3');
    const stop = live.start();
    await vi.advanceTimersByTimeAsync(1_000);
    let repaints = 0;
    live.store.subscribe(() => (repaints += 1));
    for (let i = 0; i < 100; i += 1) {
      fake.deliver({ events: [eventOf(10_000 + i, 'elected')] });
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(repaints).toBeLessThanOrEqual(11);
    await vi.advanceTimersByTimeAsync(300);
    expect(live.store.getState().events).toHaveLength(101);
    stop();
  });

  test('news does not wait as long as figures do', async () => {
    const fake = fakeApi();
    const live = createClusterLive(fake.api, 'dev-3');
    live.start();
    fake.deliver({ view: viewOf(['live', 'live', 'live']) });
    await vi.advanceTimersByTimeAsync(20);
    const figures = viewOf(['live', 'live', 'live']);
    fake.deliver({ view: { ...figures, timeMs: 1 } });
    await vi.advanceTimersByTimeAsync(50);
    expect(live.store.getState().view?.timeMs).not.toBe(1);
    fake.deliver({ view: viewOf(['dead', 'live', 'live']) });
    await vi.advanceTimersByTimeAsync(100);
    expect(live.store.getState().view?.nodes[0]?.state).toBe('dead');
  });

  test('asks for what it missed at every connection', async () => {
    const fake = fakeApi();
    const live = createClusterLive(fake.api, 'dev-3');
    live.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.store.getState().samples).toHaveLength(1);
    fake.connection('closed');
    fake.connection('open');
    expect(fake.query).toHaveBeenCalledTimes(4);
  });

  test('an answer to what was stopped is dropped', async () => {
    const fake = fakeApi();
    const live = createClusterLive(fake.api, 'dev-3');
    live.start()();
    await vi.advanceTimersByTimeAsync(0);
    expect(live.store.getState().samples).toEqual([]);
  });

  test('an error shows, and a retry subscribes again', () => {
    const fake = fakeApi();
    const live = createClusterLive(fake.api, 'dev-3');
    live.start();
    fake.fail({ code: 'notFound', message: 'There is none.', hint: null });
    expect(live.store.getState().error?.code).toBe('notFound');
    live.retry();
    expect(live.store.getState().error).toBeNull();
    expect(fake.subscribe).toHaveBeenCalledTimes(2);
  });
});
