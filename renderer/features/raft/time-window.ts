import type { Span } from './timeline.ts';

/** What the track shows. */
export const ranges = [
  { value: '30000', label: '30 s' },
  { value: '120000', label: '2 min' },
  { value: '900000', label: '15 min' },
] as const;
export type Range = (typeof ranges)[number]['value'];

/** A playhead this near to an end of the track, as a share of it, moves the track. */
const EDGE = 0.04;

/** The window of this width that shows a moment, moved from where it was as little as possible. */
export function windowAround(endMs: number, rangeMs: number, atMs: number): Span {
  const edge = rangeMs * EDGE;
  const end = Math.min(Math.max(endMs, atMs + edge), atMs - edge + rangeMs);
  return { fromMs: end - rangeMs, toMs: end };
}

/** What of a window no span covers. Less than `leastMs` is not told. */
export function gapsIn(window: Span, spans: readonly Span[], leastMs: number): Span[] {
  const gaps: Span[] = [];
  let fromMs = window.fromMs;
  for (const span of spans) {
    if (span.toMs < window.fromMs || span.fromMs > window.toMs) continue;
    if (span.fromMs - fromMs >= leastMs) gaps.push({ fromMs, toMs: span.fromMs });
    fromMs = Math.max(fromMs, span.toMs);
  }
  if (window.toMs - fromMs >= leastMs) gaps.push({ fromMs, toMs: window.toMs });
  return gaps;
}

/** Round moments along the window, at most `count`. */
export function clockTicks(window: Span, count: number): number[] {
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
  const least = (window.toMs - window.fromMs) / 1000 / Math.max(1, count);
  const stepMs = (seconds.find((step) => step >= least) ?? 600) * 1000;
  const first = Math.ceil(window.fromMs / stepMs) * stepMs;
  return Array.from(
    { length: Math.max(0, Math.floor((window.toMs - first) / stepMs) + 1) },
    (_, i) => first + i * stepMs,
  );
}
