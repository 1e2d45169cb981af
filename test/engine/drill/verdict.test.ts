import { describe, expect, it } from 'vitest';
import type { DrillReport } from '../../../engine/drill/index.ts';
import { judge } from '../../../engine/drill/verdict.ts';
import { sampleReport } from './sample.ts';

const report = sampleReport();
const { consistency, operations, partitions, timings } = report;

describe('a drill', () => {
  it('passes when every promise was kept', () => {
    expect(judge(report)).toEqual({ passed: true, reasons: [] });
  });

  it('passes with documented errors and a long time without a leader: neither is a broken promise', () => {
    const errors = [{ code: 'DEADLINE_EXCEEDED', count: 3, example: 'No answer in time.', documented: true }];
    expect(judge(sampleReport({ operations: { ...operations, failed: 3, errors } })).passed).toBe(true);
  });

  const broken: [string, Partial<DrillReport>, RegExp][] = [
    [
      'an acknowledged write is lost',
      { consistency: { ...consistency, acknowledgedWritesLost: 1, lostExamples: ['k: gone'] } },
      /^1 acknowledged write lost, such as k: gone\.$/,
    ],
    [
      'the history is not linearizable',
      { consistency: { ...consistency, linearizable: 'no', explanation: 'key "k": stale read\n  client 1' } },
      /^The history is not linearizable: key "k": stale read\.$/,
    ],
    [
      'that could not be decided',
      { consistency: { ...consistency, linearizable: 'undecided', explanation: 'too long' } },
      /could not be decided: too long/,
    ],
    ['a key cannot be read', { consistency: { ...consistency, keysUnread: 2 } }, /^2 keys could not be read back/],
    [
      'a partition has no leader at the end',
      { partitions: partitions.map((one) => ({ ...one, leaderAfter: 0 })) },
      /^p0, p1 had no leader at the end/,
    ],
    [
      'a partition never answers again',
      { partitions: [partitions[0]!, { ...partitions[1]!, unavailableMs: null }] },
      /^p1 never answered a client again/,
    ],
    ['throughput stays away', { timings: { ...timings, recoveredMs: null } }, /^Throughput did not come back/],
    [
      'clients get an error that says nothing',
      {
        operations: {
          ...operations,
          errors: [{ code: 'UNEXPECTED', count: 2, example: 'undefined is not a function', documented: false }],
        },
      },
      /says nothing clear, 2 times: undefined is not a function/,
    ],
    ['a cut majority disturbs nobody', { scenario: 'cut-majority' }, /the cut did not stop anything/],
  ];
  it.each(broken)('fails when %s', (_, change, reason) => {
    const verdict = judge(sampleReport(change));
    expect(verdict.passed).toBe(false);
    expect(verdict.reasons).toEqual([expect.stringMatching(reason)]);
  });
});
