import { expect, test } from 'vitest';
import {
  decades,
  formatDecade,
  formatShort,
  innerTicks,
  linearTicks,
  timeTicks,
} from '../../../renderer/charts/scale.ts';

test('a linear axis ends on round numbers at or above the most', () => {
  expect(linearTicks(12_480, 2)).toEqual([0, 8_000, 16_000]);
  expect(linearTicks(0, 2).at(-1)).toBeGreaterThan(0);
  for (const most of [1, 7, 99, 101, 5_432, 1e7]) expect(linearTicks(most, 2).at(-1)).toBeGreaterThanOrEqual(most);
});

test('an axis away from 0 has its ticks inside', () => {
  expect(innerTicks(8_840_000, 8_940_000, 3)).toEqual([8_850_000, 8_900_000]);
});

test('latency decades hold every value', () => {
  expect(decades([])).toEqual([1, 10, 100]);
  expect(decades([0.3, 1_200])).toEqual([0.1, 1, 10, 100, 1_000, 10_000]);
  expect(decades([1, 10, 100].map((ms) => ms)).map(formatDecade)).toEqual(['1 ms', '10', '100']);
  expect(formatDecade(1_000)).toBe('1 s');
});

test('short numbers keep as many digits as tell neighbours apart', () => {
  expect(formatShort(8_000)).toBe('8k');
  expect(formatShort(8_850_000, 50_000)).toBe('8.85M');
  expect(formatShort(20_050_000, 50_000)).toBe('20.05M');
  expect(formatShort(0)).toBe('0');
});

test('time ticks stand on round times inside the window', () => {
  const from = new Date(2026, 5, 21, 12, 4, 25, 300).getTime();
  expect(timeTicks(from, from + 10_000, 6).map((tick) => tick.label)).toEqual([
    '12:04:26',
    '12:04:28',
    '12:04:30',
    '12:04:32',
    '12:04:34',
  ]);
});
