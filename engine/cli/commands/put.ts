import type { Command } from 'commander';
import { MAX_VALUE_BYTES } from '../../config/limits.ts';
import type { CommandContext } from '../context.ts';
import {
  addOptions,
  connectionOptions,
  clusterOption,
  endpointsOption,
  jsonOption,
  timeoutOption,
} from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';

export function addPut(program: Command, context: CommandContext): void {
  const command = program
    .command('put')
    .description('Write a key.')
    .argument('<key>')
    .argument('<value>', '- reads it from standard input')
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((key: string, value: string, options: DataOptions) =>
    put(context, key, value, options),
  );
}

async function put(context: CommandContext, key: string, value: string, options: DataOptions): Promise<void> {
  const bytes = value === '-' ? await readAll(context.io.stdin) : value;
  const meta = await withClient(context, options, (client) => client.put(key, bytes));
  const { partition, revision, version } = meta;
  if (options.json === true) printJson(context.io, { key, partition, revision, version });
  else printLine(context.io, `written: revision ${revision} of partition ${partition}`);
}

/** Stops soon after what no value may exceed; the client says so. */
async function readAll(stdin: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size > MAX_VALUE_BYTES) break;
  }
  return Buffer.concat(chunks);
}
