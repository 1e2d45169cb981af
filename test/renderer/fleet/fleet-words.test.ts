import { describe, expect, test } from 'vitest';
import type { Alert, FleetRow } from '../../../electron/contract/monitor.ts';
import {
  alertNotes,
  clockOfMinute,
  diskWords,
  electionsWords,
  heardWords,
  lagCell,
  latencyWords,
  leadersWords,
  minuteOfClock,
} from '../../../renderer/features/fleet/fleet-words.ts';
import { mergeAlerts } from '../../../renderer/features/fleet/use-fleet.ts';

const NOW = 1_790_000_000_000;

const row = (change: Partial<FleetRow> = {}): FleetRow => ({
  cluster: 'orders',
  health: { tone: 'ok', words: '3 of 3 nodes up.' },
  leaders: [
    { node: 1, name: 'n1', partitions: 3 },
    { node: 2, name: 'n2', partitions: 3 },
    { node: 3, name: 'n3', partitions: 2 },
  ],
  leaderless: 0,
  term: 4,
  elections: { count: 2, knownMs: 3_600_000, isInferred: false },
  lag: { entries: 0, node: 'n2', partition: 0 },
  latency: { ms: 4.2, of: 'writeP99' },
  disk: { usedBytes: 2_000_000, fullPercent: null, of: null },
  certificate: null,
  writesPerSecond: null,
  heardAtMs: NOW,
  firing: [],
  isMuted: false,
  ...change,
});

const alert = (id: string, timeMs: number, change: Partial<Alert> = {}): Alert => ({
  id,
  timeMs,
  cluster: 'orders',
  rule: 'noLeader',
  change: 'fired',
  words: 'No leader on p0.',
  lastedMs: null,
  told: 'yes',
  ...change,
});

describe('a row of the overview', () => {
  test('names the leaders with what they lead, and what nobody leads', () => {
    expect(leadersWords(row())).toBe('n1 3, n2 3, n3 2');
    expect(leadersWords(row({ leaders: [{ node: 1, name: 'm1', partitions: 1 }] }))).toBe('m1');
    expect(leadersWords(row({ leaders: [], leaderless: 2 }))).toBe('2 without');
    expect(leadersWords(row({ leaders: [] }))).toBe('–');
    const many = [1, 2, 3, 4, 5].map((node) => ({ node, name: `n${node}`, partitions: 2 }));
    expect(leadersWords(row({ leaders: many }))).toBe('n1 2, n2 2, n3 2, 2 more');
  });

  test('says of how much time the elections are, and when they are concluded', () => {
    expect(electionsWords(row())).toEqual({ count: '2', note: '' });
    const young = { count: 0, knownMs: 65_000, isInferred: true };
    expect(electionsWords(row({ elections: young }))).toEqual({ count: '0', note: 'in 1 m 5 s, inferred' });
  });

  test('says what is not known with a dash', () => {
    expect(lagCell(row())).toEqual({ words: 'in sync', who: '' });
    expect(lagCell(row({ lag: { entries: 7, node: 'n2', partition: 3 } }))).toEqual({
      words: '7 behind',
      who: 'n2 on p3',
    });
    expect(lagCell(row({ lag: null })).words).toBe('–');
    expect(latencyWords(row())).toEqual({ ms: '4.2 ms', of: 'p99 of writes' });
    expect(latencyWords(row({ latency: null })).ms).toBe('–');
    expect(diskWords(row({ disk: { usedBytes: 1_000, fullPercent: 91.7, of: 'quota' } })).full).toBe(
      '91 % of its quota',
    );
    expect(diskWords(row({ disk: null })).used).toBe('–');
  });

  test('is true about its age', () => {
    expect(heardWords(row(), NOW + 1_000)).toBe('now');
    expect(heardWords(row(), NOW + 12_000)).toBe('No data for 12 s');
    expect(heardWords(row({ heardAtMs: null }), NOW)).toBe('No data yet');
    expect(heardWords(row({ heardAtMs: null, health: { tone: 'idle', words: 'Stopped.' } }), NOW)).toBe('–');
  });
});

describe('the log', () => {
  test('has each entry once, newest first, also when the whole of it comes again', () => {
    const held = mergeAlerts([], [alert('a', 1), alert('b', 2)]);
    expect(mergeAlerts(held, [alert('a', 1), alert('c', 3)]).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  });

  test('says how long it lasted, and why nobody was told', () => {
    expect(alertNotes(alert('a', 1))).toBe('');
    expect(alertNotes(alert('a', 1, { change: 'cleared', lastedMs: 12_000, told: 'quietHours' }))).toBe(
      'after 12 s, not told: quiet hours',
    );
  });
});

test('minutes of the day are written as clocks are', () => {
  expect(clockOfMinute(0)).toBe('00:00');
  expect(clockOfMinute(1_325)).toBe('22:05');
  expect(minuteOfClock('22:05')).toBe(1_325);
  expect(['', '24:00', '12:60', 'x'].map(minuteOfClock)).toEqual([null, null, null, null]);
});
