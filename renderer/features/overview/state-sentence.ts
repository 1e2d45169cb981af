import type { ActiveFault } from '../../../electron/contract/faults.ts';
import type { ClusterView, NodeView, PartitionView } from '../../../electron/contract/model.ts';
import { formatList, formatSpan, plural } from '../../ui/format.ts';

export type StateTone = 'ok' | 'warn' | 'bad' | 'idle';

export interface StateSentence {
  /** Joined by middle dots they are the headline. */
  readonly headline: readonly string[];
  /** What that means for whoever uses the cluster. */
  readonly meaning: string;
  readonly tone: StateTone;
  /** Loss of quorum interrupts a screen reader; everything else waits. */
  readonly urgent: boolean;
}

/** More names than this become a count. */
const MAX_NAMES = 4;

/**
 * The cluster in one sentence, then what it means. `silentMs` is how long the host has
 * said nothing, and null while it speaks.
 */
export function stateSentence(view: ClusterView, silentMs: number | null): StateSentence {
  if (silentMs !== null) {
    const known = describe(view);
    return {
      headline: [`No data for ${formatSpan(silentMs)}`],
      meaning: `Last known: ${known.headline[0] ?? ''}. Everything below is as of then.`,
      tone: 'warn',
      urgent: false,
    };
  }
  return describe(view);
}

function describe(view: ClusterView): StateSentence {
  const { summary } = view;
  if (summary.state === 'stopped') {
    return {
      headline: ['Stopped'],
      meaning: 'No node runs. The data is kept: started again, the cluster goes on where it ended.',
      tone: 'idle',
      urgent: false,
    };
  }
  if (summary.state === 'unreachable') {
    return unreachable(view);
  }
  const up = view.nodes.filter((node) => node.state === 'live');
  const nodesUp = `${up.length} of ${plural(view.nodes.length, 'node')} up`;
  if (summary.state === 'starting') {
    const led = view.partitions.filter((partition) => partition.leader !== 0).length;
    return {
      headline: ['Starting', nodesUp, `${led} of ${plural(view.partitions.length, 'partition')} led`],
      meaning: 'Each partition elects a leader before it takes reads and writes.',
      tone: 'idle',
      urgent: false,
    };
  }
  const headline =
    summary.kind === 'etcd'
      ? [nodesUp, leadClause(view)]
      : [nodesUp, partitionsClause(view.partitions), underReplicated(view.partitions)];
  const withoutQuorum = view.partitions.filter((partition) => !partition.hasQuorum);
  if (withoutQuorum.length > 0) return { ...noQuorum(view, withoutQuorum), headline };
  const electing = view.partitions.filter((partition) => partition.leader === 0);
  const away = view.nodes.filter((node) => node.state !== 'live');
  return {
    headline,
    meaning: [
      ...alarmClauses(view),
      quorumClause(view),
      ...awayClauses(away, summary.kind === 'local'),
      ...faultClauses(view.faults),
    ].join(' '),
    tone: electing.length > 0 || away.length > 0 || view.faults.length > 0 ? 'warn' : 'ok',
    urgent: false,
  };
}

/** How long nothing was heard, why, and what to do. */
function unreachable(view: ClusterView): StateSentence {
  const { remote } = view.summary;
  const heardAtMs = remote?.heardAtMs ?? null;
  const problem = remote?.problem ?? null;
  const silent = heardAtMs === null ? 'No data yet' : `No data for ${formatSpan(view.timeMs - heardAtMs)}`;
  const why =
    problem === null ? ['No node answers at the addresses of this cluster.'] : [problem.message, problem.hint];
  const last = view.nodes.length === 0 ? null : 'What is shown below is the last that was heard.';
  return {
    headline: ['Unreachable', silent],
    meaning: [...why, last].filter((part) => part !== null).join(' '),
    tone: 'bad',
    urgent: true,
  };
}

function leadClause(view: ClusterView): string {
  const partition = view.partitions[0];
  const leader = view.nodes.find((node) => node.id === partition?.leader);
  return leader === undefined ? 'no leader' : `${leader.name} leads in term ${partition?.term ?? 0}`;
}

function alarmClauses(view: ClusterView): string[] {
  const full = view.etcd?.alarms.some(({ alarm }) => alarm === 'noSpace') ?? false;
  return full ? ['The database is full: no writes are taken.'] : [];
}

function partitionsClause(partitions: readonly PartitionView[]): string {
  const lost = partitions.filter((partition) => !partition.hasQuorum).length;
  const electing = partitions.filter((partition) => partition.hasQuorum && partition.leader === 0).length;
  const serving = partitions.length - lost - electing;
  if (lost === 0 && electing === 0) {
    const whole = partitions.every((partition) => partition.replicasDown === 0);
    return whole ? `${plural(serving, 'partition')} healthy` : `${plural(serving, 'partition')} serving`;
  }
  const parts = [
    ...(lost > 0 ? [`${lost} without quorum`] : []),
    ...(electing > 0 ? [`${electing} electing a leader`] : []),
  ];
  return `${plural(serving, 'partition')} serving, ${parts.join(', ')}`;
}

