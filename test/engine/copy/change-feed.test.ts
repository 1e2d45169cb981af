import { expect, it } from 'vitest';
import { ChangeFeed } from '../../../engine/copy/change-feed.ts';
import type { ChangeBatch } from '../../../engine/copy/index.ts';
import { EtcdError } from '../../../engine/etcd/index.ts';
import { MemoryStore } from './memory-store.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A store whose changes are large, and that says how many were asked for. */
class HeavyStore extends MemoryStore {
  told = 0;
  override async *follow(_: Buffer, position: string): AsyncGenerator<ChangeBatch, void, undefined> {
    for (let at = Number(position); at < 200; at++) {
      this.told++;
      const change = { key: Buffer.from(`k${at}`), value: Buffer.alloc(1024 * 1024), expiresAtMs: null };
      yield { changes: [change], position: String(at + 1) };
    }
  }
}

it('holds no more than some megabytes that nobody takes, and goes on when they are taken', async () => {
  const stop = new AbortController();
  const store = new HeavyStore();
  const feed = new ChangeFeed(store, Buffer.alloc(0), '0', stop.signal);
  for (let i = 0; i < 100; i++) await turn();
  expect(store.told).toBeLessThan(40);
  const positions: string[] = [];
  while (positions.length < 200) {
    await feed.wait();
    positions.push(...feed.take().map(({ position }) => position));
  }
  expect(positions).toEqual(Array.from({ length: 200 }, (_, i) => String(i + 1)));
  stop.abort();
});

it('takes a broken connection up where it broke, and ends at what does not pass', async () => {
  const stop = new AbortController();
  const began: string[] = [];
  class BreakingStore extends MemoryStore {
    override async *follow(_: Buffer, position: string): AsyncGenerator<ChangeBatch, void, undefined> {
      began.push(position);
      if (began.length === 1) {
        yield { changes: [], position: '7' };
        throw new EtcdError('unavailable', 'gone for a moment');
      }
      throw new EtcdError('permissionDenied', 'not for you');
    }
  }
  const feed = new ChangeFeed(new BreakingStore(), Buffer.alloc(0), '3', stop.signal);
  await feed.wait();
  expect(feed.take()).toHaveLength(1);
  await feed.wait();
  expect(() => feed.take()).toThrow('not for you');
  expect(began).toEqual(['3', '7']);
  stop.abort();
});
