import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { SupervisorError } from './errors.ts';

const run = promisify(execFile);

/** Of Linux, in the flags of a process: include/linux/sched.h. */
const PF_EXITING = 0x4;

/** 'gone' also when the pid now belongs to a process that is not the one we started. */
export type ProcessState = 'running' | 'paused' | 'gone';

/** Asks the system what the process is, by its pid and the token on its command line. */
export async function processState(pid: number, token: string): Promise<ProcessState> {
  if (!Number.isInteger(pid) || pid <= 1 || token.length < 16) return 'gone';
  if (process.platform === 'linux') return linuxState(pid, token);
  // Where asking costs a process, the cheap question comes first.
  if (!exists(pid)) return 'gone';
  return process.platform === 'win32' ? windowsState(pid, token) : posixState(pid, token);
}

/**
 * Signals a process that we started, and no other. Returns false when it is gone;
 * rejects with notOurs when the system does not let us.
 */
export async function signalOurs(pid: number, token: string, signal: NodeJS.Signals): Promise<boolean> {
  if ((await processState(pid, token)) === 'gone') return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw new SupervisorError(
      'notOurs',
      `The system does not let this user signal process ${pid}.`,
      'Use the account that started the cluster.',
      { cause: error },
    );
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function linuxState(pid: number, token: string): Promise<ProcessState> {
  try {
    const [command, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The name in parentheses may hold anything; the state letter follows the last one.
    const [letter = '', , , , , , flags = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that is just ending has lost its command line, and still has its files and ports.
    const isEnding = command === '' && (Number(flags) & PF_EXITING) !== 0;
    return isEnding || carriesToken(command.split('\0'), token) ? stateOfLetter(letter) : 'gone';
  } catch {
    return 'gone';
  }
}

async function posixState(pid: number, token: string): Promise<ProcessState> {
  try {
    const { stdout } = await run('ps', ['-ww', '-o', 'state=,command=', '-p', String(pid)]);
    const line = stdout.trim();
    return carriesToken(line.split(/\s+/), token) ? stateOfLetter(line.charAt(0)) : 'gone';
  } catch {
    return 'gone';
  }
}

async function windowsState(pid: number, token: string): Promise<ProcessState> {
  const query = `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`;
  try {
    const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query]);
    return stdout.includes(token) ? 'running' : 'gone';
  } catch {
    return 'gone';
  }
}

/** As an argument of its own, or as the value of one: some launchers can only add `--name=value`. */
function carriesToken(args: readonly string[], token: string): boolean {
  return args.some((arg) => arg === token || arg.endsWith(`=${token}`));
}

function stateOfLetter(letter: string): ProcessState {
  if (letter === 'T' || letter === 't') return 'paused';
  return letter === 'Z' || letter === 'X' ? 'gone' : 'running';
}
