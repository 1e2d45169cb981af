import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AttemptTimer } from '../../../engine/client/attempt-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function attempt(dueMs: number, ended: number[]) {
  const self = {
    dueMs,
    timedOut: () => {
      ended.push(Date.now());
      self.dueMs = Infinity;
    },
  };
  return self;
}

it('gives up each attempt when it is due, soonest first, with one timer', () => {
  const startMs = Date.now();
  const ended: number[] = [];
  const attempts = [500, 100, 2_000, 300].map((ms) => attempt(startMs + ms, ended));
  const timer = new AttemptTimer({ all: () => attempts });
  for (const { dueMs } of attempts) timer.expectBy(dueMs);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(3_000);
  expect(ended.map((ms) => ms - startMs)).toEqual([100, 300, 500, 2_000]);
  expect(vi.getTimerCount()).toBe(0);
});

it('looks through them only so often, and is never early', () => {
  const startMs = Date.now();
  const ended: number[] = [];
  const attempts = [10, 11, 12, 13, 19, 21].map((ms) => attempt(startMs + ms, ended));
  const all = vi.fn<() => typeof attempts>(() => attempts);
  const timer = new AttemptTimer({ all });
  timer.expectBy(startMs + 10);
  vi.advanceTimersByTime(100);
  expect(ended.map((ms) => ms - startMs)).toEqual([10, 20, 20, 20, 20, 30]);
  expect(all).toHaveBeenCalledTimes(3);
});

it('lets an attempt begin anew while it ends others', () => {
  const startMs = Date.now();
  const ended: number[] = [];
  const first = attempt(startMs + 50, ended);
  const timer = new AttemptTimer({ all: () => [first] });
  timer.expectBy(first.dueMs);
  const once = first.timedOut;
  first.timedOut = () => {
    once();
    if (ended.length > 2) return;
    first.dueMs = Date.now() + 50;
    timer.expectBy(first.dueMs);
  };
  vi.advanceTimersByTime(1_000);
  expect(ended.map((ms) => ms - startMs)).toEqual([50, 100, 150]);
});

it('does nothing any more once it was stopped', () => {
  const ended: number[] = [];
  const timer = new AttemptTimer({ all: () => [attempt(Date.now() + 50, ended)] });
  timer.expectBy(Date.now() + 50);
  timer.stop();
  expect(vi.getTimerCount()).toBe(0);
});
