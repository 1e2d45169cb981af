import { NONE, type NodeId, type ProgressStatus, type RaftStatus } from '../raft/types.ts';
import type { Group } from './group.ts';

/** A follower further behind than this would keep the group's writes waiting while it catches up. */
const NEARLY_IN_STEP_ENTRIES = 1024;

/**
 * Hands the groups that this node leads to others, for a node that is about to stop: so
 * nobody has to notice its silence first. Each group goes to a voter that is in step, and
 * together they go to as many different nodes as can be.
 */
export class HandOver {
  readonly #isSuspect: (peer: NodeId) => boolean;
  /** How many groups each node was given. */
  readonly #given = new Map<NodeId, number>();
  /** Whom each group was offered to: one that did not take it is not asked first again. */
  readonly #offered = new Map<Group, NodeId[]>();

  constructor(isSuspect: (peer: NodeId) => boolean) {
    this.#isSuspect = isSuspect;
  }

  /** Offers what is led and not on its way yet. Returns the groups that are still led and have an heir. */
  offer(groups: Iterable<Group>): Group[] {
    const open: Group[] = [];
    for (const group of groups) {
      if (!group.isLeader) continue;
      const status = group.core.status();
      if (status.transferringTo === NONE && !this.#offerOne(group, status)) continue;
      open.push(group);
    }
    return open;
  }

  #offerOne(group: Group, status: RaftStatus): boolean {
    const offered = this.#offered.get(group) ?? [];
    const heir = this.#heirOf(status, offered);
    if (heir === undefined || group.core.transferLeadership(heir) !== null) return false;
    this.#offered.set(group, [...offered, heir]);
    this.#given.set(heir, (this.#given.get(heir) ?? 0) + 1);
    return true;
  }

  #heirOf({ progress, lastIndex, membership }: RaftStatus, offered: readonly NodeId[]): NodeId | undefined {
    const fits = (p: ProgressStatus) => membership.voters.includes(p.id) && p.recentlyActive && !this.#isSuspect(p.id);
    const refusals = (p: ProgressStatus) => offered.filter((id) => id === p.id).length;
    const lags = (p: ProgressStatus) => (lastIndex - p.matchIndex > NEARLY_IN_STEP_ENTRIES ? 1 : 0);
    const given = (p: ProgressStatus) => this.#given.get(p.id) ?? 0;
    const [heir] = progress
      .filter(fits)
      .toSorted((a, b) => refusals(a) - refusals(b) || lags(a) - lags(b) || given(a) - given(b) || a.id - b.id);
    return heir?.id;
  }
}
