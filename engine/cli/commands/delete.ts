import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import {
  addOptions,
  connectionOptions,
  clusterOption,
  endpointsOption,
  jsonOption,
  revisionOption,
  timeoutOption,
} from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';

export function addDelete(program: Command, context: CommandContext): void {
  const command = program
    .command('delete')
    .description('Delete a key.')
    .argument('<key>')
    .addOption(revisionOption())
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action(
    async (key: string, options: DataOptions & { readonly revision?: number }) => {
      const { found, partition } = await withClient(context, options, (client) =>
        client.delete(key, { expectedRevision: options.revision }),
      );
      if (options.json === true) printJson(context.io, { key, found, partition });
      else if (found) printLine(context.io, 'deleted');
      if (!found) throw new CommandError(`There is no key "${key}".`);
    },
  );
}
