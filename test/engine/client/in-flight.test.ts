import { describe, expect, it } from 'vitest';
import { InFlight } from '../../../engine/client/in-flight.ts';
import type { KvRequest } from '../../../engine/rpc/kv.ts';

interface Request {
  readonly request: KvRequest;
}

function request(): Request {
  return { request: { id: 0, epoch: 0, timeoutMs: 0, forwarded: false } };
}

describe('requests in flight', () => {
  it('are found by their ids once', () => {
    const inFlight = new InFlight<Request>();
    const [first, second] = [request(), request()];
    inFlight.add(first);
    inFlight.add(second);
    expect(second.request.id).toBeGreaterThan(first.request.id);
    expect(inFlight.take(second.request.id)).toBe(second);
    expect(inFlight.take(second.request.id)).toBeUndefined();
    expect(inFlight.take(first.request.id)).toBe(first);
    expect(inFlight.all()).toEqual([]);
  });

  it('get ids of their own while some wait for long', () => {
    const inFlight = new InFlight<Request>();
    const slow = Array.from({ length: 100 }, request);
    for (const one of slow) inFlight.add(one);
    const ids = new Set(slow.map(({ request: { id } }) => id));
    for (let i = 0; i < 10_000; i++) {
      const quick = request();
      inFlight.add(quick);
      expect(ids.has(quick.request.id)).toBe(false);
      expect(inFlight.take(quick.request.id)).toBe(quick);
    }
    expect(new Set(inFlight.all())).toEqual(new Set(slow));
    for (const one of slow) expect(inFlight.take(one.request.id)).toBe(one);
  });

  it('do not take the answer of another one in the same place', () => {
    const inFlight = new InFlight<Request>();
    const one = request();
    inFlight.add(one);
    for (const factor of [1, 64, 128, 2 ** 40]) expect(inFlight.take(one.request.id + factor * 64)).toBeUndefined();
    expect(inFlight.all()).toEqual([one]);
  });

  it('are forgotten by themselves, and never another in their stead', () => {
    const inFlight = new InFlight<Request>();
    const [one, stranger] = [request(), request()];
    inFlight.add(one);
    stranger.request.id = one.request.id;
    expect(inFlight.remove(stranger)).toBe(false);
    expect(inFlight.remove(one)).toBe(true);
    expect(inFlight.remove(one)).toBe(false);
    inFlight.add(one);
    inFlight.clear();
    expect(inFlight.take(one.request.id)).toBeUndefined();
  });
});