function underReplicated(partitions: readonly PartitionView[]): string {
  return `${String(partitions.filter((partition) => partition.replicasDown > 0).length)} under-replicated`;
}

function noQuorum(view: ClusterView, lost: readonly PartitionView[]): Omit<StateSentence, 'headline'> {
  const which = lost.length === view.partitions.length ? 'every partition' : partitionNames(lost);
  const healers = view.nodes.filter((node) => canReturn(node) && helps(node, lost));
  const heal = healers.length === 0 ? '' : ` ${healClause(healers, replicasMissing(lost))}`;
  return {
    meaning: `No quorum: writes and linearizable reads fail on ${which}. Stale reads still answer.${heal}`,
    tone: 'bad',
    urgent: true,
  };
}

/** Away in a way that a button undoes. */
function canReturn(node: NodeView): boolean {
  return node.state !== 'live' && node.state !== 'suspect';
}

/** How many more replicas the worst of these partitions needs for its quorum. */
function replicasMissing(lost: readonly PartitionView[]): number {
  return Math.max(...lost.map((partition) => -spareReplicas(partition)));
}

/** What brings the quorum back, said of the nodes that are away, by why they are. */
function healClause(healers: readonly NodeView[], missing: number): string {
  const names = (nodes: readonly NodeView[], word: string) =>
    formatList(
      nodes.map((node) => node.name),
      word,
    );
  if (missing >= healers.length && missing > 1) return `Bring back ${names(healers, 'and')}.`;
  if (missing > 1) return `Bring back ${missing} of ${names(healers, 'and')}.`;
  const ways = [
    ['start', healers.filter((node) => node.state === 'dead' || node.state === 'stopped')],
    ['resume', healers.filter((node) => node.state === 'paused')],
    ['heal the network of', healers.filter((node) => node.state === 'partitioned')],
  ] as const;
  const said = ways.flatMap(([verb, nodes]) => (nodes.length === 0 ? [] : [`${verb} ${names(nodes, 'or')}`]));
  const sentence = `${formatList(said, 'or')} to bring it back.`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function helps(node: NodeView, lost: readonly PartitionView[]): boolean {
  return lost.some((partition) => partition.replicas.includes(node.id));
}

function quorumClause(view: ClusterView): string {
  const spares = view.partitions.map(spareReplicas);
  const spare = Math.min(...spares);
  if (view.nodes.length === 1) return 'One copy of everything: without this node nothing answers.';
  if (spare > 0) {
    const any = spare === 1 ? 'Any one node' : `Any ${spare} nodes`;
    return `Quorum holds. ${any} can fail and every partition keeps serving.`;
  }
  const tight = view.partitions.filter((_, i) => spares[i] === 0);
  const critical = view.nodes.filter(
    (node) => node.state === 'live' && tight.some((partition) => partition.replicas.includes(node.id)),
  );
  const everywhere = critical.every((node) =>
    view.partitions.every((partition) => spareReplicas(partition) === 0 && partition.replicas.includes(node.id)),
  );
  const names =
    critical.length > MAX_NAMES
      ? `any of ${critical.length} nodes`
      : formatList(
          critical.map((node) => node.name),
          'or',
        );
  const stops = everywhere
    ? 'every partition'
    : tight.length === view.partitions.length
      ? 'the partitions it holds'
      : partitionNames(tight);
  return `Quorum holds with no node to spare. Losing ${names} stops ${stops}.`;
}

/** How many of its live replicas a partition can lose and keep its quorum. */
function spareReplicas(partition: PartitionView): number {
  const total = partition.replicas.length;
  return total - partition.replicasDown - (Math.floor(total / 2) + 1);
}

function awayClauses(away: readonly NodeView[], isLocal: boolean): string[] {
  const say = (state: NodeView['state'], words: (names: string, many: boolean) => string) => {
    const names = away.filter((node) => node.state === state).map((node) => node.name);
    return names.length === 0 ? [] : [words(formatList(names), names.length > 1)];
  };
  return [
    ...say('paused', (names, many) => `${names} ${many ? 'are' : 'is'} paused by you.`),
    ...say('partitioned', (names, many) => `${names} ${many ? 'are' : 'is'} cut off from the others.`),
    ...say('suspect', (names, many) => `${names} ${many ? 'do' : 'does'} not answer${isLocal ? ' heartbeats' : ''}.`),
  ];
}

/** Faults of links and disks; a node that is cut off is told of already. */
function faultClauses(faults: readonly ActiveFault[]): string[] {
  const count = (kind: ActiveFault['kind']) => faults.filter((fault) => fault.kind === kind).length;
  const said = [
    ...(count('link') > 0 ? [plural(count('link'), 'link')] : []),
    ...(count('disk') > 0 ? [plural(count('disk'), 'disk')] : []),
  ];
  const many = count('link') + count('disk') > 1;
  return said.length === 0 ? [] : [`${formatList(said)} ${many ? 'suffer faults' : 'suffers a fault'} of yours.`];
}

function partitionNames(partitions: readonly PartitionView[]): string {
  if (partitions.length > MAX_NAMES) return plural(partitions.length, 'partition');
  return formatList(partitions.map((partition) => `p${partition.partition}`));
}
