import type { Outcome } from './simulation.ts';
import type { RunOptions } from './plan.ts';

/** Lines of the guilty group's story that a failure prints. */
const LAST_EVENTS = 60;

/** The command that repeats a run, event for event. */
export function replayCommand({ seed, steps, nodes, groups }: RunOptions): string {
  const choice = [nodes === undefined ? '' : ` --nodes ${nodes}`, groups === undefined ? '' : ` --groups ${groups}`];
  return `npm run simulate -- --seed ${seed} --steps ${steps}${choice.join('')}`;
}

export function failureReport(outcome: Outcome, options: RunOptions): string {
  const { violation, plan, steps, virtualMs } = outcome;
  if (violation === null) return '';
  const where = violation.group === 0 ? 'group 0 (the system group)' : `group ${violation.group}`;
  return [
    '',
    `VIOLATION of ${violation.invariant}`,
    `  seed ${plan.seed}, step ${steps}, ${(virtualMs / 1000).toFixed(3)} s of virtual time, ${where}`,
    `  ${plan.nodes} nodes, ${plan.genesis.partitions.length} groups besides the system group`,
    `  ${violation.message}`,
    '',
    `The last events of ${where}:`,
    ...outcome.lastEvents(LAST_EVENTS).map((line) => `  ${line}`),
    '',
    `Replay: ${replayCommand(options)}`,
    '',
  ].join('\n');
}
