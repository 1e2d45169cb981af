import { groupOfPartition, type GroupId } from '../config/ids.ts';
import { NONE, type Term } from '../raft/types.ts';
import type { ReplicaDrops } from '../storage/types.ts';
import { GroupFactory, isWanted } from './create-groups.ts';
import type { EventSource } from './events.ts';
import { GiveUp, isGivenUp } from './give-up.ts';
import type { Group } from './group.ts';
import { preferredLeader, wantedMembers, type RoutingTable } from './routing.ts';
import { routingWords } from './routing-words.ts';
import { RoutingSource } from './routing-source.ts';
import type { StoreOptions } from './types.ts';

/** What the loop that drives the replicas has to say and to hear about them. */
export interface ReplicaHooks {
  readonly events: EventSource;
  readonly isWorking: () => boolean;
  /** Runs what reads or writes storage; what storage throws is the node's failure. */
  readonly guard: (run: () => void) => void;
  readonly failed: (error: Error) => void;
  readonly added: (group: Group) => void;
  readonly removed: (group: Group) => void;
}

/**
 * The groups that this node has a replica of. At a start they are what is on its disk and what
 * the routing table wants here; later they come and go as the table and the groups say.
 */
export class Replicas {
  readonly routing: RoutingSource;
  readonly #options: StoreOptions;
  readonly #hooks: ReplicaHooks;
  readonly #groups = new Map<GroupId, Group>();
  readonly #factory: GroupFactory;
  readonly #giveUp: GiveUp | null;

  /** Throws what storage throws when a group's log or state cannot be read. */
  constructor(options: StoreOptions, hooks: ReplicaHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.routing = new RoutingSource(options.genesis, options.state);
    this.#factory = new GroupFactory(options);
    this.#giveUp = options.drops === undefined ? null : this.#makeGiveUp(options.drops);
    for (const id of this.#factory.present(this.#table)) this.#groups.set(id, this.#factory.create(id, this.#table));
    this.#giveUp?.resume();
  }

  get groups(): ReadonlyMap<GroupId, Group> {
    return this.#groups;
  }

  /**
   * Replicas that the routing table does not want here, and that have not heard from a leader for
   * so long: their group may have let them go without their hearing of it.
   */
  forsaken(forMs: number): readonly GroupId[] {
    const silentSinceMs = this.#options.clock.monotonicMs() - forMs;
    return [...this.#groups.values()]
      .filter((group) => !this.#isWanted(group.id) && group.leaderHeardAtMs < silentSinceMs)
      .map((group) => group.id);
  }

  /**
   * The leader of a group in `term` has said, when asked at `askedAtMs`, that this node is no
   * member of it and that a majority knows so durably, as it would in a dismissal. The replica
   * goes, unless a leader has spoken to it since, or in a later term: then it may be one again.
   */
  forget(id: GroupId, askedAtMs: number, term: Term): void {
    const group = this.#groups.get(id);
    if (group === undefined || group.leaderHeardAtMs >= askedAtMs || group.core.term > term) return;
    if (!this.#isWanted(id) && !group.isLeader) this.#remove(group);
  }

  /** The routing table may be another one now. */
  learnRouting(): void {
    const before = this.#table;
    if (!this.routing.learn()) return;
    const table = this.#table;
    for (const group of this.#groups.values()) {
      group.wanted = wantedMembers(table, group.id);
      group.preferredLeader = preferredLeader(table, group.id) ?? NONE;
    }
    const detail = routingWords(before, table);
    // Which data directories the members have is nothing to tell.
    if (detail !== '') this.#hooks.events.emit('membersChanged', { index: table.epoch, detail });
    this.#addWanted();
    this.#options.onRouting?.(table);
  }

  /** Those whose groups have let them go are deleted. */
  removeGivenUp(): void {
    if (this.#giveUp === null) return;
    for (const group of this.#groups.values()) if (isGivenUp(group, this.#options.nodeId)) this.#remove(group);
  }

  get #table(): RoutingTable {
    return this.routing.table;
  }

  #isWanted(id: GroupId): boolean {
    return isWanted(this.#table, id, this.#options.nodeId);
  }

  /** Replicas that this node should have begin with nothing, and get all from their leaders. */
  #addWanted(): void {
    for (const { partition } of this.#table.partitions) {
      const id = groupOfPartition(partition);
      if (this.#groups.has(id) || !this.#isWanted(id)) continue;
      if (this.#giveUp?.isUnderway(id) === true) continue;
      const group = this.#factory.create(id, this.#table);
      this.#groups.set(id, group);
      this.#hooks.added(group);
      this.#hooks.events.emit('replicaAdded', { group: id });
    }
  }

  #makeGiveUp(drops: ReplicaDrops): GiveUp {
    return new GiveUp({
      log: this.#options.log,
      drops,
      guard: (run) => {
        if (this.#hooks.isWorking()) this.#hooks.guard(run);
      },
      failed: (error) => this.#hooks.failed(error),
      done: (id) => {
        this.#hooks.events.emit('replicaRemoved', { group: id });
        this.#addWanted();
      },
    });
  }

  #remove(group: Group): void {
    if (this.#giveUp === null || !this.#hooks.isWorking()) return;
    group.closed = true;
    this.#groups.delete(group.id);
    this.#hooks.removed(group);
    group.failAll({ ok: false, reason: 'notReplica' });
    group.changes.close();
    this.#giveUp.begin(group);
  }
}
