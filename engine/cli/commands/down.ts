import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

export function addDown(program: Command, context: CommandContext): void {
  program
    .command('down')
    .description('Stop a cluster. Its data stays.')
    .argument('<name>', 'name of the cluster')
    .addOption(jsonOption())
    .action(async (name: string, options: { readonly json?: boolean }) => {
      await (await context.supervisor()).stop(name);
      if (options.json === true) printJson(context.io, { name, state: 'stopped' });
      else printLine(context.io, `${name} is stopped. Its data stays; start it again with: prkdb up ${name}`);
    });
}
