import type { Membership, NodeId } from './types.ts';

/** Of a replica that knows nothing yet: it neither stands nor counts anybody. */
export const NO_MEMBERSHIP: Membership = Object.freeze({ voters: [], votersOutgoing: [], learners: [] });

/** Whether this member's vote and its copy of the log count in either majority. */
export function isVoter(membership: Membership, id: NodeId): boolean {
  return membership.voters.includes(id) || membership.votersOutgoing.includes(id);
}

export function isMember(membership: Membership, id: NodeId): boolean {
  return isVoter(membership, id) || membership.learners.includes(id);
}

/** In the middle of a change: two majorities decide together (Raft paper, section 6). */
export function isJoint(membership: Membership): boolean {
  return membership.votersOutgoing.length > 0;
}

/** Everyone whose vote counts, sorted and without repeats. */
export function allVoters(membership: Membership): readonly NodeId[] {
  if (!isJoint(membership)) return membership.voters;
  return sortedUnion(membership.voters, membership.votersOutgoing);
}

/** Everyone the log is replicated to, sorted and without repeats. */
export function allMembers(membership: Membership): readonly NodeId[] {
  return sortedUnion(allVoters(membership), membership.learners);
}

function sortedUnion(a: readonly NodeId[], b: readonly NodeId[]): readonly NodeId[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
