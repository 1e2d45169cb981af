import type { Command } from 'commander';
import { MAX_SCAN_LIMIT } from '../../config/limits.ts';
import type { Entry } from '../../client/index.ts';
import type { CommandContext } from '../context.ts';
import {
  addOptions,
  connectionOptions,
  clusterOption,
  endpointsOption,
  jsonOption,
  readModes,
  readOption,
  timeoutOption,
  wholeNumber,
  type ReadName,
} from '../options.ts';
import { jsonBytes, note, printable, printJson, printLine } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';

interface ScanOptions extends DataOptions {
  readonly read: ReadName;
  readonly limit: number;
  readonly cursor?: string;
  readonly keysOnly?: boolean;
}

export function addScan(program: Command, context: CommandContext): void {
  const command = program
    .command('scan')
    .description('List keys in order, one page at a time.')
    .argument('[prefix]', 'only keys that begin with it', '')
    .option('--limit <n>', 'keys on a page', wholeNumber(1, MAX_SCAN_LIMIT), 100)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .option('--keys-only', 'leave the values out')
    .addOption(readOption())
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((prefix: string, options: ScanOptions) =>
    scan(context, prefix, options),
  );
}

async function scan(context: CommandContext, prefix: string, options: ScanOptions): Promise<void> {
  const { limit, cursor = null, keysOnly = false } = options;
  const page = await withClient(context, options, (client) =>
    client.scan({ prefix, limit, cursor, keysOnly, readMode: readModes[options.read] }),
  );
  if (options.json === true) {
    printJson(context.io, { entries: page.entries.map((entry) => toJson(entry, keysOnly)), cursor: page.cursor });
    return;
  }
  for (const entry of page.entries) {
    const key = printable(entry.key);
    printLine(context.io, keysOnly ? key : `${key}\t${printable(entry.value)}`);
  }
  if (page.cursor !== null) note(context.io, `There is more; go on with: --cursor ${page.cursor}`);
}

function toJson(entry: Entry, keysOnly: boolean): object {
  const { partition, revision, version, createdAtMs, updatedAtMs, valueSizeBytes } = entry;
  return {
    ...jsonBytes('key', entry.key),
    ...(keysOnly ? {} : jsonBytes('value', entry.value)),
    partition,
    revision,
    version,
    createdAtMs,
    updatedAtMs,
    valueSizeBytes,
  };
}
