import type { Command } from 'commander';
import { isUp, type CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

export function addRename(program: Command, context: CommandContext): void {
  program
    .command('rename')
    .description('Give a cluster that is stopped another name. Its data, ports and certificates stay.')
    .argument('<name>', 'name of the cluster')
    .argument('<new-name>', 'its new name')
    .addOption(jsonOption())
    .action((name: string, newName: string, options: { readonly json?: boolean }) =>
      rename(context, name, newName, options.json === true),
    );
}

async function rename(context: CommandContext, name: string, newName: string, json: boolean): Promise<void> {
  const supervisor = await context.supervisor();
  if (isUp(await supervisor.get(name))) {
    throw new CommandError(`${name} is running.`, `Stop it first, with: prkdb down ${name}`);
  }
  await supervisor.rename(name, newName);
  if (json) printJson(context.io, { name: newName, was: name });
  else printLine(context.io, `${name} is called ${newName} now.`);
}
