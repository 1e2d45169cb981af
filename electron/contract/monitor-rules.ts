/** What is watched for in every cluster, in the order of its weight. */
export const ruleNames = ['quorum', 'noLeader', 'unreachable', 'alarm', 'disk', 'lag', 'churn', 'certificate'] as const;
export type RuleName = (typeof ruleNames)[number];

export interface RuleLimits {
  readonly min: number;
  readonly max: number;
  /** Until somebody sets another. */
  readonly normal: number;
  /** What the threshold counts: "after 5 s", "from 85 % on". */
  readonly unit: 's' | 'elections' | 'entries' | 'percent' | 'days';
}

/** The thresholds that can be set. An alarm is there or not: its threshold is how long it lasts. */
export const ruleLimits: Readonly<Record<RuleName, RuleLimits>> = {
  quorum: { min: 0, max: 3_600, normal: 5, unit: 's' },
  noLeader: { min: 1, max: 3_600, normal: 10, unit: 's' },
  unreachable: { min: 3, max: 3_600, normal: 30, unit: 's' },
  alarm: { min: 0, max: 3_600, normal: 0, unit: 's' },
  disk: { min: 1, max: 100, normal: 85, unit: 'percent' },
  lag: { min: 1, max: 100_000_000, normal: 10_000, unit: 'entries' },
  churn: { min: 2, max: 1_000, normal: 6, unit: 'elections' },
  certificate: { min: 1, max: 365, normal: 14, unit: 'days' },
};
