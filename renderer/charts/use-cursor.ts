import { useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { Sample } from '../../electron/contract/model.ts';
import { formatClock, formatCount, formatMs } from '../ui/format.ts';
import type { PlotLayout } from './layout.ts';

/** Share of the window that one arrow key moves the cursor. */
const STEP = 1 / 60;

export interface Cursor {
  /** Null: none is set, and the newest values show. */
  readonly timeMs: number | null;
  readonly x: number | null;
  readonly words: (sample: Sample | null) => string;
  readonly handlers: {
    onPointerMove: (event: PointerEvent<HTMLElement>) => void;
    onPointerLeave: () => void;
    onKeyDown: (event: KeyboardEvent) => void;
    onBlur: () => void;
  };
}

/** One cursor for all charts: under the pointer, or moved by the arrow keys. */
export function useCursor(layout: PlotLayout, fromMs: number, toMs: number): Cursor {
  /** Where in the window, 0 to 1, so that it stands still on the screen while time goes on. */
  const [place, setPlace] = useState<number | null>(null);
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  const timeMs = place === null ? null : fromMs + place * (toMs - fromMs);
  return {
    timeMs,
    x: place === null ? null : layout.left + place * (layout.right - layout.left),
    words(sample) {
      if (sample === null) return `${formatClock(timeMs ?? toMs)}: nothing measured`;
      const p99 = sample.writeP99Ms === null ? '' : `, p99 ${formatMs(sample.writeP99Ms)}`;
      const without = sample.leaders.filter((leader) => leader === 0).length;
      const gap = without === 0 ? '' : `, ${without} partitions without leader`;
      return `${formatClock(sample.timeMs)}: ${formatCount(sample.writesPerSecond ?? 0)} writes, ${formatCount(sample.readsPerSecond ?? 0)} reads per second${p99}${gap}`;
    },
    handlers: {
      onPointerMove(event) {
        const box = event.currentTarget.getBoundingClientRect();
        const at = (event.clientX - box.left - layout.left) / (layout.right - layout.left);
        setPlace(at < -0.02 || at > 1.02 ? null : clamp(at));
      },
      onPointerLeave: () => setPlace(null),
      onKeyDown(event) {
        const by = event.key === 'ArrowLeft' ? -STEP : event.key === 'ArrowRight' ? STEP : 0;
        if (event.key === 'Escape') setPlace(null);
        if (by === 0) return;
        event.preventDefault();
        setPlace((now) => clamp((now ?? 1) + by));
      },
      onBlur: () => setPlace(null),
    },
  };
}
