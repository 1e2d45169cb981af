import { SYSTEM_GROUP } from '../config/ids.ts';
import { allMembers } from '../raft/membership.ts';
import type { MembershipTarget, NodeId, ProgressStatus, RaftStatus } from '../raft/types.ts';
import type { Group } from './group.ts';
import { sameIds } from './planner.ts';
import type { RoutingTable, WantedMembers } from './routing.ts';

/** A hand-over to a member further behind would keep the group's writes waiting while it catches up. */
const NEARLY_IN_STEP_ENTRIES = 256;

/** What the leader of a group does next to give it the members that it shall have. */
export type Step =
  { readonly kind: 'propose'; readonly target: MembershipTarget } | { readonly kind: 'transfer'; readonly to: NodeId };

/** What a group that this node leads needs next to come to the members, and then the leader, that it should have. */
export function dueStep(
  { id, core, wanted, isLeader, preferredLeader }: Group,
  table: RoutingTable,
  node: NodeId,
): Step | null {
  if (wanted === null || !isLeader) return null;
  const { membership } = core;
  const isSettled =
    membership.votersOutgoing.length === 0 &&
    sameIds(membership.voters, wanted.voters) &&
    sameIds(membership.learners, wanted.learners);
  const spreads = table.balance === 'leaders' && id !== SYSTEM_GROUP;
  if (isSettled && (!spreads || preferredLeader === node)) return null;
  return isSettled ? leaderStep(core.status(), preferredLeader) : nextStep(core.status(), wanted);
}

/** What is refused is due again with the next tick. */
export function takeStep({ core }: Group, step: Step): void {
  if (step.kind === 'propose') core.proposeMembership(step.target);
  else core.transferLeadership(step.to);
}

/**
 * The next step of a leader towards the wanted members, or null: there is none, or the one before
 * has to end first. New members come as learners, which costs nobody anything; when they are in
 * step the wanted voters take over in one change. A leader that is not to stay hands over before
 * that, so that no write has to wait for an election. Asked for again and again: what is refused
 * now, because somebody is not in step yet, is tried again.
 */
export function nextStep(status: RaftStatus, wanted: WantedMembers): Step | null {
  const { id, membership, progress, transferringTo } = status;
  if (membership.votersOutgoing.length > 0 || transferringTo !== 0) return null;
  const { voters, learners } = membership;
  if (sameIds(voters, wanted.voters) && sameIds(learners, wanted.learners)) return null;
  const present = allMembers(membership);
  const missing = [...wanted.voters, ...wanted.learners].filter((member) => !present.includes(member));
  if (missing.length > 0) return propose(voters, [...learners, ...missing]);

  const isReady = (member: NodeId): boolean => {
    if (member === id || voters.includes(member)) return true;
    const peer = progress.find((p) => p.id === member);
    return peer !== undefined && isNear(peer, status);
  };
  // A change to voters of whom no majority answers would be the last one of this group.
  const answers = (member: NodeId) => member === id || progress.some((p) => p.id === member && p.recentlyActive);
  if (wanted.voters.filter(answers).length <= wanted.voters.length / 2) return null;
  if (!wanted.voters.every(isReady)) return growing(status, wanted, isReady);
  if (!wanted.voters.includes(id)) {
    const heir = progress
      .filter((p) => wanted.voters.includes(p.id) && voters.includes(p.id) && isNear(p, status))
      .toSorted((a, b) => b.matchIndex - a.matchIndex || a.id - b.id)[0];
    if (heir !== undefined) return { kind: 'transfer', to: heir.id };
  }
  return propose(wanted.voters, wanted.learners);
}

/** The hand-over that brings a settled group to the leader it should have; null when there is none to make. */
export function leaderStep(status: RaftStatus, preferred: NodeId): Step | null {
  const { id, membership, progress, transferringTo } = status;
  if (preferred === id || transferringTo !== 0 || !membership.voters.includes(preferred)) return null;
  const peer = progress.find((p) => p.id === preferred);
  return peer !== undefined && isNear(peer, status) ? { kind: 'transfer', to: preferred } : null;
}

/**
 * While somebody is behind, those who are in step may vote already, if the group only grows: one
 * that never comes does not keep the others waiting.
 */
function growing(status: RaftStatus, wanted: WantedMembers, isReady: (member: NodeId) => boolean): Step | null {
  const { voters, learners } = status.membership;
  if (!voters.every((voter) => wanted.voters.includes(voter))) return null;
  const ready = wanted.voters.filter(isReady);
  if (ready.length <= voters.length) return null;
  return propose(
    ready,
    [...new Set([...learners, ...wanted.learners])].filter((member) => !ready.includes(member)),
  );
}

function propose(voters: readonly NodeId[], learners: readonly NodeId[]): Step {
  return { kind: 'propose', target: { voters, learners: learners.toSorted((a, b) => a - b) } };
}

function isNear(peer: ProgressStatus, { lastIndex }: RaftStatus): boolean {
  return peer.recentlyActive && peer.state === 'replicate' && lastIndex - peer.matchIndex <= NEARLY_IN_STEP_ENTRIES;
}
