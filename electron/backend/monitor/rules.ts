import type { MonitorSettings } from '../../contract/monitor.ts';
import type { RuleName } from '../../contract/monitor-rules.ts';
import { count, counted } from '../story/text.ts';
import type { ClusterFacts, PartitionFacts } from './facts.ts';

const DAY_MS = 86_400_000;
/** A replica that catches up after a moment is no news. */
const LAG_HOLD_MS = 10_000;
/** More names than this become a count. */
const MAX_NAMES = 4;

/** Something that a rule watches for and that is so now. */
export interface Condition {
  readonly rule: RuleName;
  readonly severity: 'warn' | 'bad';
  /** A sentence. */
  readonly words: string;
  /** Since when, where that is known better than from the first look at it. */
  readonly sinceMs: number | null;
  /** It fires when it has been so for as long. */
  readonly holdMs: number;
}

/** Said when a rule clears. */
export const clearedWords: Readonly<Record<RuleName, string>> = {
  quorum: 'Every partition can lose a replica again.',
  noLeader: 'Every partition has a leader again.',
  unreachable: 'It answers again.',
  alarm: 'No alarm is raised any more.',
  disk: 'There is room again.',
  lag: 'The replicas have caught up.',
  churn: 'Elections have become rare again.',
  certificate: 'No certificate is about to end any more.',
};

/** For titles: "orders: no leader". */
export const ruleWords: Readonly<Record<RuleName, string>> = {
  quorum: 'quorum at risk',
  noLeader: 'no leader',
  unreachable: 'unreachable',
  alarm: 'alarm',
  disk: 'disk',
  lag: 'replica behind',
  churn: 'many elections',
  certificate: 'certificate',
};

/**
 * What is so now, of what is watched for; at most one of each rule. Null: nothing is known of the
 * cluster, so what fired before may be so still. Rules about the way to the cluster are told even then.
 */
export function conditionsOf(
  facts: ClusterFacts,
  rules: MonitorSettings['rules'],
  nowMs: number,
): { readonly conditions: readonly Condition[]; readonly unknown: ReadonlySet<RuleName> } {
  const outside = [unreachable(facts, rules), certificate(facts, rules, nowMs)];
  const inside =
    facts.condition === 'known'
      ? [
          quorum(facts, rules),
          noLeader(facts, rules),
          alarm(facts, rules),
          disk(facts, rules),
          lag(facts, rules),
          churn(facts, rules),
        ]
      : [];
  const isUnknown = facts.condition === 'unknown' || facts.condition === 'starting';
  return {
    conditions: [...inside, ...outside].filter((one) => one !== null && rules[one.rule].isOn) as Condition[],
    unknown: new Set<RuleName>(isUnknown ? ['quorum', 'noLeader', 'alarm', 'disk', 'lag', 'churn'] : []),
  };
}

type Rules = MonitorSettings['rules'];

function quorum({ partitions }: ClusterFacts, rules: Rules): Condition | null {
  const lost = partitions.filter((one) => !one.hasQuorum);
  const holdMs = rules.quorum.threshold * 1000;
  if (lost.length > 0) {
    const which = namesOf(lost, partitions.length);
    return {
      rule: 'quorum',
      severity: 'bad',
      words: `No quorum on ${which}: writes and linearizable reads fail there.`,
      sinceMs: null,
      holdMs,
    };
  }
  // A cluster that was built without a spare replica is not at risk because something happened.
  const tight = partitions.filter((one) => one.spare === 0 && one.down > 0);
  if (tight.length === 0) return null;
  const stops = namesOf(tight, partitions.length);
  const words = `A replica of ${stops} is down, and one more would cost its quorum.`;
  return { rule: 'quorum', severity: 'warn', words, sinceMs: null, holdMs };
}

function noLeader({ partitions }: ClusterFacts, rules: Rules): Condition | null {
  const without = partitions.filter((one) => one.leader === 0);
  if (without.length === 0) return null;
  const sinceMs = Math.min(...without.map((one) => one.leaderlessSinceMs ?? Infinity));
  return {
    rule: 'noLeader',
    severity: 'bad',
    words: `No leader on ${namesOf(without, partitions.length)}.`,
    sinceMs: Number.isFinite(sinceMs) ? sinceMs : null,
    holdMs: rules.noLeader.threshold * 1000,
  };
}

function unreachable({ condition, problem, view }: ClusterFacts, rules: Rules): Condition | null {
  if (condition !== 'unknown') return null;
  return {
    rule: 'unreachable',
    severity: 'bad',
    words: problem ?? 'No node answers.',
    sinceMs: view.summary.remote?.heardAtMs ?? view.summary.sinceMs,
    holdMs: rules.unreachable.threshold * 1000,
  };
}

function alarm({ alarms }: ClusterFacts, rules: Rules): Condition | null {
  if (alarms.length === 0) return null;
  const holdMs = rules.alarm.threshold * 1000;
  return { rule: 'alarm', severity: 'bad', words: alarms.join(' '), sinceMs: null, holdMs };
}

function disk({ fills }: ClusterFacts, rules: Rules): Condition | null {
  const fullest = fills.toSorted((a, b) => b.percent - a.percent)[0];
  if (fullest === undefined || fullest.percent < rules.disk.threshold) return null;
  const { what, of, percent } = fullest;
  const words =
    of === 'disk'
      ? `${what} is ${Math.floor(percent)} % full.`
      : `${what} takes ${Math.floor(percent)} % of its quota.`;
  return { rule: 'disk', severity: percent >= 95 ? 'bad' : 'warn', words, sinceMs: null, holdMs: 0 };
}

function lag({ lag: worst }: ClusterFacts, rules: Rules): Condition | null {
  if (worst === null || worst.entries < rules.lag.threshold) return null;
  const words = `${worst.node} is ${counted(worst.entries, 'entry', 'entries')} behind on p${worst.partition}.`;
  return { rule: 'lag', severity: 'warn', words, sinceMs: null, holdMs: LAG_HOLD_MS };
}

function churn({ elections }: ClusterFacts, rules: Rules): Condition | null {
  if (elections === null || elections.count < rules.churn.threshold) return null;
  const words = `p${elections.partition} has elected ${count(elections.count)} leaders in the last hour.`;
  return { rule: 'churn', severity: 'warn', words, sinceMs: null, holdMs: 0 };
}

function certificate({ certificates }: ClusterFacts, rules: Rules, nowMs: number): Condition | null {
  const first = certificates.toSorted((a, b) => a.endsAtMs - b.endsAtMs)[0];
  if (first === undefined || first.endsAtMs - nowMs > rules.certificate.threshold * DAY_MS) return null;
  const date = new Date(first.endsAtMs).toISOString().slice(0, 10);
  const isOver = first.endsAtMs <= nowMs;
  const days = Math.floor((first.endsAtMs - nowMs) / DAY_MS);
  const words = isOver
    ? `The certificate of ${first.what} has ended on ${date}.`
    : `The certificate of ${first.what} ends on ${date}, in ${days === 0 ? 'less than a day' : counted(days, 'day', 'days')}.`;
  return { rule: 'certificate', severity: isOver ? 'bad' : 'warn', words, sinceMs: null, holdMs: 0 };
}

function namesOf(some: readonly PartitionFacts[], of: number): string {
  if (of === 1) return 'the cluster';
  if (some.length === of) return 'every partition';
  if (some.length > MAX_NAMES) return counted(some.length, 'partition', 'partitions');
  const names = some.map((one) => `p${one.partition}`);
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
