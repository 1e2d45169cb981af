import type { Command } from 'commander';
import type { KeyRevision } from '../../client/index.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import {
  addOptions,
  clusterOption,
  connectionOptions,
  endpointsOption,
  jsonOption,
  readModes,
  readOption,
  timeoutOption,
  wholeNumber,
  type ReadName,
} from '../options.ts';
import { jsonBytes, printable, printJson, printLine, table } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';

interface HistoryOptions extends DataOptions {
  readonly read: ReadName;
  readonly limit?: number;
}

export function addHistory(program: Command, context: CommandContext): void {
  const command = program
    .command('history')
    .description('Print what is still known of the revisions of a key, newest first.')
    .argument('<key>')
    .option('--limit <n>', 'revisions at most', wholeNumber(1, 1000))
    .addOption(readOption())
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((key: string, options: HistoryOptions) =>
    history(context, key, options),
  );
}

async function history(context: CommandContext, key: string, options: HistoryOptions): Promise<void> {
  const revisions = await withClient(context, options, (client) =>
    client.history(key, { limit: options.limit, readMode: readModes[options.read] }),
  );
  if (revisions.length === 0) throw new CommandError(`Nothing is known of a key "${key}".`);
  if (options.json === true) {
    printJson(context.io, revisions.map(toJson));
    return;
  }
  const rows = revisions.map(({ kind, revision, version, timeMs, value, valueSizeBytes }) => [
    String(revision),
    kind,
    kind === 'put' ? String(version) : '',
    new Date(timeMs).toISOString(),
    kind === 'put' ? (value === null ? `(${valueSizeBytes} bytes, not kept)` : printable(value)) : '',
  ]);
  printLine(context.io, table(['REVISION', 'CHANGE', 'VERSION', 'TIME', 'VALUE'], rows));
}

function toJson({ value, ...facts }: KeyRevision): object {
  return { ...facts, ...(value === null ? { value: null, valueBase64: null } : jsonBytes('value', value)) };
}
