import type { Sample } from '../../electron/contract/model.ts';
import { formatClock, formatCount, formatMs, formatSpan, plural } from '../ui/format.ts';
import type { ChartWindow } from './window.ts';

/** The four charts in one sentence, for those who do not see them. */
export function chartsSummary(
  window: ChartWindow,
  samples: readonly Sample[],
  elections: number,
  longestGapMs: number,
): string {
  const span = formatSpan(window.toMs - window.fromMs);
  const head = `Four charts over ${span} up to ${formatClock(window.toMs)} on one time axis`;
  const last = samples.findLast((sample) => sample.timeMs <= window.toMs);
  if (last === undefined) return `${head}: nothing measured yet.`;
  const said = [
    `${formatCount(last.writesPerSecond ?? 0)} writes and ${formatCount(last.readsPerSecond ?? 0)} reads per second`,
    last.writeP99Ms === null ? 'no write latency' : `99 % of writes within ${formatMs(last.writeP99Ms)}`,
    elections === 0 ? 'no election' : plural(elections, 'election'),
    longestGapMs === 0 ? 'no partition without leader' : `longest time without leader ${formatMs(longestGapMs)}`,
  ];
  return `${head}: ${said.join(', ')}.`;
}
