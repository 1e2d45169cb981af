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
  readonly all?: boolean;
}

export function addScan(program: Command, context: CommandContext): void {
  const command = program
    .command('scan')
    .description('List keys in order, one page at a time or all of them.')
    .argument('[prefix]', 'only keys that begin with it', '')
    .option('--limit <n>', 'keys on a page', wholeNumber(1, MAX_SCAN_LIMIT), 100)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .option('--keys-only', 'leave the values out')
    .option('--all', 'every page; --limit is then what is asked for at a time')
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
  const { limit, keysOnly = false } = options;
  const readMode = readModes[options.read];
  await withClient(context, options, async (client) => {
    const collected: Entry[] = [];
    let cursor = options.cursor ?? null;
    do {
      const page = await client.scan({ prefix, limit, cursor, keysOnly, readMode });
      cursor = page.cursor;
      if (options.json === true) collected.push(...page.entries);
      else for (const entry of page.entries) printLine(context.io, lineOf(entry, keysOnly));
    } while (options.all === true && cursor !== null);
    if (options.json === true) {
      printJson(context.io, { entries: collected.map((entry) => toJson(entry, keysOnly)), cursor });
    } else if (cursor !== null) note(context.io, `There is more; go on with: --cursor ${cursor}`);
  });
}

function lineOf({ key, value }: Entry, keysOnly: boolean): string {
  return keysOnly ? printable(key) : `${printable(key)}\t${printable(value)}`;
}

function toJson(entry: Entry, keysOnly: boolean): object {
  const { partition, revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs } = entry;
  return {
    ...jsonBytes('key', entry.key),
    ...(keysOnly ? {} : jsonBytes('value', entry.value)),
    partition,
    revision,
    version,
    createdAtMs,
    updatedAtMs,
    valueSizeBytes,
    expiresAtMs,
  };
}
