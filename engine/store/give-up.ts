import { SYSTEM_GROUP, type GroupId } from '../config/ids.ts';
import { isMember } from '../raft/membership.ts';
import { Role, type HardState, type NodeId } from '../raft/types.ts';
import type { LogStorage, ReplicaDrops } from '../storage/types.ts';
import type { Group } from './group.ts';

/**
 * Whether this replica is to be deleted: the routing table does not want it here, and the group
 * itself has dismissed it. Either alone is not enough: the table says what shall be, and a replica
 * that still counts for a majority, by what any of the others knows, must not vanish. Nor may one
 * whose log has more than what is applied: the rest may say that it is a member again, and its
 * leader may count on those entries.
 */
export function isGivenUp(group: Group, node: NodeId): boolean {
  if (group.id === SYSTEM_GROUP || group.wanted === null) return false;
  if (group.wanted.voters.includes(node) || group.wanted.learners.includes(node)) return false;
  const { dismissed, membership, role, lastIndex, appliedIndex } = group.core;
  return dismissed && role === Role.Learner && !isMember(membership, node) && appliedIndex === lastIndex;
}

export interface GiveUpOptions {
  readonly log: LogStorage;
  readonly drops: ReplicaDrops;
  /** Runs what reads or writes storage; what storage throws is the node's failure. */
  readonly guard: (run: () => void) => void;
  readonly failed: (error: Error) => void;
  /** Nothing of it is here any more. */
  readonly done: (group: GroupId) => void;
}

/**
 * Deletes replicas: a durable mark first, then the log, then the rows. The term and the vote stay
 * with the log, so that the replica, should it come back, votes in no term twice; and where its log
 * ended stays with the mark, so that it votes for nobody before it holds as much again.
 */
export class GiveUp {
  readonly #options: GiveUpOptions;
  readonly #underway = new Set<GroupId>();

  constructor(options: GiveUpOptions) {
    this.#options = options;
  }

  /** Ends what a former process began. */
  resume(): void {
    const { drops, log } = this.#options;
    for (const group of drops.dropsBegun()) {
      const hardState = log.recovered(group)?.hardState ?? { term: 0, votedFor: 0, commitIndex: 0 };
      this.#resetLog(group, hardState);
    }
  }

  isUnderway(group: GroupId): boolean {
    return this.#underway.has(group);
  }

  /** The group must be closed: nothing is written for it any more. */
  begin(group: Group): void {
    const { term, votedFor, lastIndex } = group.core.status();
    this.#options.guard(() => {
      this.#options.drops.beginDrop(group.id, { index: lastIndex, term: group.core.logTerm(lastIndex) ?? 0 });
      this.#resetLog(group.id, { term, votedFor, commitIndex: 0 });
    });
  }

  #resetLog(group: GroupId, { term, votedFor }: HardState): void {
    const { log, drops, guard, failed, done } = this.#options;
    this.#underway.add(group);
    const write = {
      group,
      reset: true,
      cut: null,
      hardState: { term, votedFor, commitIndex: 0 },
      entries: [],
    } as const;
    log.write([write], (error) => {
      if (error !== null) return failed(error);
      guard(() => {
        drops.finishDrop(group);
        this.#underway.delete(group);
        done(group);
      });
    });
  }
}
