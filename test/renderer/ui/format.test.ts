import { expect, test } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatList,
  formatMs,
  formatSpan,
  formatTime,
  plural,
} from '../../../renderer/ui/format.ts';

test('numbers are grouped, sizes have a unit', () => {
  expect(formatCount(1_108_412)).toBe('1,108,412');
  expect(formatBytes(92 * 1024 * 1024)).toBe('92 MB');
  expect(formatBytes(1.5 * 1024 ** 3)).toBe('1.5 GB');
  expect(formatBytes(0)).toBe('0 B');
});

test('durations', () => {
  expect([0.42, 12.4, 1_184].map(formatMs)).toEqual(['0.4 ms', '12 ms', '1.18 s']);
  expect([8_000, 843_000, 8_040_000, 273_600_000].map(formatSpan)).toEqual(['8 s', '14 m 3 s', '2 h 14 m', '3 d 4 h']);
  expect([4_000, 120_000, 172_800_000].map(formatAgo)).toEqual(['4 s ago', '2 min ago', '2 d ago']);
  expect(formatAgo(-5)).toBe('0 s ago');
});

test('wall-clock times have milliseconds', () => {
  expect(formatTime(new Date(2026, 5, 21, 2, 4, 31, 7).getTime())).toBe('02:04:31.007');
});

test('lists and plurals', () => {
  expect(formatList(['n1'])).toBe('n1');
  expect(formatList(['n1', 'n2', 'n3'])).toBe('n1, n2 and n3');
  expect(formatList(['n2', 'n3'], 'or')).toBe('n2 or n3');
  expect([plural(1, 'entry', 'entries'), plural(2, 'node')]).toEqual(['1 entry', '2 nodes']);
});
