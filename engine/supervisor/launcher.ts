import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SupervisorError } from './errors.ts';
import type { LaunchedNode, LaunchOptions, NodeLauncher } from './types.ts';

export interface ChildProcessOptions {
  /** Default: the Node that runs this. */
  readonly execPath?: string;
  /** Default: engine/node.ts. */
  readonly entry?: string;
}

/**
 * Young objects of a node get so many MiB and not the 16 of V8: it keeps little for long, and an
 * idle node is some 8 MB smaller.
 */
const V8_OPTIONS = ['--max-semi-space-size=8'];

/** The arguments of a node process; the token among them is what it is recognised by. */
export function nodeArguments(options: LaunchOptions): string[] {
  const leash = options.leash === null ? [] : ['--leash', options.leash];
  return ['--config', options.configFile, '--token', options.token, ...leash];
}

/** Node processes as children that outlive this process if nothing stops them: the leash does, where there is one. */
export function childProcessLauncher(options: ChildProcessOptions = {}): NodeLauncher {
  const execPath = options.execPath ?? process.execPath;
  const entry = options.entry ?? fileURLToPath(new URL('../node.ts', import.meta.url));
  return {
    launch: (launch) => spawnNode(execPath, entry, launch),
  };
}

async function spawnNode(execPath: string, entry: string, options: LaunchOptions): Promise<LaunchedNode> {
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    // A session of its own: Ctrl-C in a terminal reaches the owner alone, which stops its nodes in order.
    const child = spawn(execPath, [...V8_OPTIONS, entry, ...nodeArguments(options)], {
      detached: true,
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
    const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { pid: child.pid!, exited };
  } catch (error) {
    throw new SupervisorError(
      'launchFailed',
      `A node process could not be started: ${(error as Error).message}.`,
      `Check that ${execPath} can be run.`,
      { cause: error },
    );
  } finally {
    closeSync(log);
  }
}
