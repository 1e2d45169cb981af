import { describe, expect, test } from 'vitest';
import { electionCount, leaderlessSpans, longestGapMs, termLanes } from '../../../renderer/charts/lanes.ts';
import { eventOf, sampleOf } from '../../support/view.ts';

const held = (timeMs: number, term: number, leader: number) => sampleOf(timeMs, { terms: [term], leaders: [leader] });

describe('the lane of a partition', () => {
  test('one reign is one segment from the left edge, which did not begin in the window', () => {
    const lanes = termLanes([held(0, 3, 1), held(500, 3, 1), held(1000, 3, 1)], [], 200, 1000, 1);
    expect(lanes).toEqual([[{ fromMs: 200, toMs: 1000, term: 3, leader: 1, began: false }]]);
  });

  test('an election’s event dates the reign to the millisecond, and an older sample does not undo it', () => {
    const elected = eventOf(710, 'elected', { partition: 0, term: 4, node: 2 });
    const samples = [held(500, 3, 1), held(600, 3, 0), held(720, 3, 0), held(1000, 4, 2)];
    const [lane] = termLanes(samples, [elected], 500, 1000, 1);
    expect(lane?.map(({ fromMs, toMs, term, leader }) => [fromMs, toMs, term, leader])).toEqual([
      [500, 600, 3, 1],
      [600, 710, 3, 0],
      [710, 1000, 4, 2],
    ]);
    expect(lane?.at(-1)?.began).toBe(true);
  });

  test('a fault of the leader dates the loss', () => {
    const fault = eventOf(620, 'fault', { node: 1 });
    const other = eventOf(610, 'fault', { node: 3, id: 'other' });
    const [lane] = termLanes([held(500, 3, 1), held(1000, 3, 0)], [other, fault], 500, 1000, 1);
    expect(lane?.find((segment) => segment.leader === 0)?.fromMs).toBe(620);
  });

  test('an absence through several terms is one, and as long as all of it', () => {
    const lanes = termLanes([held(0, 3, 1), held(100, 3, 0), held(200, 4, 0), held(900, 5, 2)], [], 0, 1000, 1);
    expect(lanes[0]).toHaveLength(3);
    expect(longestGapMs(lanes)).toBe(800);
  });

  test('a leader that was out of sight and came back did not begin anew', () => {
    const [lane] = termLanes([held(0, 3, 1), held(100, 3, 0), held(200, 3, 1)], [], 0, 1000, 1);
    expect(lane?.map((segment) => segment.began)).toEqual([false, true, false]);
  });

  test('the first leader of all began, and counts as an election; one that was there before does not', () => {
    const fresh = termLanes([held(100, 0, 0), held(200, 1, 1)], [], 0, 1000, 1);
    expect(fresh[0]?.map((segment) => segment.began)).toEqual([false, true]);
    expect(electionCount(fresh)).toBe(1);
    expect(electionCount(termLanes([held(100, 1, 1), held(200, 2, 2)], [], 0, 1000, 1))).toBe(1);
  });

  test('a sample that has not heard of an election yet does not undo it', () => {
    const elected = eventOf(300, 'elected', { partition: 0, term: 2, node: 2 });
    const [lane] = termLanes([held(100, 1, 1), held(310, 2, 0), held(800, 2, 2)], [elected], 0, 1000, 1);
    expect(lane?.map(({ fromMs, leader }) => [fromMs, leader])).toEqual([
      [100, 1],
      [300, 2],
    ]);
  });

  test('what a sample and an event say of one millisecond is one segment', () => {
    const elected = eventOf(300, 'elected', { partition: 0, term: 2, node: 2 });
    const [lane] = termLanes([held(100, 1, 1), held(300, 2, 0), held(400, 2, 2)], [elected], 0, 1000, 1);
    expect(new Set(lane?.map((segment) => segment.fromMs)).size).toBe(lane?.length);
    expect(lane?.every((segment) => segment.toMs > segment.fromMs)).toBe(true);
    expect(lane?.at(-1)).toMatchObject({ fromMs: 300, leader: 2 });
  });

  test('nothing known is nothing drawn', () => {
    expect(termLanes([], [], 0, 1000, 2)).toEqual([[], []]);
  });
});

test('leaderless spans of several partitions join where they touch', () => {
  const segment = (fromMs: number, toMs: number) => ({ fromMs, toMs, term: 1, leader: 0, began: true });
  expect(leaderlessSpans([[segment(10, 20)], [segment(15, 30), segment(50, 60)]])).toEqual([
    { fromMs: 10, toMs: 30 },
    { fromMs: 50, toMs: 60 },
  ]);
});
