import type { ClusterView, NodeView, PartitionView } from '../../contract/model.ts';
import { majorityOf } from '../clusters/placement.ts';

/** How full a disk or a quota is. */
export interface Fill {
  /** "The disk of /data", "The database of m1". */
  readonly what: string;
  readonly of: 'disk' | 'quota';
  readonly percent: number;
}

/** When a certificate ends. */
export interface CertificateEnd {
  /** "10.0.0.1:2379", "the client certificate". */
  readonly what: string;
  readonly endsAtMs: number;
}

/** All that the rules and the overview look at, of one cluster at one moment. */
export interface ClusterFacts {
  readonly view: ClusterView;
  /** 'unknown': nothing is heard, so nothing below is true any more. */
  readonly condition: 'known' | 'starting' | 'stopped' | 'unknown';
  /** Why nothing is heard. */
  readonly problem: string | null;
  readonly partitions: readonly PartitionFacts[];
  readonly lag: Lag | null;
  readonly elections: { readonly partition: number; readonly count: number } | null;
  readonly fills: readonly Fill[];
  readonly certificates: readonly CertificateEnd[];
  /** What the cluster itself complains about, in sentences. */
  readonly alarms: readonly string[];
  /** Nodes are away, or links are cut, because the user of this computer wanted it. */
  readonly isYourDoing: boolean;
}

export interface PartitionFacts extends PartitionView {
  /** How many more replicas can go before it stops; below 0 it has stopped. */
  readonly spare: number;
  /** Voters that are not up. */
  readonly down: number;
}

export interface Lag {
  readonly entries: number;
  readonly node: string;
  readonly partition: number;
}

/** What is seen beside the view. */
export interface Seen {
  readonly elections: ClusterFacts['elections'];
  readonly fills: readonly Fill[];
  readonly certificates: readonly CertificateEnd[];
  /** A drill runs. */
  readonly isDrilled: boolean;
}

export function factsOf(view: ClusterView, seen: Seen): ClusterFacts {
  const { state, remote } = view.summary;
  return {
    view,
    condition: state === 'stopped' || state === 'starting' ? state : state === 'unreachable' ? 'unknown' : 'known',
    problem: remote?.problem?.message ?? null,
    partitions: view.partitions.map((partition) => partitionFacts(partition, view.nodes)),
    lag: worstLag(view),
    elections: seen.elections,
    fills: [...seen.fills, ...quotaFills(view)],
    certificates: seen.certificates,
    alarms: alarmsOf(view),
    isYourDoing: seen.isDrilled || view.faults.length > 0 || view.nodes.some(isAwayByYou),
  };
}

function partitionFacts(partition: PartitionView, nodes: readonly NodeView[]): PartitionFacts {
  // Learners hold the log and do not vote.
  const learners = nodes.filter((node) =>
    node.replicas.some((replica) => replica.partition === partition.partition && replica.role === 'learner'),
  );
  const learning = learners.filter(({ id }) => partition.replicas.includes(id));
  const voters = partition.replicas.length - learning.length;
  const down = Math.max(0, partition.replicasDown - learning.filter((node) => node.state !== 'live').length);
  const spare = voters - down - majorityOf(voters);
  return { ...partition, down, spare: partition.hasQuorum ? Math.max(0, spare) : Math.min(-1, spare) };
}

/** Among nodes that answer: one that is down is told of as that. */
function worstLag({ nodes, partitions }: ClusterView): Lag | null {
  let worst: Lag | null = null;
  for (const { name, state, replicas } of nodes) {
    if (state !== 'live') continue;
    for (const { partition, matchIndex, lastLogIndex } of replicas) {
      const commitIndex = partitions.find((one) => one.partition === partition)?.commitIndex ?? 0;
      const entries = Math.max(0, commitIndex - (matchIndex ?? lastLogIndex));
      if (worst === null || entries > worst.entries) worst = { entries, node: name, partition };
    }
  }
  return worst;
}

function quotaFills({ etcd, nodes }: ClusterView): Fill[] {
  return (etcd?.members ?? []).flatMap(({ node, dbSizeBytes, metrics }): Fill[] => {
    const quota = metrics?.quotaBytes ?? 0;
    if (dbSizeBytes === null || quota <= 0) return [];
    const name = nodes.find((one) => one.id === node)?.name ?? `member ${node}`;
    return [{ what: `The database of ${name}`, of: 'quota', percent: (dbSizeBytes / quota) * 100 }];
  });
}

function alarmsOf({ etcd, nodes }: ClusterView): string[] {
  const name = (id: number): string => nodes.find((node) => node.id === id)?.name ?? `member ${id}`;
  const raised = (etcd?.alarms ?? []).map(({ node, alarm }) =>
    alarm === 'noSpace'
      ? `${name(node)} has raised NOSPACE: its database is full, and no writes are taken.`
      : `${name(node)} has raised CORRUPT: its data differs from that of the others.`,
  );
  const failed = nodes.flatMap((node) =>
    node.storageError === null ? [] : [`The storage of ${node.name} has failed: ${node.storageError}`],
  );
  return [...raised, ...failed];
}

function isAwayByYou(node: NodeView): boolean {
  if (node.state === 'paused' || node.state === 'stopped') return true;
  return node.state === 'dead' && node.exit !== null && node.exit.by !== 'none';
}
