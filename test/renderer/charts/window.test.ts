import { describe, expect, test } from 'vitest';
import { chartWindow, isFault, ZOOM_MS, type WindowChoice } from '../../../renderer/charts/window.ts';
import { eventOf } from '../../support/view.ts';

const follow: WindowChoice = { range: '2m', pausedAtMs: null, pinnedId: null, dismissedId: null, sinceMs: 0 };
const fault = eventOf(100_000, 'fault', { id: 'f', storyId: 'f', node: 1 });

describe('the window of the charts', () => {
  test('is the chosen range up to now', () => {
    expect(chartWindow([], 500_000, follow)).toEqual({ fromMs: 380_000, toMs: 500_000, zoomedTo: null });
  });

  test('zooms to the 10 s around a fault, entered as they happen', () => {
    expect(chartWindow([fault], 101_000, follow)).toMatchObject({ fromMs: 91_000, toMs: 101_000, zoomedTo: fault });
    expect(chartWindow([fault], 130_000, follow)).toMatchObject({ fromMs: 96_000, toMs: 106_000 });
  });

  test('goes back after 60 s, unless pinned', () => {
    expect(chartWindow([fault], 100_000 + ZOOM_MS, follow).zoomedTo).toBeNull();
    const pinned = { ...follow, pinnedId: 'f' };
    expect(chartWindow([fault], 100_000 + 10 * ZOOM_MS, pinned)).toMatchObject({ toMs: 106_000, zoomedTo: fault });
  });

  test('stays away from a fault that was dismissed, and from faults of before', () => {
    expect(chartWindow([fault], 101_000, { ...follow, dismissedId: 'f' }).zoomedTo).toBeNull();
    expect(chartWindow([fault], 101_000, { ...follow, sinceMs: 100_001 }).zoomedTo).toBeNull();
  });

  test('a pause stands still, faults or not', () => {
    const paused = { ...follow, pausedAtMs: 90_000 };
    expect(chartWindow([fault], 101_000, paused)).toEqual({ fromMs: -30_000, toMs: 90_000, zoomedTo: null });
  });

  test('what follows from a fault is no fault of its own', () => {
    expect(isFault(fault)).toBe(true);
    expect(isFault(eventOf(1, 'paused'))).toBe(true);
    expect(isFault(eventOf(1, 'fault', { storyId: 'another' }))).toBe(false);
    expect(isFault(eventOf(1, 'suspect', { storyId: null }))).toBe(false);
  });
});
