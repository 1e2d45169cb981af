import { expect, it } from 'vitest';
import { Together } from '../../../engine/copy/together.ts';
import { pacer } from '../../../engine/copy/rate.ts';
import { isPassing, patiently } from '../../../engine/copy/patience.ts';
import { NoLeaderError, InvalidKeyError } from '../../../engine/client/index.ts';
import { EtcdError } from '../../../engine/etcd/index.ts';

function together(requests: number[][], limits: { maxItems?: number; maxBytes?: number } = {}) {
  const request = async (items: readonly number[]) => {
    requests.push([...items]);
    if (items.includes(13)) throw new Error('unlucky');
    return items.map((item) => item * 2);
  };
  return new Together(request, {
    maxItems: 3,
    maxBytes: 100,
    sizeOf: (item: number) => item,
    nameOf: String,
    ...limits,
  });
}

it('makes one request of calls that are made at once, and answers each', async () => {
  const requests: number[][] = [];
  const calls = together(requests);
  expect(await Promise.all([1, 2, 3, 4].map((n) => calls.call(n)))).toEqual([2, 4, 6, 8]);
  expect(await calls.call(5)).toBe(10);
  expect(requests).toEqual([[1, 2, 3], [4], [5]]);
});

it('keeps within the bytes, but for one call that is more, and apart what has one name', async () => {
  const requests: number[][] = [];
  const calls = together(requests);
  await Promise.all([60, 50, 200, 1, 1].map((n) => calls.call(n)));
  expect(requests).toEqual([[60], [50], [200], [1], [1]]);
});

it('fails those of one request together, and no others', async () => {
  const calls = together([], { maxItems: 2 });
  const results = await Promise.allSettled([1, 13, 2, 3].map((n) => calls.call(n)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
});

it('repeats what passes and nothing else, and ends with the signal', async () => {
  const passing = new NoLeaderError(0, 'no leader');
  expect([passing, new EtcdError('unknownOutcome', ''), new EtcdError('noSpace', '')].map(isPassing)).toEqual([
    true,
    true,
    false,
  ]);
  let tries = 0;
  const work = async () => {
    if (++tries < 3) throw passing;
    return tries;
  };
  const { signal } = new AbortController();
  expect(await patiently(work, signal)).toBe(3);
  await expect(patiently(() => Promise.reject(new InvalidKeyError('bad')), signal)).rejects.toThrow('bad');
  await expect(patiently(() => Promise.reject(passing), signal, 0)).rejects.toThrow('no leader');
  await expect(patiently(() => Promise.reject(passing), AbortSignal.abort())).rejects.toThrow('no leader');
});

it('spaces callers evenly, without a burst after a pause, and lets go of them at the end', async () => {
  const stop = new AbortController();
  const pace = pacer(50, stop.signal);
  await pace();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startedMs = performance.now();
  await Promise.all([pace(), pace(), pace()]);
  // The first at once, the others 20 ms apart: nothing of the pause was saved.
  expect(performance.now() - startedMs).toBeGreaterThan(35);
  const slow = pacer(0.001, stop.signal);
  await slow();
  const waiting = slow();
  stop.abort();
  await waiting;
});
