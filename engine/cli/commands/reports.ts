import type { Command } from 'commander';
import { compareReports, storyOf, type Comparison, type DrillReport, type ReportStore } from '../../drill/index.ts';
import { jsonOption } from '../options.ts';
import type { CommandContext, CommandIo } from '../context.ts';
import { note, printJson, printLine, table } from '../output.ts';

interface ReportsOptions {
  readonly compare?: string;
  readonly json?: boolean;
}

export function addReports(program: Command, context: CommandContext): void {
  program
    .command('reports')
    .summary('list the reports of drills, show one, or compare two')
    .description('List the reports of drills, newest first, of the command and of the app. With an id, show that one.')
    .argument('[id]', 'id of a report')
    .option('--compare <id>', 'show it beside this other report')
    .addOption(jsonOption())
    .action((id: string | undefined, options: ReportsOptions) => reports(context, id, options));
}

async function reports(context: CommandContext, id: string | undefined, options: ReportsOptions): Promise<void> {
  const { io } = context;
  const store = context.reports();
  if (id === undefined) {
    await list(io, store, options);
    return;
  }
  const report = await store.get(id);
  if (options.compare === undefined) {
    if (options.json === true) printJson(io, report);
    else printStory(io, report);
    return;
  }
  const rows = compareReports(await store.get(options.compare), report);
  if (options.json === true) printJson(io, { first: options.compare, second: id, rows });
  else printLine(io, table(['MEASURE', options.compare, id, 'CHANGE'], rows.map(toRow)));
}

async function list(io: CommandIo, store: ReportStore, options: ReportsOptions): Promise<void> {
  const all = await store.list();
  if (options.json === true) {
    printJson(io, all);
    return;
  }
  if (all.length === 0) {
    note(io, 'There is no report yet. Run a drill with: prkdb drill NAME');
    return;
  }
  const rows = all.map(({ id, cluster, fault, verdict, timings, consistency }) => [
    id,
    cluster.name,
    fault.title,
    verdict.passed ? 'passed' : 'FAILED',
    valueWords(timings.unavailableMs, 'ms'),
    String(consistency.acknowledgedWritesLost),
  ]);
  printLine(io, table(['ID', 'CLUSTER', 'DRILL', 'VERDICT', 'UNAVAILABLE', 'LOST'], rows));
}

/** What a drill did and what came of it, a sentence a line. */
export function printStory(io: CommandIo, report: DrillReport): void {
  const { cluster, fault, verdict } = report;
  printLine(io, `Drill on ${cluster.name}: ${fault.title}. ${verdict.passed ? 'PASSED' : 'FAILED'}`);
  for (const line of storyOf(report)) printLine(io, `  ${line}`);
  for (const reason of verdict.reasons) printLine(io, `  ${reason}`);
}

function toRow({ measure, first, second, unit, change }: Comparison): string[] {
  return [measure, valueWords(first, unit), valueWords(second, unit), change ?? '-'];
}

function valueWords(value: number | null, unit: Comparison['unit']): string {
  if (value === null) return 'not known';
  const rounded = String(Math.round(value));
  if (unit === 'ms') return `${rounded} ms`;
  return unit === 'count' ? rounded : `${rounded}/s`;
}
