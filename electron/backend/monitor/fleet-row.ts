import type { ClusterView, Sample } from '../../contract/model.ts';
import type { FleetRow } from '../../contract/monitor.ts';
import type { AlertBook } from './alert-book.ts';
import type { ElectionTally } from './election-tally.ts';
import type { ClusterFacts } from './facts.ts';
import { healthOf } from './health-words.ts';

/** A sample that is older says nothing about now. */
const FRESH_MS = 5_000;

/** One cluster as the overview of all shows it. What is not known now is null, never an old figure. */
export function fleetRow(options: {
  readonly cluster: string;
  readonly facts: ClusterFacts;
  readonly tally: ElectionTally;
  readonly sample: Sample | null;
  readonly book: AlertBook;
  readonly isMuted: boolean;
  readonly nowMs: number;
}): FleetRow {
  const { cluster, facts, tally, nowMs } = options;
  const { view } = facts;
  const isKnown = facts.condition === 'known' || facts.condition === 'starting';
  const sample = options.sample !== null && nowMs - options.sample.timeMs < FRESH_MS ? options.sample : null;
  const { remote, kind } = view.summary;
  const terms = view.partitions.map((one) => one.term);
  const first = facts.certificates.toSorted((a, b) => a.endsAtMs - b.endsAtMs)[0];
  return {
    cluster,
    health: healthOf(facts),
    leaders: isKnown ? leadersOf(view) : [],
    leaderless: isKnown ? view.partitions.filter((one) => one.leader === 0).length : 0,
    term: terms.length === 0 ? null : Math.max(...terms),
    elections: {
      count: tally.total,
      knownMs: tally.knownMs(nowMs),
      isInferred: kind === 'prkdb' && remote?.capabilities.includes('liveEvents') !== true,
    },
    lag: isKnown ? facts.lag : null,
    latency: isKnown ? latencyOf(view, sample) : null,
    disk: diskOf(view, facts),
    certificate: first ?? null,
    writesPerSecond: isKnown ? (sample?.writesPerSecond ?? null) : null,
    heardAtMs: heardAtMs(view),
    firing: options.book.firing(cluster),
    isMuted: options.isMuted,
  };
}

function leadersOf({ nodes, partitions }: ClusterView): FleetRow['leaders'] {
  return nodes
    .map(({ id, name }) => ({ node: id, name, partitions: partitions.filter((one) => one.leader === id).length }))
    .filter((one) => one.partitions > 0)
    .sort((a, b) => b.partitions - a.partitions || a.node - b.node);
}

/** What clients wait for; where nothing is written, how long nodes take to answer us or one another. */
function latencyOf({ nodes }: ClusterView, sample: Sample | null): FleetRow['latency'] {
  const p99 = sample?.writeP99Ms ?? null;
  if (p99 !== null) return { ms: p99, of: 'writeP99' };
  const live = nodes.filter((node) => node.state === 'live');
  const answers = live.flatMap((node) => node.answerMs ?? []);
  if (answers.length > 0) return { ms: median(answers), of: 'answer' };
  const roundTrips = live.flatMap((node) => node.links.flatMap((link) => link.roundTripMs ?? []));
  return roundTrips.length === 0 ? null : { ms: median(roundTrips), of: 'roundTrip' };
}

function diskOf({ nodes }: ClusterView, { fills }: ClusterFacts): FleetRow['disk'] {
  const used = nodes.flatMap((node) => node.dataBytes ?? []);
  const fullest = fills.toSorted((a, b) => b.percent - a.percent)[0];
  if (used.length === 0 && fullest === undefined) return null;
  return {
    usedBytes: used.reduce((sum, bytes) => sum + bytes, 0),
    fullPercent: fullest?.percent ?? null,
    of: fullest?.of ?? null,
  };
}

function heardAtMs({ summary, nodes }: ClusterView): number | null {
  if (summary.state === 'stopped') return null;
  const heard = nodes.flatMap((node) => node.heardAtMs ?? []);
  return summary.remote?.heardAtMs ?? (heard.length === 0 ? null : Math.max(...heard));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
