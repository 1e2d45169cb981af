import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COARSE_MS, HistoryStore } from '../../../electron/backend/history/history-store.ts';
import { thinSamples } from '../../../electron/backend/history/thin.ts';
import type { Sample } from '../../../electron/contract/model.ts';
import { tempDir } from '../../support/temp.ts';

const START = 1_790_000_000_000;
const HOUR_MS = 3_600_000;

const sample = (timeMs: number, change: Partial<Sample> = {}): Sample => ({
  timeMs,
  writesPerSecond: 10,
  readsPerSecond: 0,
  writeP50Ms: 1,
  writeP99Ms: 2,
  committed: 1,
  applied: 1,
  terms: [1],
  leaders: [1],
  ...change,
});

describe('the history of a cluster', () => {
  let dir: ReturnType<typeof tempDir>;
  let nowMs: number;
  const errors: unknown[] = [];
  const open = () =>
    HistoryStore.open(
      dir.path,
      () => nowMs,
      (error) => errors.push(error),
    );
  const all = { fromMs: 0, toMs: Infinity, maxPoints: 100_000 };

  beforeEach(() => {
    dir = tempDir();
    nowMs = START;
    errors.length = 0;
  });
  afterEach(() => {
    dir.remove();
    if (errors.length > 0) throw new AggregateError(errors);
  });

  /** Twice a second, up to and including the end. */
  function record(store: HistoryStore, endMs: number, at: (timeMs: number) => Partial<Sample> = () => ({})): void {
    for (; nowMs <= endMs; nowMs += 500) store.push(sample(nowMs, at(nowMs)));
  }

  it('shows the charts after a restart as they were, to the sample', async () => {
    const store = await open();
    record(store, START + 60_000);
    const before = await store.range(all);
    await store.close();
    const again = await open();
    expect(await again.range(all)).toEqual(before);
    expect(again.last).toEqual(before.at(-1));
    await again.close();
  });

  it('goes on where it ended, and says nothing of the time between', async () => {
    const store = await open();
    record(store, START + 5_000);
    await store.close();
    nowMs = START + HOUR_MS;
    const again = await open();
    record(again, START + HOUR_MS + 5_000);
    const kept = await again.range(all);
    expect(kept).toHaveLength(22);
    expect(kept[11]!.timeMs - kept[10]!.timeMs).toBeGreaterThan(HOUR_MS - 10_000);
    await again.close();
  });

  it('reaches back for hours in steps of ten seconds, with no outage lost', async () => {
    const store = await open();
    const lostMs = START + 600_000;
    record(store, START + 2 * HOUR_MS, (timeMs) => (timeMs === lostMs ? { leaders: [0] } : {}));
    const past = await store.range({ fromMs: START, toMs: START + HOUR_MS, maxPoints: 5_000 });
    expect(past.length).toBeGreaterThan(HOUR_MS / COARSE_MS - 10);
    expect(past.length).toBeLessThan(HOUR_MS / COARSE_MS + 10);
    expect(past.filter(({ leaders }) => leaders[0] === 0)).toHaveLength(1);
    // The same after a restart.
    await store.close();
    const again = await open();
    expect(await again.range({ fromMs: START, toMs: START + HOUR_MS, maxPoints: 5_000 })).toEqual(past);
    await again.close();
  });

  it('is bounded in age and size on disk', async () => {
    const store = await open();
    record(store, START + HOUR_MS);
    await store.close();
    const fine = await readdir(path.join(dir.path, 'fine'));
    expect(fine.length).toBeLessThanOrEqual(12);
    // Two weeks later nothing of it is left once something new is written.
    nowMs = START + 15 * 24 * HOUR_MS;
    const again = await open();
    again.push(sample(nowMs));
    nowMs += COARSE_MS;
    again.push(sample(nowMs));
    await again.close();
    expect((await readdir(path.join(dir.path, 'coarse'))).length).toBe(1);
  });

  it('does not wait for the clock when that was set back', async () => {
    const store = await open();
    record(store, START + 5_000);
    await store.close();
    nowMs = START - HOUR_MS;
    const again = await open();
    again.push(sample(nowMs));
    expect(again.last?.timeMs).toBe(nowMs);
    await again.close();
  });

  it('goes with its cluster', async () => {
    const store = await open();
    record(store, START + 60_000);
    await store.close();
    await store.remove();
    expect(await (await open()).range(all)).toEqual([]);
  });
});

describe('thinning', () => {
  it('goes by time: what was thinned before does not push out what was not', () => {
    const coarse = Array.from({ length: 100 }, (_, i) => sample(START + i * 10_000));
    const fine = Array.from({ length: 1_000 }, (_, i) => sample(START + 1_000_000 + i));
    const thin = thinSamples([...coarse, ...fine], 50);
    expect(thin.length).toBeLessThanOrEqual(50);
    expect(thin.filter(({ timeMs }) => timeMs < START + 1_000_000).length).toBeGreaterThan(40);
  });
});
