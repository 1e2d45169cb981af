const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1108412 → "1,108,412". */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/** Bytes in the unit that leaves at most three digits: "92 MB", "1.4 GB". */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? 'TB'}`;
}

/** The same, and a dash for what is not known. */
export function formatBytesOrDash(sizeBytes: number | null): string {
  return sizeBytes === null ? '–' : formatBytes(sizeBytes);
}

/** "0.4 ms", "12 ms", "1.18 s". */
export function formatMs(durationMs: number): string {
  if (durationMs < 10) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 1000) return `${durationMs.toFixed(0)} ms`;
  return `${(durationMs / 1000).toFixed(2)} s`;
}

/** A span in at most two units: "8 s", "14 m 3 s", "2 h 14 m", "3 d 4 h". */
export function formatSpan(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} m ${String(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${String(hours)} h ${String(minutes % 60)} m`;
  return `${String(Math.floor(hours / 24))} d ${String(hours % 24)} h`;
}

/** How long ago, in one unit: "4 s ago", "2 min ago", "2 d ago". */
export function formatAgo(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  if (seconds < 60) return `${String(seconds)} s ago`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h ago`;
  return `${String(Math.floor(seconds / 86_400))} d ago`;
}

/** Local wall-clock time with milliseconds: "12:04:31.220". */
export function formatTime(timeMs: number): string {
  const date = new Date(timeMs);
  return `${formatClock(timeMs)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Local wall-clock time: "12:04:31". */
export function formatClock(timeMs: number): string {
  const date = new Date(timeMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** "n1", "n1 and n2", "n1, n2 and n3". */
export function formatList(items: readonly string[], word = 'and'): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1) ?? ''}`;
}

/** 1 → "1 node", 3 → "3 nodes". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
