import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import {
  addOptions,
  connectionOptions,
  clusterOption,
  endpointsOption,
  jsonOption,
  readModes,
  readOption,
  timeoutOption,
  type ReadName,
} from '../options.ts';
import { jsonBytes, printJson } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';

interface GetOptions extends DataOptions {
  readonly read: ReadName;
}

export function addGet(program: Command, context: CommandContext): void {
  const command = program
    .command('get')
    .description('Print the value of a key, byte for byte.')
    .argument('<key>')
    .addOption(readOption())
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((key: string, options: GetOptions) => get(context, key, options));
}

async function get(context: CommandContext, key: string, options: GetOptions): Promise<void> {
  const { io } = context;
  const entry = await withClient(context, options, (client) => client.get(key, { readMode: readModes[options.read] }));
  if (entry === null) throw new CommandError(`There is no key "${key}".`);
  if (options.json === true) {
    const { partition, revision, version, createdAtMs, updatedAtMs, expiresAtMs, stalenessMs } = entry;
    const facts = { partition, revision, version, createdAtMs, updatedAtMs, expiresAtMs, stalenessMs };
    printJson(io, { key, ...jsonBytes('value', entry.value), ...facts });
    return;
  }
  io.stdout.write(entry.value);
  // For people only: a pipe gets the value and nothing else.
  if (io.stdout.isTTY === true) io.stdout.write('\n');
}
