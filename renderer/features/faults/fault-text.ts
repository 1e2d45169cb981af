import type { ActiveFault, SendFault } from '../../../electron/contract/faults.ts';
import { formatSpan } from '../../ui/format.ts';

/** "cut", "+200 ms", "30 % lost", "+200 ms, 30 % lost". */
export function effectText({ cut, delayMs, dropPercent }: SendFault): string {
  if (cut) return 'cut';
  return [
    ...(delayMs > 0 ? [`+${delayText(delayMs)}`] : []),
    ...(dropPercent > 0 ? [`${dropPercent} % lost`] : []),
  ].join(', ');
}

/** A delay as it was set: "200 ms", "2 s", "1.5 s". */
export function delayText(delayMs: number): string {
  return delayMs < 1_000 ? `${delayMs} ms` : `${delayMs / 1_000} s`;
}

/** "n1 ↔ n2 cut", "n1 → n2 +200 ms", "n2 disk +400 ms", "n3 isolated". */
export function faultText(fault: ActiveFault): string {
  if (fault.kind === 'isolate') return `n${fault.node} isolated`;
  if (fault.kind === 'disk') return `n${fault.node} disk +${delayText(fault.delayMs)}`;
  return `n${fault.node} ${fault.bothWays ? '↔' : '→'} n${fault.to} ${effectText(fault)}`;
}

/** The same for ears: arrows are words. */
export function faultSpoken(fault: ActiveFault): string {
  if (fault.kind !== 'link') return faultText(fault);
  return fault.bothWays
    ? `n${fault.node} and n${fault.to}: ${effectText(fault)}`
    : `n${fault.node} to n${fault.to}: ${effectText(fault)}`;
}

/** "ends in 24 s", "until healed". */
export function endText(fault: ActiveFault, nowMs: number): string {
  if (fault.endsAtMs === null) return 'until healed';
  return `ends in ${formatSpan(Math.max(0, fault.endsAtMs - nowMs) + 999)}`;
}
