import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { toApiError } from '../../../electron/backend/api-error.ts';
import { BackendError } from '../../../electron/backend/errors.ts';
import { createRouter, type Handlers, type SubscriptionSink } from '../../../electron/backend/router.ts';
import { Session } from '../../../electron/carrier/session.ts';
import type { ApiError } from '../../../electron/contract/contract.ts';
import type { ServerFrame } from '../../../electron/contract/wire.ts';
import { NoLeaderError, UnknownOutcomeError } from '../../../engine/client/index.ts';
import { SupervisorError } from '../../../engine/supervisor/errors.ts';

/** Only the names a test uses have a handler; the others would fail it. */
function handlers(change: {
  queries?: Partial<Handlers['queries']>;
  commands?: Partial<Handlers['commands']>;
  subscriptions?: Partial<Handlers['subscriptions']>;
}): Handlers {
  return { queries: {}, commands: {}, subscriptions: {}, ...change } as unknown as Handlers;
}
const router = (change: Parameters<typeof handlers>[0], onInternalError?: (error: unknown) => void) =>
  createRouter(handlers(change), { checkOutputs: true, onInternalError });

describe('the router', () => {
  it('refuses input of the wrong shape with the field at fault, before any handler runs', async () => {
    const kill = vi.fn<() => Record<string, never>>(() => ({}));
    const result = await router({ commands: { 'node.kill': kill } }).handle('command', 'node.kill', {
      cluster: 'demo',
      node: 'n1',
    });
    expect(result).toMatchObject({ ok: false, error: { code: 'invalidInput' } });
    expect(result.ok ? '' : result.error.message).toContain('node');
    expect(kill).not.toHaveBeenCalled();
  });

  it('refuses names that are not of the contract, also those every object has', async () => {
    for (const name of ['no.such', 'toString', '__proto__', 'constructor']) {
      expect(await router({}).handle('query', name, {})).toMatchObject({ ok: false, error: { code: 'invalidInput' } });
    }
    const errors: unknown[] = [];
    router({}).subscribe('toString', {}, { message: () => undefined, error: (error) => errors.push(error) });
    expect(errors).toHaveLength(1);
  });

  it('does not run a command that was asked for as a query', async () => {
    const stop = vi.fn<() => Record<string, never>>(() => ({}));
    const result = await router({ commands: { 'cluster.stop': stop } }).handle('query', 'cluster.stop', {
      cluster: 'a',
    });
    expect(result.ok).toBe(false);
    expect(stop).not.toHaveBeenCalled();
  });

  it('finds its own answers of the wrong shape', async () => {
    const seen = vi.fn<(error: unknown) => void>();
    const wrong = router({ queries: { 'clusters.list': () => [{ name: 'demo' }] as never } }, seen);
    expect(await wrong.handle('query', 'clusters.list', {})).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(seen).toHaveBeenCalledOnce();
  });

  it('tells a subscription that cannot start, and stops one that fails', () => {
    const error = vi.fn<(error: ApiError) => void>();
    const stop = vi.fn<() => void>();
    let sink: SubscriptionSink<unknown> | null = null;
    const both = router({
      subscriptions: {
        clusters: (_input, given) => {
          sink = given as SubscriptionSink<unknown>;
          return stop;
        },
        'cluster.live': () => {
          throw new BackendError('notFound', 'There is no such cluster.');
        },
      },
    });
    both.subscribe('cluster.live', { cluster: 'x' }, { message: () => undefined, error });
    expect(error).toHaveBeenLastCalledWith({ code: 'notFound', message: 'There is no such cluster.', hint: null });
    const end = both.subscribe('clusters', {}, { message: () => undefined, error });
    sink!.fail(new BackendError('notFound', 'It was deleted.'));
    expect(error).toHaveBeenCalledTimes(2);
    expect(stop).toHaveBeenCalledOnce();
    end();
    expect(stop).toHaveBeenCalledOnce();
  });
});

