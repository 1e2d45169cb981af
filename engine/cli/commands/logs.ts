import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { nodeIdOf, type CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { wholeNumber } from '../options.ts';

interface LogsOptions {
  readonly follow?: boolean;
  readonly lines: number;
}

const FOLLOW_POLL_MS = 200;
const CHUNK_BYTES = 256 * 1024;

export function addLogs(program: Command, context: CommandContext): void {
  program
    .command('logs')
    .description('Show the log of a node.')
    .argument('<name>', 'name of the cluster')
    .argument('<node>', 'n1 or 1')
    .option('--follow', 'go on with what is written, until Ctrl-C')
    .option('--lines <n>', 'how many of the last lines', wholeNumber(0, 1_000_000), 200)
    .action((name: string, node: string, options: LogsOptions) => logs(context, name, nodeIdOf(node), options));
}

async function logs(context: CommandContext, name: string, nodeId: number, options: LogsOptions): Promise<void> {
  const file = await (await context.supervisor()).logFile(name, nodeId);
  const size = await sizeOf(file);
  if (size === null && options.follow !== true) {
    throw new CommandError(
      `Node n${nodeId} of ${name} has no log: it was never started.`,
      `Start it with: prkdb up ${name}`,
    );
  }
  let at = await startOfLastLines(file, size ?? 0, options.lines);
  at = await copy(context, file, at);
  while (options.follow === true) {
    await sleep(FOLLOW_POLL_MS);
    const now = (await sizeOf(file)) ?? 0;
    // Shorter than before: the log was begun anew.
    at = await copy(context, file, now < at ? 0 : at);
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The offset from which on there are so many lines. */
async function startOfLastLines(file: string, size: number, lines: number): Promise<number> {
  if (size === 0) return 0;
  const handle = await open(file, 'r');
  try {
    let end = size;
    // The newest line's own end does not count.
    let missing = lines + 1;
    while (end > 0) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const { buffer } = await handle.read(Buffer.alloc(end - start), 0, null, start);
      for (let i = buffer.length - 1; i >= 0; i--) {
        if (buffer[i] === 0x0a && --missing === 0) return start + i + 1;
      }
      end = start;
    }
    return 0;
  } finally {
    await handle.close();
  }
}

/** Prints from `from` to the end; returns where the end was. */
async function copy(context: CommandContext, file: string, from: number): Promise<number> {
  const size = await sizeOf(file);
  if (size === null || size <= from) return from;
  const handle = await open(file, 'r');
  try {
    let at = from;
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, null, at);
      if (bytesRead === 0) return at;
      context.io.stdout.write(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
