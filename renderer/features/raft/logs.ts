import { termAt } from '../../../electron/contract/log-runs.ts';
import type { InspectedReplica, LogRun, PartitionLive } from '../../../electron/contract/model.ts';
import { leaderOf, replicaOf } from './roles.ts';

/**
 * The first entry of a replica's log that contradicts the leader's log; null when none is
 * known to. All from there on was never committed, and the leader will replace it.
 */
export function divergesAt(live: PartitionLive, replica: InspectedReplica): number | null {
  const leader = leaderOf(live);
  if (leader === null || leader.node === replica.node) return null;
  for (const run of replica.log) {
    for (const other of leader.log) {
      const from = Math.max(run.fromIndex, other.fromIndex);
      const to = Math.min(run.toIndex, other.toIndex);
      if (from <= to && run.term !== other.term) return from;
    }
  }
  return null;
}

/** How many entries of a log were never committed and will be replaced by the leader's. */
export function divergedEntries(live: PartitionLive, replica: InspectedReplica): number {
  const from = divergesAt(live, replica);
  const last = replica.log.at(-1)?.toIndex ?? 0;
  return from === null ? 0 : last - from + 1;
}

/** The leader's word on how far a replica's log agrees with its own; its own log's end for the leader. */
export function matchIndexOf(live: PartitionLive, node: number): number | null {
  const leader = leaderOf(live);
  if (leader === null || leader.word === null) return null;
  if (node === leader.node) return leader.word.persistedIndex;
  return leader.word.progress.find((progress) => progress.node === node)?.matchIndex ?? null;
}

/** How much of the snapshot that the leader is sending to a replica was sent, in whole per cent; null when none is. */
export function snapshotPercent(live: PartitionLive, node: number): number | null {
  const progress = leaderOf(live)?.word?.progress.find((one) => one.node === node);
  if (progress?.state !== 'snapshot' || progress.snapshotShare === undefined) return null;
  return Math.floor(progress.snapshotShare * 100);
}

/**
 * Entries of the leader's log that a replica is not known to hold; null without a leader. A
 * new leader knows of nobody yet: until it does, the replica's own last word counts.
 */
export function entriesBehind(live: PartitionLive, node: number): number | null {
  const match = matchIndexOf(live, node);
  const last = leaderOf(live)?.word?.lastLogIndex;
  if (match === null || last === undefined) return null;
  const held = match > 0 ? match : (replicaOf(live, node)?.word?.lastLogIndex ?? 0);
  return Math.max(0, last - held);
}

/** One stretch of a log strip, both ends included, that is drawn alike. */
export interface Stretch {
  readonly fromIndex: number;
  readonly toIndex: number;
  /** Null: in the log, but of a term that was not read. */
  readonly term: number | null;
  /** As the replica itself knows. */
  readonly isCommitted: boolean;
}

/**
 * What is known of a replica's log. Committed entries are the same in every log (Raft paper,
 * 5.3), so those that were not read of this one are taken from the leader's.
 */
function knownRuns(live: PartitionLive, replica: InspectedReplica): readonly LogRun[] {
  const leader = leaderOf(live);
  if (leader === null || leader.word === null || replica.word === null || leader.node === replica.node)
    return replica.log;
  const firstRead = replica.log[0]?.fromIndex ?? Infinity;
  const finalTo = Math.min(replica.word.commitIndex, leader.word.commitIndex, firstRead - 1);
  const shared = leader.log
    .filter((run) => run.fromIndex <= finalTo)
    .map((run) => ({ ...run, toIndex: Math.min(run.toIndex, finalTo) }));
  return [...shared, ...replica.log];
}

/** Part of a log between two indexes, both included, cut where the term or the commit index changes. */
export function stretchesOf(
  live: PartitionLive,
  replica: InspectedReplica,
  fromIndex: number,
  toIndex: number,
): Stretch[] {
  const { word } = replica;
  if (word === null) return [];
  const from = Math.max(fromIndex, word.firstLogIndex);
  const to = Math.min(toIndex, word.lastLogIndex);
  if (from > to) return [];
  const runs = knownRuns(live, replica);
  const cuts = new Set<number>([from, word.commitIndex + 1]);
  for (const run of runs) cuts.add(run.fromIndex).add(run.toIndex + 1);
  const starts = [...cuts].filter((index) => index >= from && index <= to).sort((a, b) => a - b);
  const stretches = starts.map((start, i) => ({
    fromIndex: start,
    toIndex: (starts[i + 1] ?? to + 1) - 1,
    term: termAt(runs, start),
    isCommitted: start <= word.commitIndex,
  }));
  return stretches.reduce<Stretch[]>((joined, stretch) => {
    const last = joined.at(-1);
    if (last !== undefined && last.term === stretch.term && last.isCommitted === stretch.isCommitted) {
      joined[joined.length - 1] = { ...last, toIndex: stretch.toIndex };
    } else joined.push(stretch);
    return joined;
  }, []);
}

/** The indexes on the axis that all strips share. */
export interface IndexAxis {
  readonly fromIndex: number;
  readonly toIndex: number;
  /** Whether each entry has a cell of its own; else runs are drawn as bars. */
  readonly hasCells: boolean;
}

/** A replica further behind than this is told in words; it would squeeze the others to nothing. */
const MOST_ON_AXIS = 4_096;

/**
 * The end of the logs. As many entries as have room for a cell each, or, when the replicas
 * are further apart, twice, four times ... as many, so that the scale does not tremble.
 */
export function indexAxis(live: PartitionLive, columns: number): IndexAxis {
  const words = live.replicas.flatMap((replica) => (replica.word === null ? [] : [replica.word]));
  const next = words.flatMap((word) => word.progress.map((progress) => progress.nextIndex));
  const end = Math.max(1, ...words.map((word) => word.lastLogIndex), ...next.map((index) => index - 1)) + 1;
  const starts = words
    .flatMap((word) => [word.lastLogIndex, word.appliedIndex, word.commitIndex])
    .filter((index) => index > 0 && end - index <= MOST_ON_AXIS);
  const needed = end - Math.min(end, ...starts) + 4;
  let shown = Math.max(2, columns);
  while (shown < needed) shown *= 2;
  const fromIndex = Math.max(1, end - shown + 1);
  return { fromIndex, toIndex: fromIndex + shown - 1, hasCells: shown === Math.max(2, columns) };
}

/** About `count` round numbers along the axis. */
export function axisTicks(axis: IndexAxis, count: number): number[] {
  const span = axis.toIndex - axis.fromIndex + 1;
  const rough = Math.max(1, span / Math.max(1, count));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const first = Math.max(step, Math.ceil(axis.fromIndex / step) * step);
  return Array.from({ length: Math.max(0, Math.floor((axis.toIndex - first) / step) + 1) }, (_, i) => first + i * step);
}
