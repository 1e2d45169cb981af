import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { isUp, type CommandContext } from '../context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

interface RmOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addRm(program: Command, context: CommandContext): void {
  program
    .command('rm')
    .description('Delete a cluster with all its data, after asking. Stops it first.')
    .argument('<name>', 'name of the cluster')
    .option('--yes', 'do not ask')
    .addOption(jsonOption())
    .action((name: string, options: RmOptions) => rm(context, name, options));
}

async function rm(context: CommandContext, name: string, options: RmOptions): Promise<void> {
  const supervisor = await context.supervisor();
  const cluster = await supervisor.get(name);
  if (options.yes !== true) {
    const { stdin, stderr } = context.io;
    if (stdin.isTTY !== true) throw new UsageError('Deleting needs an answer, and there is no terminal. Add --yes.');
    const questions = createInterface({ input: stdin, output: stderr });
    const answer = await questions.question(`Delete ${name} and all its data in ${cluster.record.dataDir}? [y/N] `);
    questions.close();
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError(`${name} was not deleted.`);
  }
  if (isUp(cluster)) await supervisor.stop(name);
  await supervisor.remove(name);
  if (options.json === true) printJson(context.io, { name, state: 'deleted' });
  else printLine(context.io, `${name} is deleted.`);
}
