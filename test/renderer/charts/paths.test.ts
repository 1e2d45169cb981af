import { describe, expect, it } from 'vitest';
import { areaPath, linearScale, linePath, logScale, stepAreaPath } from '../../../renderer/charts/paths.ts';
import type { Point } from '../../../renderer/charts/series.ts';

const point = (timeMs: number, value: number | null): Point => ({
  timeMs,
  writesPerSecond: value,
  readsPerSecond: null,
  writeP50Ms: null,
  writeP99Ms: null,
  committed: null,
  applied: null,
  lag: null,
});
const pick = (one: Point) => one.writesPerSecond;
const scale = { x: (timeMs: number) => timeMs / 10, y: linearScale([0, 10], 100) };

describe('a line', () => {
  it('goes through its points and breaks where there is no value', () => {
    const points = [point(0, 0), point(10, 5), point(20, null), point(30, 10)];
    expect(linePath(points, pick, scale)).toBe('M0 100L1 50M3 0h.1');
    expect(areaPath(points, pick, scale, 100)).toBe('M0 100L0 100L1 50V100ZM3 100L3 0V100Z');
    expect(linePath([], pick, scale)).toBe('');
  });

  it('of steps changes half-way between two points', () => {
    expect(stepAreaPath([point(0, 0), point(20, 10)], pick, scale, 100)).toBe('M0 100V100H1V0H2V100Z');
  });
});

describe('a scale', () => {
  it('puts the ends of its domain at the bottom and the top', () => {
    expect([0, 10].map(linearScale([0, 10], 50))).toEqual([50, 0]);
    const log = logScale([0.1, 1_000], 40);
    expect([0.1, 10, 1_000, 0].map((value) => Math.round(log(value)))).toEqual([40, 20, 0, 40]);
    expect(linearScale([5, 5], 50)(5)).toBe(50);
  });
});
