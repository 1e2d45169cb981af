import { describe, expect, it } from 'vitest';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import {
  happenings,
  timelineWords,
  verdictWords,
  waits,
  whyNoDrill,
  writesWords,
} from '../../../renderer/features/drills/drill-words.ts';
import { report } from './report.ts';

const sample = report();
const { partitions, consistency, timings, outages } = sample;

describe('what happened', () => {
  const told = (change: Parameters<typeof report>[0] = {}) =>
    happenings(report(change)).map((one) => `${one.offsetMs} ${one.kind}: ${one.text}`);

  it('is told in order of time, with whose leaders went', () => {
    expect(told()).toEqual([
      '0 fault: n1 killed (SIGKILL); p0, p1 lost their leader.',
      '412 elected: n2 leads p0, in term 8. 412 ms without leader.',
      '1184 elected: n3 leads p1, in term 11. 1,184 ms without leader.',
      '1521 recovered: Throughput is back. 214 attempts were retried, 0 operations failed.',
      '5100 healed: Healed: nothing is broken any more.',
    ]);
  });

  it('keeps the steps of a rolling restart apart', () => {
    const [first, second] = outages;
    const lines = told({
      fault: {
        ...sample.fault,
        steps: [
          { offsetMs: 0, text: 'n1 restarted in order' },
          { offsetMs: 2000, text: 'n2 restarted in order' },
        ],
      },
      outages: [first!, { ...second!, fromOffsetMs: 2010, leader: 2, newLeader: 2 }],
    });
    expect(lines[0]).toBe('0 fault: n1 restarted in order; p0 lost its leader.');
    expect(lines).toContain('2000 fault: n2 restarted in order; p1 lost its leader.');
    expect(lines).toContain('3194 elected: n2 leads p1 again, in term 11. 1,184 ms without leader.');
  });

  it('says who never got a leader, and nothing of a throughput that did not come back', () => {
    const lines = told({
      outages: [{ ...outages[0]!, newLeader: 0, newTerm: 0, lengthMs: null }],
      timings: { ...timings, recoveredMs: null },
    });
    expect(lines).toContain('0 lost: p0 loses its leader n1 and gets no other.');
    expect(lines.join()).not.toContain('recovered');
  });

  it('gives each line a name of its own', () => {
    const ids = happenings(sample).map((one) => one.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the result in one sentence', () => {
  it('names who had no leader, and for how long', () => {
    expect(verdictWords(sample)).toBe(
      'p0 and p1 had no leader for up to 1,184 ms; clients waited at most 1,210 ms, and nothing that was acknowledged is lost.',
    );
    const none = report({ partitions: partitions.map((one) => ({ ...one, leaderlessMs: null })) });
    expect(verdictWords(none)).toMatch(/^No partition lost its leader; clients waited/);
  });

  it('is the first reason of a drill that failed', () => {
    expect(verdictWords(report({ verdict: { passed: false, reasons: ['Two writes lost.', 'More.'] } }))).toBe(
      'Two writes lost.',
    );
  });

  it('never says that all was read back when it was not', () => {
    expect(writesWords(sample)).toBe('34,912 acknowledged, all read back');
    expect(writesWords(report({ consistency: { ...consistency, acknowledgedWritesLost: 3 } }))).toBe(
      '34,912 acknowledged',
    );
    expect(writesWords(report({ consistency: { ...consistency, keysUnread: 1 } }))).toBe(
      '34,912 acknowledged; 1 key could not be read',
    );
  });

  it('tells the chart to who cannot see it', () => {
    expect(timelineWords(sample)).toBe(
      '12,000 operations a second before kill n1, 9,000 during the fault, and 12,100 after; back after 1,521 ms.',
    );
    expect(timelineWords(report({ timings: { ...timings, recoveredMs: null } }))).toMatch(/they did not come back\.$/);
  });
});

describe('the bars', () => {
  it('are those of the partitions that were hit, the longest last, no answer longest of all', () => {
    const spared = { ...partitions[0]!, partition: 5, leaderlessMs: null, unavailableMs: 9000 };
    const silent = { ...partitions[0]!, partition: 4, unavailableMs: null };
    const quick = { ...partitions[0]!, partition: 7, unavailableMs: 100 };
    expect(waits(report({ partitions: [silent, quick, partitions[1]!, spared, partitions[0]!] }))).toEqual([
      { partition: 7, lengthMs: 100 },
      { partition: 0, lengthMs: 430 },
      { partition: 1, lengthMs: 1210 },
      { partition: 4, lengthMs: null },
    ]);
    expect(waits(report({ partitions: [spared] }))).toEqual([{ partition: 5, lengthMs: 9000 }]);
  });
});

describe('whether a drill can begin', () => {
  const cluster: ClusterSummary = {
    name: 'dev-3',
    kind: 'local',
    state: 'running',
    nodeCount: 3,
    nodesUp: 3,
    partitionCount: 8,
    replicationFactor: 3,
    owner: 'app',
    readOnly: false,
    environment: null,
    sinceMs: 0,
    dataDir: null,
    remote: null,
  };

  it('depends on a whole local cluster with copies to spare', () => {
    expect(whyNoDrill(cluster)).toBeNull();
    expect(whyNoDrill({ ...cluster, state: 'stopped' })).toBe('dev-3 is not running. Start it first.');
    expect(whyNoDrill({ ...cluster, state: 'degraded', nodesUp: 2 })).toMatch(/2 of 3 nodes are up/);
    expect(whyNoDrill({ ...cluster, state: 'starting' })).toMatch(/is starting/);
    expect(whyNoDrill({ ...cluster, replicationFactor: 1 })).toMatch(/keeps 1 copy of each partition/);
    expect(whyNoDrill({ ...cluster, kind: 'etcd' })).toMatch(/local clusters only/);
    expect(whyNoDrill({ ...cluster, environment: 'production' })).toMatch(/local clusters only/);
    expect(whyNoDrill({ ...cluster, readOnly: true })).toMatch(/local clusters only/);
  });
});
