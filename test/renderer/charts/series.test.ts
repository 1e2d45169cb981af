import { describe, expect, test } from 'vitest';
import { chartPoints, dataGaps, GAP_MS, sampleAt } from '../../../renderer/charts/series.ts';
import { sampleOf } from '../../support/view.ts';

const every = (stepMs: number, count: number) => Array.from({ length: count }, (_, i) => sampleOf(i * stepMs));

describe('points of the charts', () => {
  test('begin one sample before the window, so that the line reaches its edge', () => {
    expect(chartPoints(every(500, 10), 1_200, 4_500, 100).map((point) => point.timeMs)[0]).toBe(1_000);
  });

  test('a gap breaks the line instead of being joined', () => {
    const samples = [sampleOf(0), sampleOf(500), sampleOf(500 + GAP_MS + 1), sampleOf(500 + GAP_MS + 501)];
    const points = chartPoints(samples, 0, 10_000, 100);
    expect(points.map((point) => point.writesPerSecond)).toEqual([100, 100, null, 100, 100]);
  });

  test('thinning averages rates and keeps the worst latency and lag', () => {
    const samples = every(100, 100).map((sample, i) => ({
      ...sample,
      writesPerSecond: i % 2 === 0 ? 0 : 200,
      writeP99Ms: i === 42 ? 900 : 3,
      applied: i === 42 ? 0 : 1000,
    }));
    const points = chartPoints(samples, 0, 10_000, 10);
    expect(points.length).toBeLessThanOrEqual(11);
    expect(points[3]?.writesPerSecond).toBeCloseTo(100);
    expect(Math.max(...points.map((point) => point.writeP99Ms ?? 0))).toBe(900);
    expect(Math.max(...points.map((point) => point.lag ?? 0))).toBe(1000);
  });

  test('a bucket does not change as the window moves on', () => {
    const samples = every(100, 400);
    const before = chartPoints(samples, 0, 20_000, 20).slice(3, 15);
    const after = chartPoints(samples, 2_000, 22_000, 20);
    for (const point of before) expect(after).toContainEqual(point);
  });

  test('no latency is no point on the logarithmic axis, and zero is its least', () => {
    const points = chartPoints([sampleOf(0, { writeP50Ms: null, writeP99Ms: 0 })], 0, 100, 10);
    expect(points[0]).toMatchObject({ writeP50Ms: null, writeP99Ms: 0.1 });
  });
});

describe('gaps in the data', () => {
  test('are found between samples and at the end, and cut to the window', () => {
    expect(dataGaps([sampleOf(0), sampleOf(10_000)], 4_000, 20_000)).toEqual([
      { fromMs: 4_000, toMs: 10_000 },
      { fromMs: 10_000, toMs: 20_000 },
    ]);
  });

  test('are none before the first sample ever', () => {
    expect(dataGaps([sampleOf(9_000), sampleOf(9_500)], 0, 10_000)).toEqual([]);
  });
});

test('the cursor reads the sample that held, not one from before a gap', () => {
  const samples = [sampleOf(0), sampleOf(500)];
  expect(sampleAt(samples, 499)?.timeMs).toBe(0);
  expect(sampleAt(samples, 500 + GAP_MS)?.timeMs).toBe(500);
  expect(sampleAt(samples, 501 + GAP_MS)).toBeNull();
  expect(sampleAt(samples, -1)).toBeNull();
});
