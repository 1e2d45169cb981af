import { SYSTEM_GROUP, groupOfPartition, type GroupId } from '../config/ids.ts';
import type { Mutation } from '../storage/codec.ts';
import type { StoreCounters } from './counters.ts';
import { mutationBytes, type Group } from './group.ts';
import type { Health } from './health.ts';
import type { Replicas } from './replicas.ts';
import type { RoutingTable } from './routing.ts';
import type { TouchedGroups } from './touched.ts';
import type { Clock, Failure, PendingRead, ReadAnswer, ReadConsistency, WriteAnswer } from './types.ts';

/** What requests need of their store. */
export interface RequestParts {
  readonly clock: Clock;
  readonly touched: TouchedGroups;
  readonly health: Health;
  readonly replicas: Replicas;
  readonly counters: StoreCounters;
}

/**
 * How writes and reads come into a store: to the group that they are for, or back with the reason
 * why not. Each `respond` is called exactly once.
 */
export class Requests {
  readonly #clock: Clock;
  readonly #touched: TouchedGroups;
  readonly #health: Health;
  readonly #replicas: Replicas;
  readonly #counters: StoreCounters;

  constructor({ clock, touched, health, replicas, counters }: RequestParts) {
    this.#clock = clock;
    this.#touched = touched;
    this.#health = health;
    this.#replicas = replicas;
    this.#counters = counters;
  }

  /** See `Store.write`. */
  write(id: GroupId, mutation: Mutation, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    const group = this.#groupFor(id, respond);
    if (group === null) return;
    const sizeBytes = mutationBytes(mutation);
    const startedMs = this.#clock.monotonicMs();
    const failure = group.enqueueWrite({ mutation, sizeBytes, startedMs, deadlineMs, respond });
    if (failure !== null) return this.#refuse(failure, respond);
    this.#touched.add(group);
  }

  /** See `Store.replaceRouting`. */
  replaceRouting(table: RoutingTable, deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    const system = this.#groupFor(SYSTEM_GROUP, respond);
    if (system === null) return;
    this.#replicas.routing.replace(system, table, this.#clock.monotonicMs(), deadlineMs, respond);
    this.#touched.add(system);
  }

  /** See `Store.catchUpSystem`. */
  catchUpSystem(deadlineMs: number, respond: (answer: ReadAnswer) => void): void {
    const group = this.#groupFor(SYSTEM_GROUP, respond);
    if (group === null) return;
    const failure = group.enqueueRead({ deadlineMs, respond }, 'follower');
    if (failure !== null) return this.#refuse(failure, respond);
    this.#touched.add(group);
  }

  /** See `Store.read`. */
  read(
    partition: number,
    consistency: ReadConsistency,
    deadlineMs: number,
    respond: (answer: ReadAnswer) => void,
  ): void {
    const group = this.#groupFor(groupOfPartition(partition), respond);
    if (group === null) return;
    if (consistency === 'stale') {
      this.#counters.reads++;
      const stalenessMs = group.isLeader ? 0 : this.#clock.monotonicMs() - group.leaderHeardAtMs;
      return respond({ ok: true, stalenessMs });
    }
    const read: PendingRead = { deadlineMs, respond };
    const failure = group.enqueueRead(read, consistency);
    if (failure !== null) return this.#refuse(failure, respond);
    this.#touched.add(group);
  }

  #groupFor(id: GroupId, respond: (failure: Failure) => void): Group | null {
    if (!this.#health.isServing) {
      this.#refuse({ ok: false, reason: 'unavailable', detail: this.#health.refusal }, respond);
      return null;
    }
    const group = this.#replicas.groups.get(id);
    // One that has got nothing yet would answer as if there were no keys.
    if (group === undefined || group.core.membership.voters.length === 0) {
      this.#refuse({ ok: false, reason: 'notReplica' }, respond);
      return null;
    }
    return group;
  }

  #refuse(failure: Failure, respond: (failure: Failure) => void): void {
    // Being sent elsewhere is no failure.
    if (failure.reason === 'overloaded' || failure.reason === 'unavailable') this.#counters.failed++;
    respond(failure);
  }
}
