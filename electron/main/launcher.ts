import { createWriteStream } from 'node:fs';
import { constants } from 'node:os';
import { utilityProcess } from 'electron';
import { nodeArguments, SupervisorError } from '../../engine/supervisor/index.ts';
import type { LaunchedNode, LaunchOptions, NodeLauncher } from '../../engine/supervisor/types.ts';

const SPAWN_TIMEOUT_MS = 15_000;
/** What a node needs of this process's environment; nothing else is passed on. */
const ENVIRONMENT = ['HOME', 'PATH', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LC_ALL', 'TZ', 'SYSTEMROOT', 'USERPROFILE'];

/**
 * Node processes as utility processes of Electron, since the packaged application
 * cannot run as plain Node. May be used once the app is ready.
 */
export function utilityProcessLauncher(entry: string): NodeLauncher {
  return { launch: (options) => launch(entry, options) };
}

function launch(entry: string, options: LaunchOptions): Promise<LaunchedNode> {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const child = utilityProcess.fork(entry, nodeArguments(options), {
    serviceName: 'PrkDB node',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: explicitEnvironment(),
    // Arguments do not reach the system's command line here, and by that the process is recognised as ours.
    execArgv: [`--prkdb-node-token=${options.token}`],
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code) => {
      log.end();
      resolve(exitOf(code));
    });
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new SupervisorError('launchFailed', `A node process could not be started: ${why}.`, 'Try again.'));
    };
    const timer = setTimeout(() => {
      child.kill();
      fail('the system did not start it in time');
    }, SPAWN_TIMEOUT_MS);
    log.on('error', (error) => fail(`its log cannot be written: ${error.message}`));
    child.once('spawn', () => {
      clearTimeout(timer);
      if (child.pid === undefined) fail('it ended at once');
      else resolve({ pid: child.pid, exited });
    });
    void exited.then(({ code, signal }) => fail(`it ended at once (${signal ?? `code ${code}`})`));
  });
}

function explicitEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ENVIRONMENT) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** A node exits with 0 or 1 by itself. On POSIX Electron reports the signal that ended a process as its code. */
function exitOf(code: number): { code: number | null; signal: string | null } {
  if (process.platform === 'win32' || code <= 1) return { code, signal: null };
  const signal = Object.entries(constants.signals).find(([, number]) => number === code)?.[0];
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}
