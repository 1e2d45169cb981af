import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

interface ImportOptions {
  readonly name?: string;
  readonly json?: boolean;
}

export function addImport(program: Command, context: CommandContext): void {
  program
    .command('import')
    .description('Take in a cluster whose folder is elsewhere, such as in another home. Its data stays there.')
    .argument('<folder>', 'folder of the cluster, which holds cluster.json')
    .option('--name <name>', 'name it gets here, if not its own')
    .addOption(jsonOption())
    .action((folder: string, options: ImportOptions) => importCluster(context, folder, options));
}

async function importCluster(context: CommandContext, folder: string, options: ImportOptions): Promise<void> {
  const supervisor = await context.supervisor();
  const { record } = await supervisor.adopt(folder, options.name);
  if (options.json === true) printJson(context.io, { name: record.name, dataDir: record.dataDir });
  else printLine(context.io, `${record.name} is here now. Its data stays in ${record.dataDir}.`);
}
