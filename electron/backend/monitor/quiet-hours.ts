import type { MonitorSettings } from '../../contract/monitor.ts';

/** Whether nobody wants to hear anything at this local time. From a later minute than to goes over midnight. */
export function isQuiet({ isOn, fromMinute, toMinute }: MonitorSettings['quietHours'], nowMs: number): boolean {
  if (!isOn || fromMinute === toMinute) return false;
  const date = new Date(nowMs);
  const minute = date.getHours() * 60 + date.getMinutes();
  return fromMinute < toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}
