import { formatSpan } from '../../ui/format.ts';

/** How long ago, to the tenth of a second while that matters: "3.2 s", "14 s", "2 m 3 s". */
export function age(durationMs: number): string {
  return durationMs < 10_000 ? `${(Math.max(0, durationMs) / 1000).toFixed(1)} s` : formatSpan(durationMs);
}
