import { describe, expect, it } from 'vitest';
import { lanesOf, perSecond, secondTicks, topOf } from '../../../renderer/features/drills/timeline.ts';
import { report } from './report.ts';

describe('the timeline of a report', () => {
  it('has a lane for each partition that lost its leader, however often', () => {
    const [first, second] = report().outages;
    const lanes = lanesOf(report({ outages: [second!, first!, { ...first!, fromOffsetMs: 3000, lengthMs: null }] }));
    expect(lanes).toEqual([
      {
        partition: 0,
        outages: [
          { fromOffsetMs: 0, toOffsetMs: 412 },
          { fromOffsetMs: 3000, toOffsetMs: Number.POSITIVE_INFINITY },
        ],
      },
      { partition: 1, outages: [{ fromOffsetMs: 0, toOffsetMs: 1184 }] },
    ]);
  });

  it('has whole seconds as ticks, 0 among them, no more than there is room for', () => {
    expect(secondTicks(-2900, 3100, 10)).toEqual([-2000, -1000, 0, 1000, 2000, 3000]);
    expect(secondTicks(-3000, 57_000, 8)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
  });

  it('ends at a round number that nothing passes', () => {
    expect([0, 1, 1200, 2700, 5001, 9999].map(topOf)).toEqual([1, 1, 1500, 3000, 6000, 10_000]);
  });

  it('is a table of seconds too, those before the fault negative', () => {
    const timeline = { bucketMs: 500, firstOffsetMs: -1000, answered: [1, 2, 3, 4, 5], failed: [0, 0, 9, 0, 1] };
    expect(perSecond(timeline)).toEqual([
      { second: -1, answered: 3, failed: 0 },
      { second: 0, answered: 7, failed: 9 },
      { second: 1, answered: 5, failed: 1 },
    ]);
  });
});
