import { describe, expect, test } from 'vitest';
import { chartMarkers } from '../../../renderer/charts/markers.ts';
import { eventOf } from '../../support/view.ts';

const fault = eventOf(4_000, 'fault', {
  id: 'f',
  storyId: 'f',
  parts: [
    { text: 'n1', strong: true },
    { text: ' killed by you (SIGKILL). It led p0.', strong: false },
  ],
});
const elected = (timeMs: number) =>
  eventOf(timeMs, 'elected', { partition: 0, term: 2, node: 2, storyId: 'f', offsetMs: timeMs - 4_000 });

describe('markers', () => {
  test('the latest fault is named up to its first stop, the last election by its offset', () => {
    const markers = chartMarkers([fault, elected(4_700), elected(5_184)], 0, 10_000, 0.1);
    expect(markers.map(({ kind, label }) => [kind, label])).toEqual([
      ['fault', 'n1 killed by you'],
      ['election', null],
      ['election', 'p0 elected +1,184 ms'],
    ]);
  });

  test('an event that tells several elections is named by their partitions', () => {
    const both = eventOf(5_000, 'elected', {
      storyId: 'f',
      offsetMs: 1_000,
      parts: ['n3', 'p0', 'p6'].map((text) => ({ text, strong: true })),
    });
    expect(chartMarkers([fault, both], 0, 10_000, 0.1)[1]?.label).toBe('p0 and p6 elected +1,000 ms');
  });

  test('flags of a kind on one spot are drawn once', () => {
    expect(chartMarkers([elected(5_000), elected(5_010), elected(9_000)], 0, 10_000, 0.1)).toHaveLength(2);
  });

  test('labels do not cover each other at the edges', () => {
    // Near the left edge the fault's label goes right, where the election's would be.
    const atLeft = chartMarkers([fault, elected(4_700)], 3_900, 13_900, 0.05);
    expect(atLeft[0]).toMatchObject({ side: 'right', label: 'n1 killed by you' });
    expect(atLeft[1]?.label).toBeNull();
    // Near the right edge there is no room for the election's.
    const atRight = chartMarkers([fault, elected(4_700)], 0, 5_000, 0.1);
    expect(atRight.map((marker) => marker.label)).toEqual(['n1 killed by you', null]);
  });

  test('what is outside the window, or of no consequence, has none', () => {
    expect(chartMarkers([fault, eventOf(6_000, 'load'), eventOf(7_000, 'handover')], 5_000, 10_000, 1)).toMatchObject([
      { kind: 'handover' },
    ]);
  });
});
