import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClientFrame } from '../../../electron/contract/wire.ts';
import type { Carrier, CarrierState } from '../../../renderer/api/carrier.ts';
import { createApi } from '../../../renderer/api/client.ts';
import { toApiError } from '../../../renderer/api/errors.ts';

class FakeCarrier implements Carrier {
  state: CarrierState = 'open';
  readonly sent: ClientFrame[] = [];
  #frame: (frame: unknown) => void = () => {};
  #states: ((state: CarrierState) => void)[] = [];

  send(frame: ClientFrame): void {
    if (this.state === 'open') this.sent.push(frame);
  }
  onFrame(listener: (frame: unknown) => void): () => void {
    this.#frame = listener;
    return () => {};
  }
  onState(listener: (state: CarrierState) => void): () => void {
    this.#states.push(listener);
    return () => (this.#states = this.#states.filter((held) => held !== listener));
  }
  close(): void {}

  receive(frame: unknown): void {
    this.#frame(frame);
  }
  become(state: CarrierState): void {
    this.state = state;
    for (const listener of this.#states) listener(state);
  }
  get last(): ClientFrame {
    const frame = this.sent.at(-1);
    if (frame === undefined) throw new Error('Nothing was sent.');
    return frame;
  }
}

let carrier: FakeCarrier;
beforeEach(() => {
  carrier = new FakeCarrier();
});
const listener = () => ({
  message: vi.fn<(message: unknown) => void>(),
  error: vi.fn<(error: unknown) => void>(),
});

describe('calls', () => {
  test('resolve with the output of their own id', async () => {
    const api = createApi(carrier);
    const first = api.query('clusters.list', {});
    const second = api.query('app.info', {});
    const [a, b] = carrier.sent;
    carrier.receive({ type: 'result', id: b?.id, output: 'info' });
    carrier.receive({ type: 'result', id: a?.id, output: [] });
    expect(await first).toEqual([]);
    expect(await second).toBe('info');
  });

  test('reject with the error as it came', async () => {
    const call = createApi(carrier).command('node.kill', { cluster: 'dev-3', node: 9 });
    const error = { code: 'notFound', message: 'There is no node 9.', hint: 'It has 3 nodes.' };
    carrier.receive({ type: 'error', id: carrier.last.id, error });
    await expect(call).rejects.toMatchObject(error);
  });

  test('that were cut off reject, and a command says that it may have been done', async () => {
    const api = createApi(carrier);
    const query = api.query('clusters.list', {});
    const command = api.command('cluster.stop', { cluster: 'dev-3' });
    carrier.become('closed');
    await expect(query).rejects.toMatchObject({ code: 'disconnected' });
    await expect(command).rejects.toMatchObject({
      code: 'disconnected',
      hint: expect.stringContaining('may or may not'),
    });
  });

  test('made while closed: a query waits for the carrier, a command is refused at once', async () => {
    carrier.state = 'closed';
    const api = createApi(carrier);
    const query = api.query('clusters.list', {});
    await expect(api.command('cluster.stop', { cluster: 'dev-3' })).rejects.toMatchObject({ code: 'disconnected' });
    expect(carrier.sent).toEqual([]);
    carrier.become('open');
    carrier.receive({ type: 'result', id: carrier.last.id, output: [] });
    expect(await query).toEqual([]);
  });

  test('a query does not wait for ever', async () => {
    vi.useFakeTimers();
    carrier.state = 'closed';
    const query = createApi(carrier).query('clusters.list', {});
    const rejected = query.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await rejected).toMatchObject({ code: 'disconnected' });
    carrier.become('open');
    expect(carrier.sent).toEqual([]);
    vi.useRealTimers();
  });

  test('frames that belong to nothing, or are none, are dropped', () => {
    createApi(carrier);
    for (const frame of [
      null,
      7,
      'x',
      {},
      { type: 'result', id: 99, output: 1 },
      { type: 'error', id: 99, error: {} },
    ]) {
      expect(() => carrier.receive(frame)).not.toThrow();
    }
  });
});

describe('subscriptions', () => {
  test('come back by themselves after the carrier did, under a new id', () => {
    const heard = listener();
    createApi(carrier).subscribe('cluster.live', { cluster: 'dev-3' }, heard);
    const before = carrier.last;
    carrier.receive({ type: 'message', id: before.id, message: { samples: [] } });
    carrier.become('closed');
    carrier.become('open');
    const after = carrier.last;
    expect(after).toMatchObject({ type: 'subscribe', name: 'cluster.live', input: { cluster: 'dev-3' } });
    expect(after.id).not.toBe(before.id);
    carrier.receive({ type: 'message', id: before.id, message: 'late' });
    carrier.receive({ type: 'message', id: after.id, message: { events: [] } });
    expect(heard.message.mock.calls).toEqual([[{ samples: [] }], [{ events: [] }]]);
  });

  test('made while closed are sent when it opens', () => {
    carrier.state = 'closed';
    createApi(carrier).subscribe('clusters', {}, listener());
    carrier.become('open');
    expect(carrier.sent).toMatchObject([{ type: 'subscribe', name: 'clusters' }]);
  });

  test('end when asked, and are not revived', () => {
    const heard = listener();
    const end = createApi(carrier).subscribe('clusters', {}, heard);
    const { id } = carrier.last;
    end();
    expect(carrier.last).toEqual({ type: 'unsubscribe', id });
    carrier.receive({ type: 'message', id, message: [] });
    carrier.become('closed');
    carrier.become('open');
    expect(heard.message).not.toHaveBeenCalled();
    expect(carrier.sent).toHaveLength(2);
  });

  test('end with an error, and are not revived', () => {
    const heard = listener();
    createApi(carrier).subscribe('cluster.live', { cluster: 'x' }, heard);
    carrier.receive({ type: 'error', id: carrier.last.id, error: { code: 'notFound', message: 'No.', hint: null } });
    expect(heard.error).toHaveBeenCalledWith({ code: 'notFound', message: 'No.', hint: null });
    carrier.become('closed');
    carrier.become('open');
    expect(carrier.sent).toHaveLength(1);
  });
});

test('whatever was thrown becomes an ApiError', () => {
  expect(toApiError(new Error('Broke.'))).toEqual({ code: 'internal', message: 'Broke.', hint: null });
  expect(toApiError({ code: 'made-up', message: 'x' })).toMatchObject({ code: 'internal' });
  expect(toApiError(undefined)).toMatchObject({ code: 'internal' });
  expect(toApiError({ code: 'deadline', message: 'Late.', hint: 7 })).toEqual({
    code: 'deadline',
    message: 'Late.',
    hint: null,
  });
});