describe('errors across the contract', () => {
  it.each([
    [new NoLeaderError(3, 'p3 has no leader.'), 'noLeader'],
    [new UnknownOutcomeError('It may have happened.'), 'deadline'],
    [new SupervisorError('alreadyExists', 'There is one.', 'Choose another.'), 'alreadyExists'],
    [new SupervisorError('portInUse', 'Port 7101 is in use.', 'Choose another.'), 'portInUse'],
    [Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }), 'storage'],
    [new Error('boom'), 'internal'],
    ['a string', 'internal'],
  ])('%s is %s', (error, code) => {
    const mapped = toApiError(error);
    expect(mapped.code).toBe(code);
    expect(`${mapped.message}${mapped.hint ?? ''}`).not.toMatch(/\n\s+at /);
  });

  it('keeps the hint of the supervisor', () => {
    expect(toApiError(new SupervisorError('busy', 'm', 'do this')).hint).toBe('do this');
    expect(toApiError(new z.ZodError([])).code).toBe('internal');
  });
});

describe('a session', () => {
  function open(change: Parameters<typeof handlers>[0]) {
    const frames: ServerFrame[] = [];
    let congested = false;
    const session = new Session(router(change), { send: (frame) => frames.push(frame), congested: () => congested });
    return { frames, session, congest: (value: boolean) => (congested = value) };
  }
  const summary = (name: string) => ({
    name,
    kind: 'local' as const,
    state: 'running' as const,
    nodeCount: 3,
    nodesUp: 3,
    partitionCount: 8,
    replicationFactor: 3,
    owner: 'app' as const,
    readOnly: false,
    environment: null,
    sinceMs: 0,
    dataDir: null,
    remote: null,
  });

  it('answers calls by their id and pings', async () => {
    const { frames, session } = open({ queries: { 'clusters.list': () => [] } });
    session.receive({ type: 'ping', id: 9 });
    session.receive({ type: 'call', id: 4, kind: 'query', name: 'clusters.list', input: {} });
    await vi.waitFor(() => expect(frames).toHaveLength(2));
    expect(frames).toEqual([
      { type: 'pong', id: 9 },
      { type: 'result', id: 4, output: [] },
    ]);
  });

  it('says so when what came is no frame', () => {
    const { session } = open({});
    for (const raw of [null, 'text', { type: 'call' }, { type: 'ping', id: -1 }, { type: 'ping', id: 1, more: 1 }]) {
      expect(session.receive(raw)).toBe(false);
    }
  });

  it('gives a slow reader the newest view, and no queue of old ones', () => {
    let emit: (names: string[]) => void = () => undefined;
    const { frames, session, congest } = open({
      subscriptions: {
        clusters: (_input, sink) => {
          emit = (names) => sink.message(names.map(summary));
          return () => undefined;
        },
      },
    });
    session.receive({ type: 'subscribe', id: 1, name: 'clusters', input: {} });
    emit(['a']);
    congest(true);
    for (let i = 0; i < 1000; i++) emit([`b${i}`]);
    expect(frames).toHaveLength(1);
    congest(false);
    session.drained();
    expect(frames).toHaveLength(2);
    expect(frames[1]).toMatchObject({ message: [{ name: 'b999' }] });
  });

  it('keeps every sample and sentence for a slow reader', () => {
    let emit: (timeMs: number) => void = () => undefined;
    const { frames, session, congest } = open({
      subscriptions: {
        'cluster.live': (_input, sink) => {
          emit = (timeMs) =>
            sink.message({
              samples: [
                {
                  timeMs,
                  writesPerSecond: null,
                  readsPerSecond: null,
                  writeP50Ms: null,
                  writeP99Ms: null,
                  committed: 0,
                  applied: 0,
                  terms: [],
                  leaders: [],
                },
              ],
            });
          return () => undefined;
        },
      },
    });
    session.receive({ type: 'subscribe', id: 1, name: 'cluster.live', input: { cluster: 'demo' } });
    congest(true);
    for (let i = 0; i < 50; i++) emit(i);
    congest(false);
    session.drained();
    const message = (frames[0] as { message: { samples: { timeMs: number }[] } }).message;
    expect(message.samples.map((s) => s.timeMs)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('ends its subscriptions when it is closed and refuses ids in use', () => {
    const stop = vi.fn<() => void>();
    const { frames, session } = open({ subscriptions: { clusters: () => stop } });
    const subscribe = { type: 'subscribe', id: 1, name: 'clusters', input: {} };
    session.receive(subscribe);
    session.receive(subscribe);
    expect(frames).toMatchObject([{ type: 'error', id: 1, error: { code: 'invalidInput' } }]);
    session.close();
    expect(stop).toHaveBeenCalledOnce();
  });
});
