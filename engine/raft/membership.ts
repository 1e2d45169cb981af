import type { Membership, NodeId } from './types.ts';

/** Whether this member's vote and its copy of the log count in either majority. */
export function isVoter(membership: Membership, id: NodeId): boolean {
  return membership.voters.includes(id) || membership.votersOutgoing.includes(id);
}

export function isMember(membership: Membership, id: NodeId): boolean {
  return isVoter(membership, id) || membership.learners.includes(id);
}

/** Everyone whose vote counts, sorted and without repeats. */
export function allVoters(membership: Membership): readonly NodeId[] {
  if (membership.votersOutgoing.length === 0) return membership.voters;
  return sortedUnion(membership.voters, membership.votersOutgoing);
}

/** Everyone the log is replicated to, sorted and without repeats. */
export function allMembers(membership: Membership): readonly NodeId[] {
  return sortedUnion(allVoters(membership), membership.learners);
}

function sortedUnion(a: readonly NodeId[], b: readonly NodeId[]): readonly NodeId[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
