import { formatClock } from '../ui/format.ts';

/** Round numbers from 0 to at least `max`, `steps` intervals: what a linear axis shows. */
export function linearTicks(max: number, steps: number): number[] {
  const rough = Math.max(max, 1) / steps;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 4, 5, 8, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  return Array.from({ length: steps + 1 }, (_, i) => i * step);
}

/** Round numbers inside [min, max], about `count` of them: for an axis that does not begin at 0. */
export function innerTicks(min: number, max: number, count: number): number[] {
  const rough = Math.max(max - min, 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const ticks: number[] = [];
  for (let tick = Math.ceil(min / step) * step; tick <= max; tick += step) ticks.push(tick);
  return ticks;
}

/** Whole decades that hold all values, at least 1 ms to 100 ms. */
export function decades(values: readonly number[]): number[] {
  const present = values.filter((value) => value > 0);
  const low = Math.min(0, Math.floor(Math.log10(Math.min(1, ...present))));
  const high = Math.max(2, Math.ceil(Math.log10(Math.max(1, ...present))));
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
}

/** "8k", "1.5M": short enough for an axis. `span` decides how many digits tell neighbours apart. */
export function formatShort(value: number, span = value): string {
  const abs = Math.abs(value);
  const [unit, letter] = abs >= 1e9 ? [1e9, 'B'] : abs >= 1e6 ? [1e6, 'M'] : abs >= 1e3 ? [1e3, 'k'] : [1, ''];
  const digits = Math.min(4, Math.max(0, Math.ceil(-Math.log10(Math.max(span, 1e-9) / unit))));
  return `${Number((value / unit).toFixed(digits + 1))}${letter}`;
}

/** A latency decade: "0.1", "1 ms", "10", "100", "1 s". */
export function formatDecade(valueMs: number): string {
  if (valueMs === 1) return '1 ms';
  return valueMs >= 1000 ? `${valueMs / 1000} s` : String(valueMs);
}

const timeSteps = [1, 2, 5, 10, 20, 30, 60, 120, 180, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600].map(
  (seconds) => seconds * 1000,
);

/** Wall-clock ticks inside the window, on round local times. */
export function timeTicks(fromMs: number, toMs: number, most: number): { timeMs: number; label: string }[] {
  const step = timeSteps.find((candidate) => (toMs - fromMs) / candidate <= most) ?? 43_200_000;
  const ticks: { timeMs: number; label: string }[] = [];
  for (let timeMs = Math.ceil(fromMs / step) * step; timeMs <= toMs; timeMs += step) {
    ticks.push({ timeMs, label: formatClock(timeMs) });
  }
  return ticks;
}
