import { z } from 'zod';
import { ruleLimits, ruleNames, type RuleName } from './monitor-rules.ts';

export const ruleNameSchema = z.enum(ruleNames);

const rule = (name: RuleName) => {
  const { min, max, unit } = ruleLimits[name];
  const between = `Give a whole number from ${min} to ${max} (${unit}).`;
  return z.strictObject({
    isOn: z.boolean(),
    threshold: z.number(between).int(between).min(min, between).max(max, between),
  });
};

const minuteOfDay = z.number().int().min(0).max(1439);

/** What is watched for, and when nobody wants to hear of it. */
export const monitorSettingsSchema = z.strictObject({
  rules: z.strictObject({
    quorum: rule('quorum'),
    noLeader: rule('noLeader'),
    unreachable: rule('unreachable'),
    alarm: rule('alarm'),
    disk: rule('disk'),
    lag: rule('lag'),
    churn: rule('churn'),
    certificate: rule('certificate'),
  }),
  /** Local time of the backend's computer; from later than to goes over midnight. What fires then is logged, and not told. */
  quietHours: z.strictObject({ isOn: z.boolean(), fromMinute: minuteOfDay, toMinute: minuteOfDay }),
  /** Clusters, by name, of which nothing is told; the log has it all the same. */
  muted: z.array(z.string().max(64)).max(500),
});
export type MonitorSettings = z.infer<typeof monitorSettingsSchema>;

/** A rule that fired, or that one cleared again. */
export const alertSchema = z.object({
  id: z.string(),
  timeMs: z.number(),
  cluster: z.string(),
  rule: ruleNameSchema,
  change: z.enum(['fired', 'cleared']),
  /** A sentence. */
  words: z.string(),
  /** For cleared: how long it lasted. */
  lastedMs: z.number().nullable(),
  /** Whether somebody was told, and why not: what the user did on this computer is no news. */
  told: z.enum(['yes', 'quietHours', 'muted', 'yourDoing']),
});
export type Alert = z.infer<typeof alertSchema>;

/**
 * Something a person should hear of, whatever screen is open. The one way for it: the desktop
 * app shows it natively, the browser by the Notification API or as a note in the page.
 */
export const noticeSchema = z.object({
  id: z.string(),
  timeMs: z.number(),
  tone: z.enum(['bad', 'ok']),
  /** "orders: quorum at risk". */
  title: z.string(),
  text: z.string(),
  /** The screen that shows it, as in the address. */
  path: z.string(),
  /** The system has shown it already. */
  isShown: z.boolean(),
});
export type Notice = z.infer<typeof noticeSchema>;

/** One cluster on the overview of all. Null: what its kind does not tell, or what is not known yet. */
export const fleetRowSchema = z.object({
  cluster: z.string(),
  health: z.object({ tone: z.enum(['ok', 'warn', 'bad', 'idle']), words: z.string() }),
  /** How many partitions each node leads, those that lead most first. */
  leaders: z.array(z.object({ node: z.number(), name: z.string(), partitions: z.number() })),
  /** Partitions without leader. */
  leaderless: z.number(),
  /** The highest term of any partition. */
  term: z.number().nullable(),
  elections: z.object({
    /** Leaders elected in the last hour, over all partitions. */
    count: z.number(),
    /** How far back of that hour is known. */
    knownMs: z.number(),
    /** Concluded from what differs between two looks. */
    isInferred: z.boolean(),
  }),
  /** The replica furthest behind, among those of nodes that answer. */
  lag: z.object({ entries: z.number(), node: z.string(), partition: z.number() }).nullable(),
  latency: z.object({ ms: z.number(), of: z.enum(['writeP99', 'answer', 'roundTrip']) }).nullable(),
  disk: z
    .object({
      /** What the nodes store, together. */
      usedBytes: z.number(),
      /** How full the fullest of their disks, or of their quotas, is. */
      fullPercent: z.number().nullable(),
      of: z.enum(['disk', 'quota']).nullable(),
    })
    .nullable(),
  /** The certificate that ends first. */
  certificate: z.object({ endsAtMs: z.number(), what: z.string() }).nullable(),
  writesPerSecond: z.number().nullable(),
  /** When anything was last heard from it; null before the first word, and of what is stopped. */
  heardAtMs: z.number().nullable(),
  /** Rules that fire now, in their own words. */
  firing: z.array(z.object({ rule: ruleNameSchema, sinceMs: z.number(), words: z.string() })),
  isMuted: z.boolean(),
});
export type FleetRow = z.infer<typeof fleetRowSchema>;

export const fleetSchema = z.object({ timeMs: z.number(), rows: z.array(fleetRowSchema) });
export type Fleet = z.infer<typeof fleetSchema>;
