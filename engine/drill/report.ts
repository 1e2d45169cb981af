import { z } from 'zod';
import { timingSchema } from '../config/node-config.ts';

export const SCENARIOS = ['kill-leader', 'pause-leader', 'isolate-leader', 'rolling-restart', 'cut-majority'] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** A newer report is refused, never misread. */
export const REPORT_FORMAT_VERSION = 1;

const count = z.number().int().min(0);
const duration = z.number().min(0);

export const drillSettingsSchema = z.strictObject({
  /** Callers that each wait for their answer; at least one for each partition. */
  clients: z.number().int().min(1).max(1024),
  /** The share of calls that are linearizable gets; of the rest, 70 % are puts, 20 % swaps, 10 % deletes. */
  readPercent: z.number().min(0).max(100),
  /** Distinct keys over all partitions; at least four for each partition. */
  keyCount: z.number().int().min(1).max(100_000),
  valueBytes: z.number().int().min(32).max(65_536),
  /** Of undisturbed load that throughput during and after is compared with. */
  secondsBefore: z.number().min(1).max(120),
  /** How long the fault lasts. A rolling restart lasts as long as it takes. */
  faultSeconds: z.number().min(1).max(120),
  /** Of load once throughput is back. */
  secondsAfter: z.number().min(1).max(120),
  /** How long to wait for throughput to come back after the heal before that counts as a failure. */
  recoverySeconds: z.number().min(1).max(300),
  /** For each call of the load. */
  timeoutMs: z.number().int().min(100).max(60_000),
});
export type DrillSettings = z.infer<typeof drillSettingsSchema>;

export const partitionResultSchema = z.strictObject({
  partition: count,
  /** 0: none was known. */
  leaderBefore: count,
  leaderAfter: count,
  termBefore: count,
  termAfter: count,
  /** Elections won from the fault on. */
  elections: count,
  /** The longest time from the fault to the next election won; null when its leader was not hit. */
  leaderlessMs: duration.nullable(),
  /** The longest time between two answers to clients, from the fault on; null when there was no answer after it. */
  unavailableMs: duration.nullable(),
});
export type PartitionResult = z.infer<typeof partitionResultSchema>;

/** One time that a partition had no leader because of what the drill did. */
export const outageSchema = z.strictObject({
  partition: count,
  /** Who led it, and in which term. */
  leader: count,
  term: count,
  fromOffsetMs: z.number(),
  /** 0, with `lengthMs` null, when no later leader was seen. */
  newLeader: count,
  newTerm: count,
  lengthMs: duration.nullable(),
});
export type Outage = z.infer<typeof outageSchema>;

/** What one drill did and measured. Offsets count from the fault. */
export const drillReportSchema = z.strictObject({
  formatVersion: z.literal(REPORT_FORMAT_VERSION),
  id: z.string().regex(/^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$/),
  startedAtMs: count,
  endedAtMs: count,
  cluster: z.strictObject({
    name: z.string(),
    clusterId: z.string(),
    version: z.string(),
    nodes: count,
    partitions: count,
    replicationFactor: count,
    timing: timingSchema,
  }),
  scenario: z.enum(SCENARIOS),
  settings: drillSettingsSchema,
  fault: z.strictObject({
    /** "kill n1". */
    title: z.string(),
    victims: z.array(count),
    atMs: count,
    healedOffsetMs: duration,
    steps: z.array(z.strictObject({ offsetMs: z.number(), text: z.string() })),
  }),
  partitions: z.array(partitionResultSchema),
  /** In order of time; a rolling restart may hit a partition more than once. */
  outages: z.array(outageSchema),
  timings: z.strictObject({
    /** The longest of any partition; null when no partition lost its leader. */
    leaderlessMs: duration.nullable(),
    /** The longest of any partition; null when one never answered again. */
    unavailableMs: duration.nullable(),
    /** The longest time in which no client had any answer. */
    silentMs: duration,
    /** The longest time between two answers of one partition before the fault, to compare with. */
    usualGapMs: duration,
    /** From the fault until every partition answers and half of the throughput before it is there again. */
    recoveredMs: duration.nullable(),
  }),
  operations: z.strictObject({
    total: count,
    writesAcknowledged: count,
    readsAnswered: count,
    /** Compare-and-swaps that found another revision: an answer, not an error. */
    conflicts: count,
    retried: count,
    failed: count,
    /** Of the failed, writes of which it is not known whether they happened. */
    unknown: count,
    errors: z.array(z.strictObject({ code: z.string(), count, example: z.string(), documented: z.boolean() })),
  }),
  consistency: z.strictObject({
    acknowledgedWritesLost: count,
    lostExamples: z.array(z.string()),
    keysRead: count,
    keysUnread: count,
    linearizable: z.enum(['yes', 'no', 'undecided']),
    /** What is wrong, when it is not 'yes'. */
    explanation: z.string().nullable(),
    operationsChecked: count,
    checkMs: duration,
  }),
  throughput: z.strictObject({
    beforePerSecond: duration,
    duringPerSecond: duration,
    afterPerSecond: duration.nullable(),
  }),
  /** Answers and errors in buckets of equal length, from the begin of the load. */
  timeline: z.strictObject({
    bucketMs: count,
    firstOffsetMs: z.number(),
    answered: z.array(count),
    failed: z.array(count),
  }),
  verdict: z.strictObject({
    passed: z.boolean(),
    /** Why it failed, a sentence each; empty when it passed. */
    reasons: z.array(z.string()),
  }),
});
export type DrillReport = z.infer<typeof drillReportSchema>;
