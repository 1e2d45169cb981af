import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Diagnosis } from '../../node/doctor.ts';
import { SupervisorError } from '../../supervisor/index.ts';
import { isUp, type CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .summary('check the data of nodes that do not run')
    .description(
      'Check the data directory of a node, or those of all nodes of a stopped local cluster: whose it is, its format, every checksum, and that log and keys belong together. Changes nothing. Exit code 1 when something is wrong.',
    )
    .argument('<where>', 'a data directory, or the name of a cluster')
    .addOption(jsonOption())
    .action((where: string, options: { readonly json?: boolean }) => doctor(context, where, options));
}

async function doctor(context: CommandContext, where: string, options: { readonly json?: boolean }): Promise<void> {
  // Only this command and a node itself need storage; the others start without loading it.
  const { diagnose, DoctorError } = await import('../../node/doctor.ts');
  const directories = await directoriesOf(context, where);
  let diagnoses: Diagnosis[];
  try {
    diagnoses = directories.map(diagnose);
  } catch (error) {
    if (error instanceof DoctorError) throw new CommandError(error.message);
    throw error;
  }
  if (options.json === true) printJson(context.io, diagnoses);
  else for (const diagnosis of diagnoses) print(context, diagnosis);
  const problems = diagnoses.flatMap(({ findings }) => findings.filter(({ severity }) => severity === 'problem'));
  if (problems.length === 0) return;
  throw new CommandError(
    problems.length === 1
      ? 'One thing is wrong, as said above.'
      : `${problems.length} things are wrong, as said above.`,
    'Keep a copy of the data directory before you change anything.',
  );
}

/** A name is meant where there is such a cluster and no such directory. */
async function directoriesOf(context: CommandContext, where: string): Promise<string[]> {
  const supervisor = await context.supervisor();
  if (!existsSync(where) && !where.includes(path.sep)) {
    const cluster = await supervisor.get(where);
    const { name, dataDir, members } = cluster.record;
    if (isUp(cluster)) {
      throw new SupervisorError(
        'running',
        `The cluster ${name} is running: its data cannot be looked at while it changes.`,
        `Stop it first, with: prkdb down ${name}`,
      );
    }
    return members.map(({ id }) => path.join(dataDir, `n${id}`)).filter((directory) => existsSync(directory));
  }
  return [path.resolve(where)];
}

const MARKS = { good: 'ok     ', notice: 'notice ', problem: 'WRONG  ' } as const;

function print({ io }: CommandContext, { dataDir, findings }: Diagnosis): void {
  printLine(io, dataDir);
  for (const { severity, what, message } of findings) printLine(io, `  ${MARKS[severity]} ${what}: ${message}`);
}
