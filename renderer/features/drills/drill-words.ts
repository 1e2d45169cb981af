import type { DrillReport, DrillScenario, DrillSummary } from '../../../electron/contract/drills.ts';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { formatCount, formatList, plural } from '../../ui/format.ts';
import type { IconName } from '../../ui/icon.tsx';

interface ScenarioLook {
  readonly scenario: DrillScenario;
  readonly label: string;
  readonly text: string;
  readonly icon: IconName;
}

export const scenarios: readonly ScenarioLook[] = [
  {
    scenario: 'kill-leader',
    label: 'Kill leader',
    text: 'Kills the node that leads the most partitions, as a crash would.',
    icon: 'kill',
  },
  {
    scenario: 'pause-leader',
    label: 'Pause leader',
    text: 'Freezes that node: it keeps its connections and says nothing.',
    icon: 'pause',
  },
  {
    scenario: 'isolate-leader',
    label: 'Isolate leader',
    text: 'Cuts every link between that node and the others.',
    icon: 'isolate',
  },
  {
    scenario: 'rolling-restart',
    label: 'Rolling restart',
    text: 'Restarts every node in order, one after another. Times count from the order to stop.',
    icon: 'restart',
  },
  {
    scenario: 'cut-majority',
    label: 'Cut majority',
    text: 'Cuts off a majority of the nodes: clients must get clear errors, and all must heal.',
    icon: 'x',
  },
];

export function scenarioLabel(scenario: DrillScenario): string {
  return scenarios.find((one) => one.scenario === scenario)?.label ?? scenario;
}

/** The fewest copies with which losing a node stops nothing. */
const MIN_COPIES = 3;

/** Why no drill can begin now, in a sentence; null when one can. */
export function whyNoDrill(summary: ClusterSummary): string | null {
  if (summary.kind !== 'local' || summary.readOnly || summary.environment === 'production') {
    return 'Drills break things on purpose. They run on local clusters only.';
  }
  if (summary.replicationFactor < MIN_COPIES) {
    return `${summary.name} keeps ${plural(summary.replicationFactor, 'copy', 'copies')} of each partition, so losing one node stops it. A drill needs 3 nodes with 3 copies.`;
  }
  if (summary.state === 'stopped') return `${summary.name} is not running. Start it first.`;
  if (summary.state === 'starting') return `${summary.name} is starting. A drill begins with a whole cluster.`;
  if (summary.state === 'running') return null;
  return `A drill begins with a whole cluster, and ${summary.name} is not: ${summary.nodesUp} of ${plural(summary.nodeCount, 'node')} are up and linked.`;
}

export function ms(value: number | null, unknown = 'not known'): string {
  return value === null ? unknown : `${formatCount(Math.round(value))} ms`;
}

/** "+1,184 ms". */
export function offsetWords(offsetMs: number): string {
  const rounded = Math.round(offsetMs);
  return `${rounded < 0 ? '−' : '+'}${formatCount(Math.abs(rounded))} ms`;
}

/** What became of the acknowledged writes, under their number. */
export function writesWords({ operations, consistency }: DrillReport): string {
  const acknowledged = `${formatCount(operations.writesAcknowledged)} acknowledged`;
  if (consistency.keysUnread > 0) return `${acknowledged}; ${plural(consistency.keysUnread, 'key')} could not be read`;
  return consistency.acknowledgedWritesLost === 0 ? `${acknowledged}, all read back` : acknowledged;
}

export function checkedWords({ consistency }: DrillReport): string {
  return `${formatCount(consistency.operationsChecked)} operations checked in ${(consistency.checkMs / 1000).toFixed(1)} s`;
}

/** The bars of the mock-up: partitions that lost their leader, the longest wait last; others when none did. */
export function waits(report: DrillReport): { readonly partition: number; readonly lengthMs: number | null }[] {
  const hit = report.partitions.filter((one) => one.leaderlessMs !== null);
  const shown = hit.length > 0 ? hit : report.partitions;
  const length = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return shown
    .map((one) => ({ partition: one.partition, lengthMs: one.unavailableMs }))
    .toSorted((a, b) => length(a.lengthMs) - length(b.lengthMs) || a.partition - b.partition);
}

