import { describe, expect, it } from 'vitest';
import type { KvRow } from '../../../engine/storage/types.ts';
import { ChangeRing } from '../../../engine/store/change-ring.ts';

function changes(first: number, count: number, valueBytes = 1): KvRow[] {
  return Array.from({ length: count }, (_, i) => ({
    key: Buffer.from('k'),
    value: Buffer.alloc(valueBytes),
    valueSizeBytes: valueBytes,
    revision: first + i,
    version: 1,
    createdAtMs: 1,
    updatedAtMs: 1,
    expiresAtMs: 0,
    gone: 0,
    past: Buffer.alloc(100),
  }));
}

describe('the newest changes of a partition', () => {
  it('are found by their revision, in order and without a gap', () => {
    const ring = new ChangeRing(1);
    ring.reset(10);
    ring.add(changes(11, 5));
    expect([ring.floor, ring.revision]).toEqual([10, 15]);
    expect(ring.after(10, 99).map((row) => row.revision)).toEqual([11, 12, 13, 14, 15]);
    expect(ring.after(12, 2).map((row) => row.revision)).toEqual([13, 14]);
    expect(ring.after(15, 99)).toEqual([]);
  });

  it('push the oldest out, by number and by size, and say so', () => {
    const ring = new ChangeRing(1);
    for (let i = 0; i < 200; i++) ring.add(changes(1 + i * 100, 100));
    expect(ring.revision).toBe(20_000);
    expect(ring.revision - ring.floor).toBe(8192);
    expect(ring.after(ring.floor, 1)[0]?.revision).toBe(ring.floor + 1);
    expect(ring.after(19_999, 9).map((row) => row.revision)).toEqual([20_000]);

    const small = new ChangeRing(1000);
    for (let i = 1; i <= 20; i++) small.add(changes(i, 1, 50_000));
    expect(small.revision - small.floor).toBe(2);
    small.add(changes(21, 1, 1_000_000));
    expect(small.after(20, 9)).toHaveLength(1);
  });

  it('tell who listens, and begin anew where the state was replaced', () => {
    const ring = new ChangeRing(1);
    let told = 0;
    const stop = ring.listen(() => told++);
    ring.add([]);
    ring.add(changes(1, 3));
    expect(told).toBe(1);
    ring.reset(50);
    expect([told, ring.floor, ring.revision]).toEqual([2, 50, 50]);
    stop();
    ring.add(changes(51, 1));
    expect(told).toBe(2);
    expect(ring.after(50, 9)).toHaveLength(1);
  });
});
