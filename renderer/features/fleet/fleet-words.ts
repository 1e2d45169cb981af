import type { Alert, FleetRow } from '../../../electron/contract/monitor.ts';
import type { RuleLimits, RuleName } from '../../../electron/contract/monitor-rules.ts';
import { formatBytes, formatCount, formatMs, formatSpan } from '../../ui/format.ts';
import { lagWords } from '../overview/matrix-cells.ts';

const HOUR_MS = 3_600_000;
/** Nodes are heard several times a second; older is worth a word. */
const HEARD_NOW_MS = 3_000;
/** More names than this become a count. */
const MAX_NAMES = 3;
const NOT_TOLD = '–';

/** "m2", or "n1 3, n2 3, n3 2". */
export function leadersWords({ leaders, leaderless }: FleetRow): string {
  const without = leaderless === 0 ? [] : [`${formatCount(leaderless)} without`];
  const [only] = leaders;
  if (leaders.length === 1 && only?.partitions === 1 && leaderless === 0) return only.name;
  const named = leaders.slice(0, MAX_NAMES).map(({ name, partitions }) => `${name} ${formatCount(partitions)}`);
  const more = leaders.length > MAX_NAMES ? [`${leaders.length - MAX_NAMES} more`] : [];
  const all = [...named, ...more, ...without];
  return all.length === 0 ? NOT_TOLD : all.join(', ');
}

/** How many leaders were elected in the last hour, or since it is watched. */
export function electionsWords({ elections }: FleetRow): { readonly count: string; readonly note: string } {
  const isWhole = elections.knownMs >= HOUR_MS - 60_000;
  const notes = [isWhole ? '' : `in ${formatSpan(elections.knownMs)}`, elections.isInferred ? 'inferred' : ''];
  return { count: formatCount(elections.count), note: notes.filter((note) => note !== '').join(', ') };
}

/** "in sync", or how far behind who is. */
export function lagCell({ lag }: FleetRow): { readonly words: string; readonly who: string } {
  if (lag === null) return { words: NOT_TOLD, who: '' };
  return { words: lagWords(lag.entries), who: lag.entries === 0 ? '' : `${lag.node} on p${lag.partition}` };
}

const latencyOf = { writeP99: 'p99 of writes', answer: 'to answer', roundTrip: 'between nodes' } as const;

export function latencyWords({ latency }: FleetRow): { readonly ms: string; readonly of: string } {
  return latency === null ? { ms: NOT_TOLD, of: '' } : { ms: formatMs(latency.ms), of: latencyOf[latency.of] };
}

export function diskWords({ disk }: FleetRow): { readonly used: string; readonly full: string } {
  if (disk === null) return { used: NOT_TOLD, full: '' };
  const full =
    disk.fullPercent === null
      ? ''
      : disk.of === 'quota'
        ? `${Math.floor(disk.fullPercent)} % of its quota`
        : `disk ${Math.floor(disk.fullPercent)} % full`;
  return { used: formatBytes(disk.usedBytes), full };
}

/** Whether what the row says is of now. */
export function heardWords({ heardAtMs, health }: FleetRow, nowMs: number): string {
  if (health.tone === 'idle' && heardAtMs === null) return NOT_TOLD;
  if (heardAtMs === null) return 'No data yet';
  return nowMs - heardAtMs < HEARD_NOW_MS ? 'now' : `No data for ${formatSpan(nowMs - heardAtMs)}`;
}

export interface RuleText {
  readonly title: string;
  readonly text: string;
  /** Before the threshold, and after it. */
  readonly before: string;
}

export const ruleTexts: Readonly<Record<RuleName, RuleText>> = {
  quorum: {
    title: 'Quorum at risk',
    text: 'A replica is down and one more would stop a partition, or it has stopped.',
    before: 'for at least',
  },
  noLeader: { title: 'No leader', text: 'A partition is without leader.', before: 'for at least' },
  unreachable: { title: 'Unreachable', text: 'Nothing is heard of a remote cluster.', before: 'for at least' },
  alarm: { title: 'Alarm', text: 'etcd raises an alarm, or the storage of a node fails.', before: 'for at least' },
  disk: { title: 'Disk', text: 'A disk, or the quota of an etcd database, fills up.', before: 'from' },
  lag: { title: 'Replica behind', text: 'A replica that answers is behind its leader for 10 s.', before: 'by' },
  churn: { title: 'Many elections', text: 'One partition elects leader after leader within an hour.', before: 'from' },
  certificate: { title: 'Certificate', text: 'One of the certificates of a cluster ends.', before: 'within' },
};

export const unitWords: Readonly<Record<RuleLimits['unit'], string>> = {
  s: 'seconds',
  elections: 'elections',
  entries: 'entries',
  percent: 'percent',
  days: 'days',
};

const untold: Readonly<Record<Exclude<Alert['told'], 'yes'>, string>> = {
  quietHours: 'not told: quiet hours',
  muted: 'not told: muted',
  yourDoing: 'not told: your own doing',
};

/** Behind an entry of the log: how long it lasted, and why nobody was told. */
export function alertNotes({ lastedMs, told }: Alert): string {
  const lasted = lastedMs === null ? '' : `after ${formatSpan(lastedMs)}`;
  return [lasted, told === 'yes' ? '' : untold[told]].filter((note) => note !== '').join(', ');
}

/** 1320 → "22:00", for inputs of time. */
export function clockOfMinute(minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
}

/** "22:00" → 1320; null for what is no time of the day. */
export function minuteOfClock(clock: string): number | null {
  const [, hours = '', minutes = ''] = /^(\d{2}):(\d{2})/.exec(clock) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return hours === '' || minute > 1439 || Number(minutes) > 59 ? null : minute;
}
