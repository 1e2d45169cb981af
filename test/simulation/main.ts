import { parseArgs } from 'node:util';
import { failureReport } from './report.ts';
import { simulate } from './simulation.ts';

const USAGE = `Usage: npm run simulate -- [options]

  --seed N         the first seed (a fresh one when not given)
  --steps M        steps under faults for each seed (30000)
  --nodes N        nodes, 1 to 9, instead of what the seed chooses
  --groups G       groups besides the system group, 1 to 16, instead of what the seed chooses
  --until-failure  goes on with the next seeds until one fails
  --minutes T      goes on with the next seeds for this long, past failures too unless --until-failure
  --cpu-seconds S  as --minutes, but of this process's own time, however busy the machine is
  --json           one line of JSON for each failure and one at the end
`;

interface Arguments {
  readonly seed: number;
  readonly steps: number;
  readonly nodes: number | undefined;
  readonly groups: number | undefined;
  readonly untilFailure: boolean;
  readonly limitMs: number | undefined;
  readonly cpuLimitMs: number | undefined;
  readonly json: boolean;
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}

function integer(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

function milliseconds(name: string, text: string | undefined, unitMs: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new UsageError(`--${name} must be a number above 0, not "${text}"`);
  return value * unitMs;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function readArguments(): Arguments {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        seed: { type: 'string' },
        steps: { type: 'string' },
        nodes: { type: 'string' },
        groups: { type: 'string' },
        'until-failure': { type: 'boolean', default: false },
        minutes: { type: 'string' },
        'cpu-seconds': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return {
    seed: integer('seed', values.seed, 0, Number.MAX_SAFE_INTEGER) ?? Math.floor(Math.random() * 2 ** 32),
    steps: integer('steps', values.steps, 1, 1_000_000_000) ?? 30_000,
    nodes: integer('nodes', values.nodes, 1, 9),
    groups: integer('groups', values.groups, 1, 16),
    untilFailure: values['until-failure'],
    limitMs: milliseconds('minutes', values.minutes, 60_000),
    cpuLimitMs: milliseconds('cpu-seconds', values['cpu-seconds'], 1000),
    json: values.json,
  };
}

class Totals {
  readonly #startedMs = performance.now();
  seeds = 0;
  steps = 0;
  operations = 0;
  faults = 0;
  elections = 0;
  committed = 0;
  failures = 0;
  undecided = 0;
  slowestHeal = 0;

  get elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }

  words(): string {
    const seconds = this.elapsedMs / 1000;
    return (
      `${this.seeds} seeds, ${this.steps} steps in ${seconds.toFixed(1)} s (${Math.round(this.steps / seconds)} steps/s), ` +
      `${this.faults} faults, ${this.elections} elections, ${this.committed} entries committed, ` +
      `${this.operations} client operations checked, healed within ${Math.round(100 * this.slowestHeal)} % of the limit` +
      (this.undecided === 0 ? '; ' : `, ${this.undecided} histories too tangled to decide; `) +
      (this.failures === 0 ? 'no violation' : `${this.failures} violations`)
    );
  }
}

function main(): number {
  const args = readArguments();
  const totals = new Totals();
  const { limitMs = Infinity, cpuLimitMs = Infinity } = args;
  const many = args.untilFailure || limitMs < Infinity || cpuLimitMs < Infinity;
  if (!args.json) console.log(`first seed ${args.seed}`);
  let nextReportMs = 10_000;
  for (let seed = args.seed; ; seed++) {
    const options = { seed, steps: args.steps, nodes: args.nodes, groups: args.groups };
    const outcome = simulate(options);
    totals.seeds++;
    totals.steps += outcome.steps;
    totals.operations += outcome.operations;
    totals.faults += outcome.faults;
    totals.elections += outcome.elections;
    totals.committed += outcome.committed;
    totals.slowestHeal = Math.max(totals.slowestHeal, outcome.healedWithin);
    if (outcome.undecided) totals.undecided++;
    const { violation } = outcome;
    if (violation !== null) {
      totals.failures++;
      const { invariant, message } = violation;
      console.log(
        args.json
          ? JSON.stringify({ seed, step: outcome.steps, invariant, message, cpuMs: cpuMs() })
          : failureReport(outcome, options),
      );
    } else if (!many && !args.json) {
      console.log(`seed ${seed}: ${outcome.plan.nodes} nodes, trace ${outcome.traceHash}`);
    }
    if (!many || (violation !== null && args.untilFailure) || totals.elapsedMs >= limitMs) break;
    if (cpuMs() >= cpuLimitMs) break;
    if (!args.json && totals.elapsedMs >= nextReportMs) {
      nextReportMs = totals.elapsedMs + 10_000;
      console.log(`seed ${seed}: ${totals.words()}`);
    }
  }
  if (args.json) {
    const { seeds, steps, failures, elapsedMs } = totals;
    console.log(JSON.stringify({ seeds, steps, failures, elapsedMs: Math.round(elapsedMs) }));
  } else {
    console.log(totals.words());
  }
  return totals.failures === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
