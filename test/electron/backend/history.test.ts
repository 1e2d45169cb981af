import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeRates } from '../../../electron/backend/clusters/rates.ts';
import { EVENT_CAPACITY, EventLog } from '../../../electron/backend/history/event-log.ts';
import { SampleRing } from '../../../electron/backend/history/sample-ring.ts';
import { LogTotals, takeSample } from '../../../electron/backend/history/sampler.ts';
import type { Sample, StoryEvent } from '../../../electron/contract/model.ts';
import { latencyBucket, latencyBucketUpperMs } from '../../../engine/rpc/latency.ts';
import { NOW, report } from './cluster-support.ts';

function counters(at: number, writes: number, reads: number, cpuSeconds: number, buckets: number[] = []) {
  const status = report(1, [1], { timeMs: NOW + at });
  return { ...status, counters: { ...status.counters!, writes, reads, cpuSeconds, writeLatencyBuckets: buckets } };
}

describe('rates', () => {
  it('are taken over the node’s own time, not over early reports', () => {
    const rates = new NodeRates();
    rates.take(counters(0, 100, 0, 1));
    rates.take(counters(10, 150, 0, 1));
    expect(rates.window).toBeNull();
    rates.take(counters(500, 600, 100, 1.1));
    expect(rates.window).toMatchObject({ writesPerSecond: 1000, readsPerSecond: 200 });
    expect(rates.window!.cpuPercent).toBeCloseTo(20);
    expect(rates.opsHistory).toEqual([1200]);
  });

  it('begin anew when the node restarts', () => {
    const rates = new NodeRates();
    rates.take(counters(0, 5000, 0, 9));
    rates.take({ ...counters(500, 10, 0, 0.1), startedAtMs: NOW + 100 });
    expect(rates.window).toBeNull();
    rates.take({ ...counters(1000, 60, 0, 0.1), startedAtMs: NOW + 100 });
    expect(rates.window).toMatchObject({ writesPerSecond: 100 });
  });
});

describe('samples', () => {
  it('merge latencies of all nodes before taking quantiles', () => {
    const buckets = (ms: number, count: number): number[] => {
      const all: number[] = Array.from({ length: 80 }, () => 0);
      all[latencyBucket(ms)] = count;
      return all;
    };
    const window = (latencyBuckets: number[]) => ({
      writesPerSecond: 10,
      readsPerSecond: 5,
      cpuPercent: 1,
      latencyBuckets,
    });
    const sample = takeSample({
      timeMs: NOW,
      partitions: [],
      windows: [window(buckets(1, 97)), null, window(buckets(50, 3))],
      totals: new LogTotals(),
    });
    expect(sample.writesPerSecond).toBe(20);
    expect(sample.writeP50Ms).toBeCloseTo(latencyBucketUpperMs(latencyBucket(1)));
    expect(sample.writeP99Ms).toBeCloseTo(latencyBucketUpperMs(latencyBucket(50)));
  });

  it('have no rates while nobody was heard twice', () => {
    const sample = takeSample({ timeMs: NOW, partitions: [], windows: [null, null], totals: new LogTotals() });
    expect(sample).toMatchObject({ writesPerSecond: null, readsPerSecond: null, writeP50Ms: null });
  });

  it('count what any replica reported, so that sums never fall', () => {
    const totals = new LogTotals();
    totals.take(report(1, [1, 1]));
    const behind = report(2, [1, 1]);
    totals.take({ ...behind, groups: behind.groups.map((g) => ({ ...g, commitIndex: 3, appliedIndex: 2 })) });
    expect([totals.committed, totals.applied]).toEqual([20, 20]);
  });
});

describe('the ring of samples', () => {
  const sample = (i: number, change: Partial<Sample> = {}): Sample => ({
    timeMs: i * 500,
    writesPerSecond: 10,
    readsPerSecond: null,
    writeP50Ms: 1,
    writeP99Ms: i,
    committed: i,
    applied: i,
    terms: [1, 1],
    leaders: [1, 2],
    ...change,
  });

  it('is bounded and keeps the newest', () => {
    const ring = new SampleRing(100);
    for (let i = 1; i <= 1000; i++) ring.push(sample(i));
    const all = ring.range(0, Infinity, 5000);
    expect(all.length).toBeLessThanOrEqual(125);
    expect(all.at(-1)!.timeMs).toBe(500_000);
  });

  it('thins without losing an outage or a peak', () => {
    const ring = new SampleRing();
    for (let i = 1; i <= 1000; i++) ring.push(sample(i, i === 500 ? { leaders: [0, 2], writesPerSecond: 0 } : {}));
    const thin = ring.range(0, Infinity, 50);
    expect(thin.length).toBeLessThanOrEqual(50);
    expect(thin.filter((s) => s.leaders[0] === 0)).toHaveLength(1);
    expect(Math.max(...thin.map((s) => s.writeP99Ms!))).toBe(1000);
    expect(thin.at(-1)!.committed).toBe(1000);
  });

  it('answers for a range only', () => {
    const ring = new SampleRing();
    for (let i = 1; i <= 10; i++) ring.push(sample(i));
    expect(ring.range(1_000, 2_000, 100).map((s) => s.timeMs)).toEqual([1_000, 1_500, 2_000]);
  });
});

describe('the log of the feed', () => {
  let dir: string;
  let file: string;
  const errors: unknown[] = [];
  const open = () => EventLog.open(file, (error) => errors.push(error));
  const event = (i: number): StoryEvent => ({
    id: `e${i}`,
    timeMs: i,
    kind: 'notice',
    parts: [{ text: `sentence ${i}`, strong: false }],
    node: null,
    partition: null,
    term: null,
    storyId: null,
    offsetMs: null,
  });

  beforeEach(async () => {
    errors.length = 0;
    dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-events-'));
    file = path.join(dir, 'deep', 'events.jsonl');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('outlives the process, in the order of time, each sentence once', async () => {
    const log = await open();
    expect(log.add([event(2), event(1)])).toHaveLength(2);
    expect(log.add([event(2), event(3)])).toHaveLength(1);
    await log.close();
    const again = await open();
    expect(again.recent(10).map((e) => e.timeMs)).toEqual([1, 2, 3]);
    expect(again.recent(2).map((e) => e.timeMs)).toEqual([2, 3]);
    expect(errors).toEqual([]);
  });

  it('loses a torn or foreign line only, and not the one after it', async () => {
    const log = await open();
    log.add([event(1)]);
    await log.close();
    await appendFile(file, '{"foreign":true}\nnot json\n{"id":"torn","time');
    const torn = await open();
    torn.add([event(2)]);
    await torn.close();
    expect((await open()).recent(10).map((e) => e.id)).toEqual(['e1', 'e2']);
  });

  it('is bounded in memory and on disk', async () => {
    const log = await open();
    for (let i = 0; i < 6; i++) {
      log.add(Array.from({ length: 1000 }, (_, j) => event(i * 1000 + j)));
    }
    await log.close();
    expect(log.recent(10_000)).toHaveLength(EVENT_CAPACITY);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines.length).toBeLessThanOrEqual(2 * EVENT_CAPACITY);
    expect((await open()).recent(1)[0]!.id).toBe('e5999');
  });

  it('goes on in memory when the disk refuses', async () => {
    await writeFile(path.join(dir, 'deep'), 'a file where a folder should be');
    const log = await open();
    log.add([event(1)]);
    await log.close();
    expect(log.recent(5)).toHaveLength(1);
    expect(errors.length).toBeGreaterThan(0);
  });
});
