import { isJoint } from './membership.ts';
import type { Membership, MembershipTarget, NodeId } from './types.ts';

/**
 * Membership changes (Raft paper, section 6; dissertation, chapter 4) as pure functions:
 * the old configuration in, the new one or a sentence that says why not out. All replicas
 * compute the same from the same log.
 */

export type { MembershipTarget } from './types.ts';

/** What an entry of `EntryType.ConfChange` says; see confchange-codec.ts for its bytes. */
export type ConfChange =
  | {
      readonly kind: 'enter';
      /** The configuration the change was made for: a replica that knows none yet learns it here. */
      readonly from: MembershipTarget;
      readonly target: MembershipTarget;
    }
  | { readonly kind: 'leave' };

export type ChangeOutcome =
  { readonly ok: true; readonly membership: Membership } | { readonly ok: false; readonly reason: string };

export const MAX_MEMBER_ID = 0xffffffff;
/** Voters, and learners, of one group: far more than a quorum system is good for. */
export const MAX_MEMBERS = 255;

/**
 * The configuration that `current` passes to on its way to `target`. When at most one voter
 * comes or goes it is the target itself: every majority before shares a member with every
 * majority after (dissertation, section 4.1). Otherwise it is joint, and `leaveJoint` ends it.
 * A voter that becomes a learner counts among `votersOutgoing` until then.
 */
export function enterChange(current: Membership, target: MembershipTarget): ChangeOutcome {
  const invalid = whyInvalid(target);
  if (invalid !== null) return { ok: false, reason: invalid };
  if (isJoint(current)) return { ok: false, reason: 'the change before this one is not complete' };
  const voters = sorted(target.voters);
  const learners = sorted(target.learners);
  if (isSame(voters, current.voters) && isSame(learners, current.learners)) {
    return { ok: false, reason: 'the group has these members already' };
  }
  const votersOutgoing = differences(current.voters, voters) <= 1 ? [] : current.voters;
  return { ok: true, membership: { voters, votersOutgoing, learners } };
}

/** The joint configuration is over: only `voters` decide from now on. */
export function leaveJoint(membership: Membership): Membership {
  const { voters, learners } = membership;
  return { voters, votersOutgoing: [], learners };
}

/**
 * What a committed change makes of the configuration it finds. A refusal leaves that as it
 * is, on every replica alike: another change was committed before this one.
 */
export function applyConfChange(current: Membership, change: ConfChange): ChangeOutcome {
  if (change.kind === 'leave') {
    if (!isJoint(current)) return { ok: false, reason: 'there is no joint configuration to leave' };
    return { ok: true, membership: leaveJoint(current) };
  }
  const { from, target } = change;
  if (current.voters.length === 0) {
    return enterChange({ voters: from.voters, votersOutgoing: [], learners: from.learners }, target);
  }
  if (!isSame(from.voters, current.voters) || !isSame(from.learners, current.learners)) {
    return { ok: false, reason: 'it was made for another configuration' };
  }
  return enterChange(current, target);
}

function whyInvalid({ voters, learners }: MembershipTarget): string | null {
  if (voters.length === 0) return 'a group needs at least one voter';
  if (voters.length > MAX_MEMBERS || learners.length > MAX_MEMBERS) {
    return `a group has at most ${MAX_MEMBERS} voters and ${MAX_MEMBERS} learners`;
  }
  const seen = new Set<NodeId>();
  for (const id of [...voters, ...learners]) {
    if (!Number.isInteger(id) || id < 1 || id > MAX_MEMBER_ID) return `${id} is not the id of a node`;
    if (seen.has(id)) return `node ${id} is named more than once`;
    seen.add(id);
  }
  return null;
}

function sorted(ids: readonly NodeId[]): readonly NodeId[] {
  return [...ids].sort((a, b) => a - b);
}

function isSame(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

/** How many are in one of the lists and not in the other. */
function differences(a: readonly NodeId[], b: readonly NodeId[]): number {
  const shared = a.filter((id) => b.includes(id)).length;
  return a.length + b.length - 2 * shared;
}
