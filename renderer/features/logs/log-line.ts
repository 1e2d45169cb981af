export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** One line of a node's log. Lines that are not the logger's own (a crash's last words) come as plain text. */
export interface LogLine {
  readonly level: LogLevel | null;
  readonly timeMs: number | null;
  readonly message: string;
  /** What else the line says, as `name=value`. */
  readonly details: string;
}

/** Fields that say the same on every line of a file. */
const repeated = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'node', 'nodeId', 'cluster']);

export function parseLogLine(line: string): LogLine {
  const record = parseRecord(line);
  if (record === null || typeof record['msg'] !== 'string') {
    return { level: null, timeMs: null, message: line, details: '' };
  }
  const details = Object.entries(record)
    .filter(([name, value]) => !repeated.has(name) && value !== record['msg'])
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return {
    level: levelOf(record['level']),
    timeMs: timeOf(record['time']),
    message: record['msg'],
    details: details.join(' '),
  };
}

function parseRecord(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Pino's numbers (10 trace to 60 fatal), or the word itself. */
function levelOf(level: unknown): LogLevel | null {
  if (typeof level === 'string') return logLevels.find((known) => known === level) ?? null;
  if (typeof level !== 'number') return null;
  if (level >= 50) return 'error';
  if (level >= 40) return 'warn';
  return level >= 30 ? 'info' : 'debug';
}

function timeOf(time: unknown): number | null {
  const timeMs = typeof time === 'string' ? Date.parse(time) : time;
  return typeof timeMs === 'number' && Number.isFinite(timeMs) ? timeMs : null;
}

/** Lines at or above a level that have the words. Lines without a level are never hidden by level. */
export function matchesLog(line: LogLine, atLeast: LogLevel, words: string): boolean {
  if (line.level !== null && logLevels.indexOf(line.level) < logLevels.indexOf(atLeast)) return false;
  return words === '' || `${line.message} ${line.details}`.toLowerCase().includes(words.toLowerCase());
}
