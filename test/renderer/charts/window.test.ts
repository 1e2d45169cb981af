import { describe, expect, test } from 'vitest';
import { joinPast, pastRange } from '../../../renderer/charts/use-past.ts';
import {
  chartWindow,
  isFault,
  stepWindow,
  windowWords,
  ZOOM_MS,
  type WindowChoice,
} from '../../../renderer/charts/window.ts';
import { eventOf } from '../../support/view.ts';

const follow: WindowChoice = { range: '2m', pausedAtMs: null, pinnedId: null, dismissedId: null, sinceMs: 0 };
const fault = eventOf(100_000, 'fault', { id: 'f', storyId: 'f', node: 1 });

describe('the window of the charts', () => {
  test('is the chosen range up to now', () => {
    expect(chartWindow([], 500_000, follow)).toEqual({ fromMs: 380_000, toMs: 500_000, zoomedTo: null, follows: true });
  });

  test('moves in steps of a second or two, a few pixels each', () => {
    expect(chartWindow([], 500_900, follow).toMs).toBe(500_000);
    expect(chartWindow([], 500_950, { ...follow, range: '10s' }).toMs).toBeGreaterThan(500_800);
    expect(chartWindow([], 503_900, { ...follow, range: '24h' }).toMs).toBe(502_000);
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
    expect(chartWindow([fault], 101_000, paused)).toEqual({
      fromMs: -30_000,
      toMs: 90_000,
      zoomedTo: null,
      follows: false,
    });
  });

  test('what follows from a fault is no fault of its own', () => {
    expect(isFault(fault)).toBe(true);
    expect(isFault(eventOf(1, 'paused'))).toBe(true);
    expect(isFault(eventOf(1, 'fault', { storyId: 'another' }))).toBe(false);
    expect(isFault(eventOf(1, 'suspect', { storyId: null }))).toBe(false);
  });
});

describe('looking back', () => {
  test('goes by half a window, and follows again where there is nothing later', () => {
    const window = { fromMs: 400_000, toMs: 500_000 };
    expect(stepWindow(window, -1, 500_000)).toBe(450_000);
    expect(stepWindow({ fromMs: 350_000, toMs: 450_000 }, 1, 500_000)).toBeNull();
    // What went on meanwhile is no reason to press again.
    expect(stepWindow({ fromMs: 350_000, toMs: 450_000 }, 1, 509_000)).toBeNull();
    expect(stepWindow({ fromMs: 200_000, toMs: 300_000 }, 1, 500_000)).toBe(350_000);
  });

  test('says what day it is', () => {
    const noon = new Date(2026, 10, 23, 12, 0, 0).getTime();
    expect(windowWords({ fromMs: noon, toMs: noon + 60_000 })).toBe('23/11/2026 12:00:00 to 12:01:00');
    expect(windowWords({ fromMs: noon - 86_400_000, toMs: noon })).toBe('22/11/2026 12:00:00 to 23/11/2026 12:00:00');
  });

  test('asks for nothing that came live, and seldom for what did not', () => {
    const nowMs = 100 * 3_600_000 + 30_000;
    expect(pastRange({ fromMs: nowMs - 900_000, toMs: nowMs }, nowMs)).toBeNull();
    const hour = pastRange({ fromMs: nowMs - 3_600_000, toMs: nowMs }, nowMs);
    expect(hour!.fromMs).toBeLessThanOrEqual(nowMs - 3_600_000);
    expect(hour!.toMs).toBeGreaterThanOrEqual(nowMs - 900_000);
    expect(hour!.toMs).toBeLessThan(nowMs);
    expect(pastRange({ fromMs: nowMs - 3_599_000, toMs: nowMs + 1_000 }, nowMs + 1_000)).toEqual(hour);
    const day = pastRange({ fromMs: nowMs - 50 * 3_600_000, toMs: nowMs - 26 * 3_600_000 }, nowMs);
    expect(day!.toMs).toBeGreaterThanOrEqual(nowMs - 26 * 3_600_000);
  });

  test('joins what was kept to what came live, each moment once', () => {
    const at = (...times: number[]) => times.map((timeMs) => ({ timeMs }));
    expect(joinPast(at(1, 2, 3, 4), at(3, 5))).toEqual(at(1, 2, 3, 5));
    expect(joinPast(at(1), [])).toEqual(at(1));
    expect(joinPast([], at(1))).toEqual(at(1));
  });
});
