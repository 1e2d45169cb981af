import type { DrillReport } from './report.ts';

export type Measured = Omit<DrillReport, 'verdict'>;

/** Whether the cluster kept its promises, and each one that it did not keep as a sentence. */
export function judge(report: Measured): DrillReport['verdict'] {
  const { consistency, partitions, timings, operations, settings, throughput } = report;
  const reasons: string[] = [];
  if (consistency.acknowledgedWritesLost > 0) {
    const [example] = consistency.lostExamples;
    const some = example === undefined ? '' : `, such as ${example}`;
    reasons.push(`${plural(consistency.acknowledgedWritesLost, 'acknowledged write')} lost${some}.`);
  }
  if (consistency.linearizable === 'no') {
    reasons.push(
      `The history is not linearizable: ${consistency.explanation?.split('\n')[0] ?? 'no order explains it'}.`,
    );
  }
  if (consistency.linearizable === 'undecided') {
    reasons.push(`Linearizability could not be decided: ${consistency.explanation ?? 'the search took too long'}.`);
  }
  if (consistency.keysUnread > 0) {
    reasons.push(`${plural(consistency.keysUnread, 'key')} could not be read back after the drill.`);
  }
  const leaderless = partitions.filter((one) => one.leaderAfter === 0);
  if (leaderless.length > 0) reasons.push(`${names(leaderless)} had no leader at the end.`);
  const silent = partitions.filter((one) => one.unavailableMs === null);
  if (silent.length > 0) reasons.push(`${names(silent)} never answered a client again after the fault.`);
  if (timings.recoveredMs === null) {
    reasons.push(
      `Throughput did not come back within ${settings.recoverySeconds} s of the heal: ` +
        `it was ${Math.round(throughput.beforePerSecond)} operations a second before the fault.`,
    );
  }
  const surprises = operations.errors.filter((error) => !error.documented);
  for (const { example, count } of surprises) {
    reasons.push(`Clients got an error that says nothing clear, ${plural(count, 'time')}: ${example}`);
  }
  if (report.scenario === 'cut-majority' && operations.failed === 0) {
    reasons.push('Clients got no error while the majority was cut: the cut did not stop anything.');
  }
  return { passed: reasons.length === 0, reasons };
}

function plural(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

function names(partitions: readonly { readonly partition: number }[]): string {
  const shown = partitions.slice(0, 8).map((one) => `p${one.partition}`);
  const more = partitions.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
