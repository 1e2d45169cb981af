import type { ClusterView, NodeView, PartitionView, Replica } from '../../../electron/contract/model.ts';
import { formatCount, formatList, plural } from '../../ui/format.ts';
import type { RoleLetter } from '../../ui/role-glyph.tsx';

/** How long a leader is called new. */
export const NEW_LEADER_MS = 10_000;

export interface MatrixCell {
  /** Null: the node holds no replica of the partition. */
  readonly role: RoleLetter | null;
  readonly term: number | null;
  /** The commit index, for a leader. */
  readonly figure: string | null;
  readonly words: string | null;
  readonly isNewLeader: boolean;
  /** 0 to 1, logarithmic; null without a bar. */
  readonly lag: number | null;
  /** The whole cell as a sentence, for the panel header and for screen readers. */
  readonly sentence: string;
}

export interface MatrixRow {
  readonly node: NodeView;
  readonly cells: readonly MatrixCell[];
}

/** Columns from `first` up to but not `end`. */
export interface ColumnRange {
  readonly first: number;
  readonly end: number;
}

/** Length of the lag bar, 0 to 1: one entry shows, a million fills it. */
export function lagFraction(entriesBehind: number): number {
  return entriesBehind <= 0 ? 0 : Math.min(1, Math.log10(entriesBehind + 1) / 6);
}

/** "in sync" or "N behind". */
export function lagWords(entriesBehind: number): string {
  return entriesBehind <= 0 ? 'in sync' : `${formatCount(entriesBehind)} behind`;
}

/** Whether the partition's leader won so lately that it is marked. The first leader of all is not news. */
export function isNewLeader(partition: PartitionView, nowMs: number): boolean {
  const since = partition.leaderSinceMs;
  return partition.leader !== 0 && partition.term > 1 && since !== null && nowMs - since < NEW_LEADER_MS;
}

/** Every node's part in every partition of these columns, in the view's order of both. */
export function matrixRows(view: ClusterView, nowMs: number, columns?: ColumnRange): MatrixRow[] {
  const partitions = view.partitions.slice(columns?.first, columns?.end);
  const names = new Map(view.nodes.map((node) => [node.id, node.name]));
  const replicas = new Map(
    view.nodes.map((node) => [node.id, new Map(node.replicas.map((replica) => [replica.partition, replica]))]),
  );
  return view.nodes.map((node) => ({
    node,
    cells: partitions.map((partition) => {
      const replica = replicas.get(node.id)?.get(partition.partition);
      const leaders = replicas.get(partition.leader)?.get(partition.partition);
      return cell({ node, partition, replica, leaders, names, nowMs });
    }),
  }));
}

/** What the panel header says while no cell is pointed at. */
export function matrixSummary(view: ClusterView, nowMs: number): string {
  const name = (partition: PartitionView) => `p${partition.partition}`;
  const said: string[] = [];
  const fresh = view.partitions.filter((partition) => isNewLeader(partition, nowMs));
  if (fresh.length > 8) said.push(`${plural(fresh.length, 'partition')} have new leaders.`);
  else if (fresh.length > 0) {
    said.push(`${formatList(fresh.map(name))} ${fresh.length === 1 ? 'has a new leader' : 'have new leaders'}.`);
  }
  const without = view.partitions.filter((partition) => partition.leader === 0);
  if (without.length > 8) said.push(`${plural(without.length, 'partition')} have no leader.`);
  else if (without.length > 0) {
    said.push(`${formatList(without.map(name))} ${without.length === 1 ? 'has' : 'have'} no leader.`);
  }
  return said.length === 0
    ? 'a row for each node, a column for each partition; a cell opens its partition'
    : said.join(' ');
}

interface Place {
  readonly node: NodeView;
  readonly partition: PartitionView;
  readonly replica: Replica | undefined;
  /** The leader's own replica. */
  readonly leaders: Replica | undefined;
  readonly names: ReadonlyMap<number, string>;
  readonly nowMs: number;
}

const blank = { term: null, figure: null, words: null, isNewLeader: false, lag: null } as const;

function cell(place: Place): MatrixCell {
  const { node, partition, replica } = place;
  const p = `p${partition.partition}`;
  if (replica === undefined && !partition.replicas.includes(node.id)) {
    return { ...blank, role: null, sentence: `${node.name} holds no replica of ${p}` };
  }
  if (node.state !== 'live' && node.state !== 'suspect') return downCell(node, p, replica);
  if (replica === undefined) {
    return { ...blank, role: null, words: 'no word yet', sentence: `${node.name} has not reported on ${p} yet` };
  }
  const term = replica.term;
  switch (replica.role) {
    case 'leader':
      return leaderCell(place, p, replica);
    case 'candidate':
      return {
        ...blank,
        role: 'C',
        term,
        words: 'asks votes',
        sentence: `${node.name} stands for election of ${p}, term ${term}`,
      };
    case 'preCandidate':
      return {
        ...blank,
        role: 'C',
        term,
        words: 'pre-vote',
        sentence: `${node.name} asks whether it could win an election of ${p}, term ${term}`,
      };
    case 'follower':
    case 'learner':
      return followerCell(place, p, replica);
  }
}

function downCell(node: NodeView, p: string, replica: Replica | undefined): MatrixCell {
  const role = replica?.role;
  const letter = role === 'leader' ? 'L' : role === 'learner' ? 'N' : role === undefined ? null : 'F';
  const past = letter === 'L' ? 'led' : letter === null ? 'holds a replica of' : 'followed';
  return {
    ...blank,
    role: 'X',
    words: letter === null ? node.state : `was ${letter}`,
    sentence: `${node.name} is ${node.state}; it ${past} ${p}`,
  };
}

function leaderCell({ node, partition, nowMs }: Place, p: string, replica: Replica): MatrixCell {
  const counts = partition.leader === node.id;
  const fresh = counts && isNewLeader(partition, nowMs);
  const verb = !counts ? 'believes it leads' : fresh ? 'is the new leader of' : 'leads';
  const commit = formatCount(replica.commitIndex);
  return {
    ...blank,
    role: 'L',
    term: replica.term,
    figure: commit,
    words: counts ? null : 'no quorum',
    isNewLeader: fresh,
    sentence: `${node.name} ${verb} ${p}, term ${replica.term}, commit ${commit}`,
  };
}

function followerCell({ node, partition, leaders, names }: Place, p: string, replica: Replica): MatrixCell {
  const learner = replica.role === 'learner';
  const verb = learner ? 'learns' : 'follows';
  const base = { ...blank, role: learner ? 'N' : 'F', term: replica.term } as const;
  if (partition.leader === 0) {
    const voted = names.get(replica.votedFor);
    return {
      ...base,
      words: voted === undefined ? 'no leader' : `votes ${voted}`,
      sentence:
        voted === undefined
          ? `${node.name} waits for a leader of ${p}, term ${replica.term}`
          : `${node.name} voted for ${voted} as leader of ${p}, term ${replica.term}`,
    };
  }
  const match = replica.matchIndex ?? replica.lastLogIndex;
  const behind = Math.max(0, (leaders?.lastLogIndex ?? match) - match);
  const leader = names.get(partition.leader) ?? '';
  const state =
    behind === 0 ? `in sync with leader ${leader}` : `${plural(behind, 'entry', 'entries')} behind leader ${leader}`;
  return {
    ...base,
    words: lagWords(behind),
    lag: behind === 0 ? null : lagFraction(behind),
    sentence: `${node.name} ${verb} ${p}, term ${replica.term}, match ${formatCount(match)}, ${state}`,
  };
}
