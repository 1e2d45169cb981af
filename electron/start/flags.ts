import { parseArgs } from 'node:util';

export interface StartFlags {
  readonly demo: boolean;
  readonly browser: boolean;
  /** Null: the usual one, or any free one when that is taken. */
  readonly port: number | null;
  readonly host: string;
  readonly home: string | null;
  /** Of the browser host: the clusters it started go on after it. */
  readonly leaveRunning: boolean;
  readonly help: boolean;
}

export const HELP = `Opens PrkDB Desktop, or serves it to a browser where there is no window to be had.

    npm start -- [options]

    --demo         start, or resume, a 3-node, 8-partition cluster called demo
    --browser      serve to a browser even where a window could be opened
    --port N       the browser's port (default 7070, or a free one when that is taken)
    --host HOST    the address to listen on (default 127.0.0.1: this computer only)
    --home DIR     where clusters are kept (default: PRKDB_HOME, or PrkDB in your home)
    --leave-running
                   when serving to a browser: Ctrl-C leaves the clusters running
    --help         this text
`;

/** Throws an Error with a sentence for a flag that is not known or makes no sense. */
export function parseFlags(args: readonly string[]): StartFlags {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        demo: { type: 'boolean', default: false },
        browser: { type: 'boolean', default: false },
        port: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        home: { type: 'string' },
        'leave-running': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    // Node's message goes on about how to pass it as a positional, which is not accepted either.
    throw new Error((error as Error).message.split('. ')[0]!.replace(/\.$/, ''), { cause: error });
  }
  if (values.host === '') throw new Error('--host needs an address, such as 127.0.0.1');
  if (values.home === '') throw new Error('--home needs a directory');
  const { 'leave-running': leaveRunning, ...rest } = values;
  return { ...rest, leaveRunning, port: parsePort(values.port), home: values.home ?? null };
}

function parsePort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new Error(`--port needs a number from 0 to 65535, not "${text}"`);
  return port;
}
