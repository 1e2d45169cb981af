import { z } from 'zod';

/** Failover drills as the screens see them: what runs, what was measured, what is kept. */

export const drillScenarioSchema = z.enum([
  'kill-leader',
  'pause-leader',
  'isolate-leader',
  'rolling-restart',
  'cut-majority',
]);
export type DrillScenario = z.infer<typeof drillScenarioSchema>;

/** What a user chooses of a drill; what is left out is chosen to suit the cluster. */
export const drillChoiceSchema = z.strictObject({
  cluster: z.string(),
  scenario: drillScenarioSchema,
  clients: z.number().int().min(1, 'At least 1 client.').max(1024, 'At most 1,024 clients.').optional(),
  readPercent: z.number().int().min(0).max(100).optional(),
  keyCount: z.number().int().min(1, 'At least 1 key.').max(100_000, 'At most 100,000 keys.').optional(),
  faultSeconds: z.number().int().min(1, 'At least 1 second.').max(120, 'At most 120 seconds.').optional(),
});
export type DrillChoice = z.infer<typeof drillChoiceSchema>;

export const drillProgressSchema = z.object({
  scenario: drillScenarioSchema,
  startedAtMs: z.number(),
  phase: z.enum(['preparing', 'before', 'fault', 'healing', 'recovering', 'after', 'checking']),
  /** What is being done, in a sentence. */
  text: z.string(),
  /** Each different sentence so far, with when it was first told. */
  told: z.array(z.object({ atMs: z.number(), text: z.string() })),
  operations: z.number(),
  failed: z.number(),
  /** It was cancelled and is still putting the cluster in order. */
  cancelling: z.boolean(),
});
export type DrillProgress = z.infer<typeof drillProgressSchema>;

/** The drills of one cluster that this app ran. */
export const drillLiveSchema = z.object({
  running: drillProgressSchema.nullable(),
  /** How the last one ended; null before the first. */
  last: z
    .object({
      scenario: drillScenarioSchema,
      endedAtMs: z.number(),
      outcome: z.enum(['reported', 'cancelled', 'failed']),
      reportId: z.string().nullable(),
      /** Why there is no report. */
      error: z.object({ message: z.string(), hint: z.string().nullable() }).nullable(),
    })
    .nullable(),
});
export type DrillLive = z.infer<typeof drillLiveSchema>;

const linearizableSchema = z.enum(['yes', 'no', 'undecided']);

/** A kept report as a list shows it. */
export const drillSummarySchema = z.object({
  id: z.string(),
  startedAtMs: z.number(),
  cluster: z.string(),
  scenario: drillScenarioSchema,
  /** "kill n1". */
  title: z.string(),
  passed: z.boolean(),
  clients: z.number(),
  readPercent: z.number(),
  unavailableMs: z.number().nullable(),
  leaderlessMs: z.number().nullable(),
  writesAcknowledged: z.number(),
  acknowledgedWritesLost: z.number(),
  linearizable: linearizableSchema,
});
export type DrillSummary = z.infer<typeof drillSummarySchema>;

/** What one drill did and measured. Offsets count from the fault; times are milliseconds. */
export const drillReportSchema = z.object({
  id: z.string(),
  startedAtMs: z.number(),
  endedAtMs: z.number(),
  cluster: z.object({
    name: z.string(),
    version: z.string(),
    nodes: z.number(),
    partitions: z.number(),
    replicationFactor: z.number(),
    timing: z.object({
      tickMs: z.number(),
      heartbeatTicks: z.number(),
      electionTicksMin: z.number(),
      electionTicksMax: z.number(),
    }),
  }),
  scenario: drillScenarioSchema,
  settings: z.object({
    clients: z.number(),
    readPercent: z.number(),
    keyCount: z.number(),
    valueBytes: z.number(),
    secondsBefore: z.number(),
    faultSeconds: z.number(),
    secondsAfter: z.number(),
    timeoutMs: z.number(),
  }),
  fault: z.object({
    title: z.string(),
    atMs: z.number(),
    healedOffsetMs: z.number(),
    steps: z.array(z.object({ offsetMs: z.number(), text: z.string() })),
  }),
  partitions: z.array(
    z.object({
      partition: z.number(),
      /** 0: none was known. */
      leaderBefore: z.number(),
      leaderAfter: z.number(),
      termBefore: z.number(),
      termAfter: z.number(),
      elections: z.number(),
      /** Null when its leader was not hit. */
      leaderlessMs: z.number().nullable(),
      /** The longest that clients waited for an answer; null when none came any more. */
      unavailableMs: z.number().nullable(),
    }),
  ),
  outages: z.array(
    z.object({
      partition: z.number(),
      leader: z.number(),
      term: z.number(),
      fromOffsetMs: z.number(),
      /** 0, with lengthMs null, when no later leader was seen. */
      newLeader: z.number(),
      newTerm: z.number(),
      lengthMs: z.number().nullable(),
    }),
  ),
  timings: z.object({
    leaderlessMs: z.number().nullable(),
    unavailableMs: z.number().nullable(),
    silentMs: z.number(),
    usualGapMs: z.number(),
    recoveredMs: z.number().nullable(),
  }),
  operations: z.object({
    total: z.number(),
    writesAcknowledged: z.number(),
    readsAnswered: z.number(),
    conflicts: z.number(),
    retried: z.number(),
    failed: z.number(),
    unknown: z.number(),
    errors: z.array(z.object({ code: z.string(), count: z.number(), example: z.string() })),
  }),
  consistency: z.object({
    acknowledgedWritesLost: z.number(),
    lostExamples: z.array(z.string()),
    keysRead: z.number(),
    keysUnread: z.number(),
    linearizable: linearizableSchema,
    /** What is wrong, with the smallest window that shows it, a line each; null when nothing is. */
    explanation: z.string().nullable(),
    operationsChecked: z.number(),
    checkMs: z.number(),
  }),
  throughput: z.object({
    beforePerSecond: z.number(),
    duringPerSecond: z.number(),
    afterPerSecond: z.number().nullable(),
  }),
  timeline: z.object({
    bucketMs: z.number(),
    firstOffsetMs: z.number(),
    answered: z.array(z.number()),
    failed: z.array(z.number()),
  }),
  verdict: z.object({ passed: z.boolean(), reasons: z.array(z.string()) }),
});
export type DrillReport = z.infer<typeof drillReportSchema>;

export const drillComparisonSchema = z.object({
  first: drillSummarySchema,
  second: drillSummarySchema,
  rows: z.array(
    z.object({
      measure: z.string(),
      unit: z.enum(['ms', 'per second', 'count']),
      first: z.number().nullable(),
      second: z.number().nullable(),
      /** Of the second against the first; null when that cannot be said. */
      change: z.enum(['better', 'worse', 'same']).nullable(),
    }),
  ),
});
export type DrillComparison = z.infer<typeof drillComparisonSchema>;

/** A report as a file to save. */
export const drillFileSchema = z.object({ fileName: z.string(), text: z.string() });
