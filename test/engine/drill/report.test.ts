import { describe, expect, it } from 'vitest';
import { compareReports, reportMarkdown, storyOf } from '../../../engine/drill/index.ts';
import { sampleReport } from './sample.ts';

const report = sampleReport();

describe('the story of a drill', () => {
  it('tells everything in order of time, then the sums', () => {
    expect(storyOf(report)).toEqual([
      '     +0 ms  n1 killed (SIGKILL)',
      '   +412 ms  p0 has a leader again after 412 ms (n1 to n2, term 7 to 8)',
      ' +1,184 ms  p1 has a leader again after 1,184 ms (n1 to n3, term 9 to 11)',
      ' +1,521 ms  throughput is back',
      ' +5,100 ms  healed',
      'without a leader for 1,184 ms; clients waited 1,210 ms',
      '12,000 operations a second before, 9,000 during, 12,100 after; 214 retried, 0 failed',
      '34,912 acknowledged writes, 0 lost; linearizable (59,480 operations checked)',
    ]);
  });

  it('tells the longest of many times without a leader, and how many more there were', () => {
    const [one] = report.outages;
    const outages = Array.from({ length: 11 }, (_, partition) => ({ ...one!, partition, lengthMs: 100 + partition }));
    const story = storyOf(sampleReport({ outages })).join('\n');
    expect(story).not.toContain('p2 has');
    expect(story).toContain('p3 has');
    expect(story).toContain('p10 has');
    expect(story).toContain('3 shorter times without a leader not shown');
  });

  it('says what did not come back', () => {
    const [one] = report.outages;
    const story = storyOf(
      sampleReport({
        outages: [{ ...one!, newLeader: 0, newTerm: 0, lengthMs: null }],
        timings: { ...report.timings, recoveredMs: null, unavailableMs: null },
        consistency: { ...report.consistency, acknowledgedWritesLost: 2, linearizable: 'no', explanation: 'why' },
      }),
    ).join('\n');
    expect(story).toContain('p0 loses its leader n1, and gets no other');
    expect(story).toContain('throughput did not come back');
    expect(story).toContain('2 lost; NOT linearizable');
    expect(story).toContain('clients waited not known');
  });
});

describe('the report as Markdown', () => {
  it('holds what was measured, the partitions, the settings', () => {
    const text = reportMarkdown(report);
    expect(text).toContain('# Failover drill: kill n1\n\n**Passed** on 2026-01-02T03:04:05.000Z, cluster `dev-3`');
    expect(text).toContain('| Unavailable window that clients felt, longest of a partition | 1,210 ms |');
    expect(text).toContain('| p1 | n1 | n3 | 9 to 11 | 1 | 1,184 ms | 1,210 ms |');
    expect(text).toContain('Election timeout 300 to 600 ms, heartbeat every 50 ms.');
    expect(text).not.toContain('Why it failed');
    expect(text.endsWith('\n')).toBe(true);
  });

  it('says why it failed, with the window that shows it, and lets nothing break the document', () => {
    const text = reportMarkdown(
      sampleReport({
        verdict: { passed: false, reasons: ['1 acknowledged write | lost <b>'] },
        consistency: { ...report.consistency, linearizable: 'no', explanation: 'key "k": stale read\n  client 1: get' },
      }),
    );
    expect(text).toContain('**Failed**');
    expect(text).toContain(String.raw`- 1 acknowledged write \| lost \<b\>`);
    expect(text).toContain('```\nkey "k": stale read\n  client 1: get\n```');
  });
});

describe('two reports beside each other', () => {
  const row = (second: Parameters<typeof sampleReport>[0], measure: string) =>
    compareReports(report, sampleReport(second)).find((one) => one.measure === measure);

  it('say what became better and what worse, and by which direction', () => {
    const timings = { ...report.timings, unavailableMs: 600, leaderlessMs: 2000 };
    const throughput = { ...report.throughput, afterPerSecond: 6000, beforePerSecond: 20_000 };
    expect(row({ timings }, 'Unavailable window')).toMatchObject({ first: 1210, second: 600, change: 'better' });
    expect(row({ timings }, 'Time without a leader')).toMatchObject({ change: 'worse' });
    expect(row({ throughput }, 'Throughput after')).toMatchObject({ change: 'worse' });
    expect(row({ throughput }, 'Throughput before')).toMatchObject({ change: 'better' });
  });

  it('call a difference of up to a tenth none, and do not guess what is not known', () => {
    expect(row({ timings: { ...report.timings, unavailableMs: 1300 } }, 'Unavailable window')).toMatchObject({
      change: 'same',
    });
    expect(row({ timings: { ...report.timings, unavailableMs: null } }, 'Unavailable window')).toMatchObject({
      second: null,
      change: null,
    });
    expect(row({}, 'Failed')).toMatchObject({ first: 0, second: 0, change: 'same' });
  });
});
