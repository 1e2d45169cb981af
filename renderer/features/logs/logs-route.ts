import { logLevels, type LogLevel } from './log-line.ts';

/** What the address says of the logs screen, so that what one sees can be sent to somebody else. */
export interface LogsRoute {
  /** Null: the first one. */
  readonly node: number | null;
  /** This and above. */
  readonly level: LogLevel;
  readonly words: string;
  /** Whether new lines scroll into sight. */
  readonly follow: boolean;
}

export function readLogsRoute(params: URLSearchParams): LogsRoute {
  const node = Number(params.get('node') ?? Number.NaN);
  return {
    node: Number.isInteger(node) ? node : null,
    level: logLevels.find((level) => level === params.get('level')) ?? 'debug',
    words: params.get('search') ?? '',
    follow: params.get('follow') !== 'no',
  };
}

/** The address with this changed; what is usual is not written. */
export function writeLogsRoute(now: URLSearchParams, change: Partial<LogsRoute>): URLSearchParams {
  const { node, level, words, follow } = { ...readLogsRoute(now), ...change };
  const next = new URLSearchParams(now);
  const put = (name: string, value: string | null) => {
    if (value === null) next.delete(name);
    else next.set(name, value);
  };
  put('node', node === null ? null : String(node));
  put('level', level === 'debug' ? null : level);
  put('search', words === '' ? null : words);
  put('follow', follow ? null : 'no');
  return next;
}
