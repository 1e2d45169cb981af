import { describe, expect, it } from 'vitest';
import { DiskWatch } from '../../../engine/store/disk-watch.ts';

/** Notices a stall after 2.4 s. */
const watch = () => new DiskWatch(600);

describe('a disk that is watched', () => {
  it('has stalled when a write is not answered for long, once, until it is', () => {
    const disk = watch();
    const ticket = disk.begin(0);
    const told = [];
    for (let nowMs = 50; nowMs <= 5000; nowMs += 50) if (disk.check(nowMs)) told.push(nowMs);
    expect(told).toEqual([2400]);
    expect(disk.stalled).toBe(true);
    expect(disk.end(ticket)).toBe(true);
    expect(disk.stalled).toBe(false);
  });

  it('has not when it was the process that stood still, and gets the same time again', () => {
    const disk = watch();
    disk.check(0);
    disk.begin(10);
    expect(disk.check(6000)).toBe(false);
    const told = [];
    for (let nowMs = 6050; nowMs <= 9000; nowMs += 50) if (disk.check(nowMs)) told.push(nowMs);
    expect(told).toEqual([8400]);
  });
});
