import type { InspectedReplica, PartitionLive, RaftWord } from '../../../electron/contract/model.ts';
import type { RoleLetter } from '../../ui/role-glyph.tsx';

/** Whether the others can reach the replica: its process runs and no fault cuts it off from all of them. */
export function isReachable(replica: InspectedReplica): boolean {
  return replica.state === 'live' || replica.state === 'suspect';
}

/** The shape of a replica: its role, or down where no process answers. */
export function roleLetter(replica: InspectedReplica): RoleLetter {
  if (replica.state === 'dead' || replica.state === 'stopped' || replica.word === null) return 'X';
  return letters[replica.word.role];
}

const letters: Readonly<Record<RaftWord['role'], RoleLetter>> = {
  leader: 'L',
  follower: 'F',
  candidate: 'C',
  preCandidate: 'C',
  learner: 'N',
};

/** The replica that leads, by the judgement of the whole partition; null when there is none. */
export function leaderOf(live: PartitionLive): InspectedReplica | null {
  return live.replicas.find((replica) => replica.node === live.partition.leader) ?? null;
}

export function replicaOf(live: PartitionLive, node: number): InspectedReplica | null {
  return live.replicas.find((replica) => replica.node === node) ?? null;
}

/** As many voters as must agree. */
export function quorumOf(live: PartitionLive): number {
  return Math.floor(live.voters.length / 2) + 1;
}

/** Voters first, then learners, each in order of their number: the order of every list of this screen. */
export function inOrder(live: PartitionLive): InspectedReplica[] {
  const rank = (replica: InspectedReplica) => (live.learners.includes(replica.node) ? 1 : 0);
  return live.replicas.toSorted((a, b) => rank(a) - rank(b) || a.node - b.node);
}

/** A replica that still believes to lead although another one was elected since; it cannot know. */
export function isOldLeader(live: PartitionLive, replica: InspectedReplica): boolean {
  return replica.word?.role === 'leader' && roleLetter(replica) === 'L' && replica.word.term < live.partition.term;
}

export function nameOf(node: number): string {
  return `n${node}`;
}

/** Whether any replica was ever heard. */
export function isKnown(live: PartitionLive): boolean {
  return live.replicas.some((replica) => replica.word !== null);
}