export interface Happening {
  readonly offsetMs: number;
  readonly kind: 'fault' | 'elected' | 'lost' | 'healed' | 'recovered';
  readonly text: string;
  /** Apart from all others of the report. */
  readonly id: string;
}

/** What happened from the fault on, in order of time. */
export function happenings(report: DrillReport): Happening[] {
  const { fault, outages, timings, operations } = report;
  const told: Happening[] = fault.steps.map((step, i) => ({
    id: `step ${i}`,
    offsetMs: step.offsetMs,
    kind: 'fault',
    text: `${step.text}${ledWords(report, step.offsetMs, i)}.`,
  }));
  for (const one of outages) {
    const id = `p${one.partition} ${one.term}`;
    if (one.lengthMs === null) {
      const text = `p${one.partition} loses its leader n${one.leader} and gets no other.`;
      told.push({ id, offsetMs: one.fromOffsetMs, kind: 'lost', text });
      continue;
    }
    const again = one.newLeader === one.leader ? ' again' : '';
    const text = `n${one.newLeader} leads p${one.partition}${again}, in term ${one.newTerm}. ${ms(one.lengthMs)} without leader.`;
    told.push({ id, offsetMs: one.fromOffsetMs + one.lengthMs, kind: 'elected', text });
  }
  told.push({
    id: 'healed',
    offsetMs: fault.healedOffsetMs,
    kind: 'healed',
    text: 'Healed: nothing is broken any more.',
  });
  if (timings.recoveredMs !== null) {
    const text = `Throughput is back. ${formatCount(operations.retried)} attempts were retried, ${formatCount(operations.failed)} operations failed.`;
    told.push({ id: 'recovered', offsetMs: timings.recoveredMs, kind: 'recovered', text });
  }
  return told.toSorted((a, b) => a.offsetMs - b.offsetMs);
}

/** Whose leader a step took away: ", which led p0 and p3". */
function ledWords({ fault, outages }: DrillReport, offsetMs: number, step: number): string {
  const next = fault.steps[step + 1]?.offsetMs ?? Number.POSITIVE_INFINITY;
  const led = outages.filter((one) => one.fromOffsetMs >= offsetMs && one.fromOffsetMs < next);
  return led.length === 0
    ? ''
    : `; p${led.map((one) => one.partition).join(', p')} lost their leader`.replace(
        /^; (p\d+) lost their/,
        '; $1 lost its',
      );
}

/** The chart in one sentence. */
export function timelineWords(report: DrillReport): string {
  const { throughput, timings, fault } = report;
  const before = `${formatCount(Math.round(throughput.beforePerSecond))} operations a second before ${fault.title}`;
  const during = `${formatCount(Math.round(throughput.duringPerSecond))} during the fault`;
  const after =
    timings.recoveredMs === null || throughput.afterPerSecond === null
      ? 'and they did not come back'
      : `and ${formatCount(Math.round(throughput.afterPerSecond))} after; back after ${ms(timings.recoveredMs)}`;
  return `${before}, ${during}, ${after}.`;
}

/** Why the drill says what it says, in one sentence, for who reads nothing else. */
export function verdictWords(report: DrillReport): string {
  if (!report.verdict.passed) return report.verdict.reasons[0] ?? 'It failed.';
  const { unavailableMs, leaderlessMs } = report.timings;
  const hit = report.partitions.filter((one) => one.leaderlessMs !== null).map((one) => `p${one.partition}`);
  const who =
    hit.length === 0
      ? 'No partition lost its leader'
      : `${formatList(hit)} had no leader for up to ${ms(leaderlessMs)}`;
  return `${who}; clients waited at most ${ms(unavailableMs)}, and nothing that was acknowledged is lost.`;
}

/** "8 clients, 50 % reads": a load in few words. */
export function loadWords({ clients, readPercent }: Pick<DrillSummary, 'clients' | 'readPercent'>): string {
  return `${plural(clients, 'client')}, ${readPercent} % reads`;
}
