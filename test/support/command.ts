import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../engine/cli/run.ts';

const main = fileURLToPath(new URL('../../engine/cli/main.ts', import.meta.url));

export interface CommandResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly text: string;
  readonly stderr: string;
}

/** Starts `prkdb` as a process of its own; the caller ends it. */
export function startCommand(home: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { env: { ...process.env, PRKDB_HOME: home }, stdio: 'pipe' });
}

function sink(): { stream: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

/** Runs a command line to its end in this process: all of `prkdb` but its first line. */
export async function runCommand(
  home: string,
  args: readonly string[],
  input: Uint8Array | string = '',
): Promise<CommandResult> {
  const out = sink();
  const errors = sink();
  const code = await runCli(args, {
    stdin: Readable.from([Buffer.from(input)]),
    stdout: out.stream,
    stderr: errors.stream,
    env: { PRKDB_HOME: home },
  });
  return { code, stdout: out.bytes(), text: out.bytes().toString(), stderr: errors.bytes().toString() };
}

/** Whether a process of ours still runs; one that ended and was not yet collected does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    // Without /proc the signal has said all there is.
    return process.platform !== 'linux';
  }
}
