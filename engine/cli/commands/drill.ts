import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { DrillError, reportMarkdown, runDrill, SCENARIOS, scenarioWords } from '../../drill/index.ts';
import type { DrillReport, Scenario } from '../../drill/index.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { withInterrupt } from '../interrupted.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { note, printJson } from '../output.ts';
import { printStory } from './reports.ts';

interface DrillCommandOptions {
  readonly scenario: Scenario;
  readonly clients?: number;
  readonly reads?: number;
  readonly keys?: number;
  readonly seconds?: number;
  readonly json?: boolean;
  readonly out?: string;
}

export function addDrill(program: Command, context: CommandContext): void {
  const scenarios = SCENARIOS.map((name) => `  ${name.padEnd(16)} ${scenarioWords[name]}`).join('\n');
  program
    .command('drill')
    .summary('break a cluster under load, heal it, and report what that cost')
    .description(
      'Run load against a running local cluster, do a fault, heal it, and check that no acknowledged write is lost and ' +
        `the history is linearizable. Exits with 1 when the drill fails. The report is kept.\n\nScenarios:\n${scenarios}`,
    )
    .argument('<name>', 'name of the cluster')
    .addOption(
      new Option('--scenario <scenario>', 'what to do to the cluster').choices(SCENARIOS).default(SCENARIOS[0]),
    )
    .option('--clients <n>', 'clients, at least one for each partition', wholeNumber(1, 1024))
    .option('--reads <percent>', 'share of linearizable reads (default 50)', wholeNumber(0, 100))
    .option('--keys <n>', 'distinct keys', wholeNumber(1, 100_000))
    .option('--seconds <n>', 'how long the fault lasts (default 5)', wholeNumber(1, 120))
    .option('--out <file>', 'also write the report as Markdown')
    .addOption(jsonOption())
    .action((name: string, options: DrillCommandOptions) => drill(context, name, options));
}

async function drill(context: CommandContext, name: string, options: DrillCommandOptions): Promise<void> {
  const { io } = context;
  const supervisor = await context.supervisor();
  let told = '';
  const report = await withInterrupt((signal) =>
    runDrill(supervisor, name, {
      scenario: options.scenario,
      ...(options.clients === undefined ? {} : { clients: options.clients }),
      ...(options.reads === undefined ? {} : { readPercent: options.reads }),
      ...(options.keys === undefined ? {} : { keyCount: options.keys }),
      ...(options.seconds === undefined ? {} : { faultSeconds: options.seconds }),
      signal,
      onProgress: ({ text }) => {
        if (text !== told && options.json !== true) note(io, text);
        told = text;
      },
    }),
  );
  await context.reports().save(report);
  if (options.out !== undefined) await writeMarkdown(options.out, report);
  if (options.json === true) printJson(io, report);
  else printStory(io, report);
  if (!report.verdict.passed) {
    throw new CommandError(
      `The drill failed: ${report.verdict.reasons.join(' ')}`,
      `See its report with: prkdb reports ${report.id}`,
    );
  }
}

async function writeMarkdown(file: string, report: DrillReport): Promise<void> {
  try {
    await writeFile(file, reportMarkdown(report));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DrillError('storage', `The report could not be written: ${why}.`, `It is kept as ${report.id}.`, {
      cause: error,
    });
  }
}
