import type { Operation } from '../check/index.ts';
import type { ClusterRecord } from '../supervisor/index.ts';
import type { HistoryCheck } from './check-slowly.ts';
import { lostWrites, type FinalRead } from './lost-writes.ts';
import {
  answersOf,
  leaderlessTimes,
  longestGap,
  ratePerSecond,
  recoveredAt,
  timelineOf,
  type Answer,
  type Election,
  type LeaderHit,
  type LeaderlessTime,
} from './measures.ts';
import {
  REPORT_FORMAT_VERSION,
  type DrillReport,
  type DrillSettings,
  type PartitionResult,
  type Scenario,
} from './report.ts';
import { judge, type Measured } from './verdict.ts';
import type { Leader } from './watch.ts';
import type { SeenError } from './workload.ts';

export interface FaultRecord {
  readonly title: string;
  readonly victims: readonly number[];
  /** By wall clock. `adjusted`: the time is the supervisor's own. */
  readonly steps: readonly {
    readonly text: string;
    readonly atMs: number;
    readonly hits: readonly LeaderHit[];
    readonly adjusted: boolean;
  }[];
  /** By the clock of the history, as are the next ones. */
  readonly loadFromMs: number;
  readonly atMs: number;
  readonly healedMs: number;
  /** Wall clock minus the clock of the history. */
  readonly wallOffsetMs: number;
  readonly leadersBefore: ReadonlyMap<number, Leader>;
}

/** All that was recorded of a drill. */
export interface DrillRecord {
  readonly id: string;
  readonly startedAtMs: number;
  readonly version: string;
  readonly record: ClusterRecord;
  readonly scenario: Scenario;
  readonly settings: DrillSettings;
  readonly fault: FaultRecord;
  /** When the load ended, by the clock of the history. */
  readonly endMs: number;
  readonly workload: {
    readonly operations: readonly Operation[];
    readonly errors: ReadonlyMap<string, SeenError>;
    readonly retried: number;
    readonly keys: readonly string[];
    partitionOf(key: string): number;
  };
  readonly finals: ReadonlyMap<string, FinalRead>;
  readonly check: HistoryCheck;
  /** By wall clock. */
  readonly elections: readonly Election[];
  readonly leadersAfter: ReadonlyMap<number, Leader>;
}

