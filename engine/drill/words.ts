import type { DrillReport, Outage, Scenario } from './report.ts';

/** What each scenario does, in a sentence. */
export const scenarioWords: Readonly<Record<Scenario, string>> = {
  'kill-leader': 'Kills the node that leads the most partitions, as a crash would.',
  'pause-leader': 'Freezes the node that leads the most partitions: it keeps its connections and says nothing.',
  'isolate-leader': 'Cuts every link of the node that leads the most partitions.',
  'rolling-restart': 'Restarts every node in order, one after another. Times count from the order to stop.',
  'cut-majority': 'Cuts off a majority of the nodes: clients must get clear errors, and all must heal.',
};

export function ms(value: number | null): string {
  return value === null ? 'not known' : `${number(Math.round(value))} ms`;
}

export function number(value: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }).format(value);
}

export function plural(count: number, one: string): string {
  return `${number(count)} ${count === 1 ? one : `${one}s`}`;
}

/** The longest ones are told; the others are counted. */
const OUTAGES_TOLD = 8;

/** What happened, in order, a sentence each; then the sums. */
export function storyOf(report: DrillReport): string[] {
  const { fault, timings, operations, throughput, consistency } = report;
  const told: { readonly atMs: number; readonly text: string }[] = [
    ...fault.steps.map((step) => ({ atMs: step.offsetMs, text: step.text })),
    ...longestOutages(report).map((one) => ({
      atMs: one.fromOffsetMs + (one.lengthMs ?? 0),
      text: outageWords(one),
    })),
    { atMs: fault.healedOffsetMs, text: 'healed' },
  ];
  if (timings.recoveredMs !== null) told.push({ atMs: timings.recoveredMs, text: 'throughput is back' });
  const lines = told.sort((a, b) => a.atMs - b.atMs).map(({ atMs, text }) => `${offset(atMs)}  ${text}`);
  const more = report.outages.length - OUTAGES_TOLD;
  if (more > 0) lines.push(`${plural(more, 'shorter time')} without a leader not shown`);
  if (timings.recoveredMs === null) lines.push('throughput did not come back');
  return [
    ...lines,
    `without a leader ${timings.leaderlessMs === null ? 'at no time' : `for ${ms(timings.leaderlessMs)}`}; clients waited ${ms(timings.unavailableMs)}`,
    `${number(throughput.beforePerSecond)} operations a second before, ${number(throughput.duringPerSecond)} during, ` +
      `${throughput.afterPerSecond === null ? 'none known' : number(throughput.afterPerSecond)} after; ` +
      `${number(operations.retried)} retried, ${number(operations.failed)} failed`,
    `${plural(operations.writesAcknowledged, 'acknowledged write')}, ${number(consistency.acknowledgedWritesLost)} lost; ` +
      linearizableWords(report),
  ];
}

function longestOutages(report: DrillReport): readonly Outage[] {
  const length = (one: Outage) => one.lengthMs ?? Number.POSITIVE_INFINITY;
  return report.outages.toSorted((a, b) => length(b) - length(a)).slice(0, OUTAGES_TOLD);
}

function outageWords(one: Outage): string {
  if (one.lengthMs === null) return `p${one.partition} loses its leader n${one.leader}, and gets no other`;
  const who = one.newLeader === one.leader ? `n${one.leader} again` : `n${one.leader} to n${one.newLeader}`;
  return `p${one.partition} has a leader again after ${ms(one.lengthMs)} (${who}, term ${one.term} to ${one.newTerm})`;
}

export function linearizableWords(report: DrillReport): string {
  const { linearizable, operationsChecked } = report.consistency;
  const checked = `${plural(operationsChecked, 'operation')} checked`;
  if (linearizable === 'yes') return `linearizable (${checked})`;
  return linearizable === 'no' ? `NOT linearizable (${checked})` : `linearizability undecided (${checked})`;
}

function offset(offsetMs: number): string {
  return `${`+${number(Math.round(offsetMs))}`.padStart(7)} ms`;
}
