import type { Command } from 'commander';
import { PrkDbClient, WatchCompactedError, type WatchEvent } from '../../client/index.ts';
import { connectionTarget, type CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { withInterrupt } from '../interrupted.ts';
import {
  addOptions,
  clusterOption,
  connectionOptions,
  endpointsOption,
  jsonOption,
  timeoutOption,
  wholeNumber,
} from '../options.ts';
import { jsonBytes, note, printable, printLine } from '../output.ts';
import type { DataOptions } from './data.ts';

interface WatchOptions extends DataOptions {
  readonly from: string;
  readonly count?: number;
}

export function addWatch(program: Command, context: CommandContext): void {
  const command = program
    .command('watch')
    .description('Print every change of the keys with a prefix, until Ctrl-C.')
    .argument('[prefix]', 'only keys that begin with it', '')
    .option('--from <position>', 'go on where an earlier watch ended', 'now')
    .option('--count <n>', 'end after so many changes', wholeNumber(1, 1_000_000_000))
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((prefix: string, options: WatchOptions) =>
    watch(context, prefix, options),
  );
}

async function watch(context: CommandContext, prefix: string, options: WatchOptions): Promise<void> {
  const { endpoints, connection } = await connectionTarget(context, options);
  const client = await PrkDbClient.connect(endpoints, { ...connection, connectTimeoutMs: options.timeout });
  try {
    await withInterrupt(async (signal) => {
      const watcher = client.watch(prefix, { from: options.from });
      signal.addEventListener('abort', () => watcher.close());
      let count = 0;
      for await (const event of watcher) {
        printLine(context.io, options.json === true ? JSON.stringify(toJson(event)) : lineOf(event));
        if (++count === options.count) break;
      }
      if (watcher.position !== '') note(context.io, `Go on with: --from ${watcher.position}`);
    });
  } catch (error) {
    if (!(error instanceof WatchCompactedError)) throw error;
    throw new CommandError(error.message, `Scan, then watch with: --from ${error.position}`);
  } finally {
    client.close();
  }
}

function lineOf({ kind, key, value, partition, revision }: WatchEvent): string {
  const what = kind === 'put' ? `${printable(key)}\t${printable(value)}` : printable(key);
  return `${partition}:${revision}\t${kind}\t${what}`;
}

/** One line of JSON for each change. */
function toJson({ key, value, ...facts }: WatchEvent): object {
  const { kind } = facts;
  return { ...jsonBytes('key', key), ...(kind === 'put' ? jsonBytes('value', value) : {}), ...facts };
}