/** Measures and judges. Pure, but for the time at which the report was made. */
export function buildReport(drill: DrillRecord): DrillReport {
  const { fault, workload, settings, record, endMs } = drill;
  const { operations } = workload;
  const answers = answersOf(operations, (key) => workload.partitionOf(key));
  const beforePerSecond = ratePerSecond(answers, fault.loadFromMs, fault.atMs);
  const perPartition = Map.groupBy(answers, (one) => one.partition);
  const times = leaderlessTimes(
    fault.steps.flatMap((step) => step.hits),
    drill.elections,
  );
  const recoveredFrom = (fromMs: number) =>
    recoveredAt(answers, { fromMs, untilMs: endMs }, record.partitions, beforePerSecond);
  const recovered = recoveredFrom(fault.healedMs);
  // Throughput is not back while a partition that was hit is silent, however much the others do.
  const silentUntilMs = times.map(({ hit }) => {
    const hitMs = hit.atMs - fault.wallOffsetMs;
    return longestGap(perPartition.get(hit.partition) ?? [], hitMs, endMs).endMs;
  });
  const backAt = recovered === null ? null : (recoveredFrom(Math.max(fault.atMs, ...silentUntilMs)) ?? recovered);
  const partitions = partitionResults(drill, perPartition, times);
  const offset = (atMs: number) => round(atMs - fault.atMs);
  const writes = operations.filter((one) => one.kind !== 'get' && one.outcome === 'ok');
  const lost = lostWrites(operations, drill.finals);
  const measured: Measured = {
    formatVersion: REPORT_FORMAT_VERSION,
    id: drill.id,
    startedAtMs: drill.startedAtMs,
    endedAtMs: Date.now(),
    cluster: {
      name: record.name,
      clusterId: record.clusterId,
      version: drill.version,
      nodes: record.members.length,
      partitions: record.partitions,
      replicationFactor: record.replicationFactor,
      timing: record.timing,
    },
    scenario: drill.scenario,
    settings,
    fault: {
      title: fault.title,
      victims: [...fault.victims],
      atMs: Math.round(fault.atMs + fault.wallOffsetMs),
      healedOffsetMs: Math.max(0, offset(fault.healedMs)),
      steps: fault.steps.map((step) => ({ offsetMs: offset(step.atMs - fault.wallOffsetMs), text: step.text })),
    },
    partitions,
    outages: times
      .map(({ hit, election, lengthMs }) => ({
        partition: hit.partition,
        leader: hit.leader,
        term: hit.term,
        fromOffsetMs: offset(hit.atMs - fault.wallOffsetMs),
        newLeader: election?.node ?? 0,
        newTerm: election?.term ?? 0,
        lengthMs,
      }))
      .sort((a, b) => a.fromOffsetMs - b.fromOffsetMs || a.partition - b.partition),
    timings: {
      leaderlessMs: most(partitions.flatMap((one) => one.leaderlessMs ?? [])),
      unavailableMs: partitions.some((one) => one.unavailableMs === null)
        ? null
        : most(partitions.flatMap((one) => one.unavailableMs ?? [])),
      silentMs: round(longestGap(answers, fault.atMs, endMs).lengthMs),
      usualGapMs: round(usualGap(answers, record.partitions, fault)),
      recoveredMs: backAt === null ? null : Math.max(0, offset(backAt)),
    },
    operations: {
      total: operations.length,
      writesAcknowledged: writes.length,
      readsAnswered: operations.filter((one) => one.kind === 'get' && one.outcome === 'ok').length,
      conflicts: operations.filter((one) => one.outcome === 'conflict').length,
      retried: workload.retried,
      failed: operations.filter((one) => one.outcome === 'failed' || one.outcome === 'unknown').length,
      unknown: operations.filter((one) => one.outcome === 'unknown').length,
      errors: [...workload.errors.values()].map((error) => ({ ...error })),
    },
    consistency: {
      acknowledgedWritesLost: lost.count,
      lostExamples: lost.examples,
      keysRead: drill.finals.size,
      keysUnread: workload.keys.length - drill.finals.size,
      linearizable: drill.check.linearizable,
      explanation: drill.check.explanation,
      operationsChecked: drill.check.operations,
      checkMs: round(drill.check.lengthMs),
    },
    throughput: {
      beforePerSecond: round(beforePerSecond),
      duringPerSecond: round(ratePerSecond(answers, fault.atMs, fault.healedMs)),
      afterPerSecond: recovered === null ? null : round(ratePerSecond(answers, recovered, endMs)),
    },
    timeline: {
      ...timelineOf(operations, { fromMs: fault.loadFromMs, untilMs: endMs }),
      firstOffsetMs: offset(fault.loadFromMs),
    },
  };
  return { ...measured, verdict: judge(measured) };
}

function partitionResults(
  drill: DrillRecord,
  perPartition: ReadonlyMap<number, readonly Answer[]>,
  times: readonly LeaderlessTime[],
): PartitionResult[] {
  const { fault, elections, leadersAfter, record, endMs } = drill;
  const firstHitMs = fault.atMs + fault.wallOffsetMs;
  return Array.from({ length: record.partitions }, (_, partition) => {
    const before = fault.leadersBefore.get(partition);
    const after = leadersAfter.get(partition);
    const leaderless = times.filter((one) => one.hit.partition === partition).flatMap((one) => one.lengthMs ?? []);
    const gap = longestGap(perPartition.get(partition) ?? [], fault.atMs, endMs);
    return {
      partition,
      leaderBefore: before?.node ?? 0,
      leaderAfter: after?.node ?? 0,
      termBefore: before?.term ?? 0,
      termAfter: after?.term ?? 0,
      elections: elections.filter((one) => one.partition === partition && one.atMs >= firstHitMs).length,
      leaderlessMs: most(leaderless),
      unavailableMs: gap.open ? null : round(gap.lengthMs),
    };
  });
}

function usualGap(answers: readonly Answer[], partitions: number, fault: FaultRecord): number {
  const before = Map.groupBy(
    answers.filter((one) => one.atMs <= fault.atMs),
    (one) => one.partition,
  );
  return Math.max(
    0,
    ...Array.from({ length: partitions }, (_, partition) => {
      const times = (before.get(partition) ?? []).filter((one) => one.atMs >= fault.loadFromMs);
      return Math.max(0, ...times.slice(1).map((one, i) => one.atMs - times[i]!.atMs));
    }),
  );
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

/** To a tenth: nothing here is measured more exactly. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
