import { expect, test } from 'vitest';
import { matchesLog, parseLogLine } from '../../../renderer/features/logs/log-line.ts';

test("a logger's line is taken apart", () => {
  const line = JSON.stringify({
    level: 40,
    time: 1000,
    pid: 7,
    hostname: 'h',
    node: 2,
    msg: 'slow disk',
    tookMs: 12,
    at: 'log',
  });
  expect(parseLogLine(line)).toEqual({
    level: 'warn',
    timeMs: 1000,
    message: 'slow disk',
    details: 'tookMs=12 at=log',
  });
});

test('what only repeats the message is left out', () => {
  const line = JSON.stringify({ level: 30, msg: 'electionWon', event: 'electionWon', term: 3 });
  expect(parseLogLine(line)).toMatchObject({ message: 'electionWon', details: 'term=3' });
});

test('times as text and levels as words are read too', () => {
  const line = JSON.stringify({ level: 'info', time: '1970-01-01T00:00:01.000Z', msg: 'up' });
  expect(parseLogLine(line)).toMatchObject({ level: 'info', timeMs: 1000 });
});

test.each(['Segmentation fault', '{not json', '{"level":30}', '[]', ''])('%j is shown as it is', (line) => {
  expect(parseLogLine(line)).toEqual({ level: null, timeMs: null, message: line, details: '' });
});

test('filters by level and words, and keeps lines that have no level', () => {
  const warn = parseLogLine('{"level":40,"msg":"Slow disk","file":"raft.db"}');
  expect(matchesLog(warn, 'warn', '')).toBe(true);
  expect(matchesLog(warn, 'error', '')).toBe(false);
  expect(matchesLog(warn, 'debug', 'slow')).toBe(true);
  expect(matchesLog(warn, 'debug', 'raft.db')).toBe(true);
  expect(matchesLog(warn, 'debug', 'fast')).toBe(false);
  expect(matchesLog(parseLogLine('panic'), 'error', '')).toBe(true);
});
