import { SYSTEM_GROUP } from '../config/ids.ts';
import { EntryType, type Entry, type Membership, type Message, type PersistMark, type Ready } from '../raft/types.ts';
import type { LogWrite } from '../storage/types.ts';
import type { StoreCounters } from './counters.ts';
import type { EventSource } from './events.ts';
import type { Group } from './group.ts';
import type { Health } from './health.ts';
import { Outbox } from './outbox.ts';
import type { Replicas } from './replicas.ts';
import type { Snapshots } from './snapshots.ts';
import type { TouchedGroups } from './touched.ts';
import type { StoreOptions } from './types.ts';

/** What has to follow once a batch is on disk. */
interface Completion {
  readonly group: Group;
  readonly messages: readonly Message[];
  readonly mark: PersistMark;
}

/** What the rounds of a store work with. */
export interface RoundParts {
  readonly touched: TouchedGroups;
  readonly health: Health;
  readonly replicas: Replicas;
  readonly snapshots: Snapshots;
  readonly events: EventSource;
  readonly counters: StoreCounters;
}

/**
 * The rounds of a store. One lets the touched groups move, sends, hands everything that must be
 * durable to the log as one write, and applies what is committed.
 */
export class Rounds {
  readonly #options: StoreOptions;
  readonly #touched: TouchedGroups;
  readonly #health: Health;
  readonly #replicas: Replicas;
  readonly #snapshots: Snapshots;
  readonly #events: EventSource;
  readonly #counters: StoreCounters;
  readonly #outbox: Outbox;

  constructor(options: StoreOptions, parts: RoundParts) {
    this.#options = options;
    this.#touched = parts.touched;
    this.#health = parts.health;
    this.#replicas = parts.replicas;
    this.#snapshots = parts.snapshots;
    this.#events = parts.events;
    this.#counters = parts.counters;
    this.#outbox = new Outbox(options.transport);
  }

  /** One round. Throws what storage throws. */
  run(): void {
    if (!this.#health.isWorking) return;
    const groups = this.#touched.take();
    const nowMs = this.#options.clock.monotonicMs();
    const wallMs = this.#options.clock.wallMs();
    const writes: LogWrite[] = [];
    const completions: Completion[] = [];
    const taken: { readonly group: Group; readonly ready: Ready }[] = [];
    for (const group of groups) {
      group.proposeQueued(nowMs, wallMs);
      group.startReads();
      if (!group.core.hasReady()) continue;
      const ready = group.core.ready();
      this.#tell(group, ready);
      this.#outbox.add(group.id, ready.messages);
      if (ready.snapshotsDue.length > 0) this.#snapshots.want(group, ready.snapshotsDue);
      this.#persist(group, ready, writes, completions);
      taken.push({ group, ready });
    }
    // Appends leave before the own disk is asked: followers sync at the same time as we do.
    this.#outbox.flush();
    if (completions.length > 0) this.#submit(writes, completions, nowMs);
    // While the disk and the others are at work.
    for (const { group, ready } of taken) if (!group.closed) this.#apply(group, ready);
    for (const group of groups) this.#counters.reads += group.releaseReads();
  }

  #persist(group: Group, ready: Ready, writes: LogWrite[], completions: Completion[]): void {
    const completion = { group, messages: ready.messagesAfterPersist, mark: ready.mark };
    if (ready.mustSync) {
      const cut = ready.restored === null ? null : { ...ready.restored, all: true };
      if (cut !== null && group.id === SYSTEM_GROUP) this.#learnSystem();
      writes.push({ group: group.id, cut, hardState: ready.hardState, entries: ready.entries });
    } else if (completion.messages.length === 0 || group.pendingPersists === 0) {
      // Nothing of this waits for the disk.
      this.#outbox.add(group.id, completion.messages);
      if (group.core.hasReady()) this.#touched.add(group);
      return;
    }
    // Behind the writes on their way, even when there is nothing new to write: order is the promise.
    group.pendingPersists++;
    completions.push(completion);
  }

  #submit(writes: readonly LogWrite[], completions: readonly Completion[], nowMs: number): void {
    const ticket = this.#health.diskAsked(nowMs);
    this.#options.log.write(writes, (error) => {
      if (this.#health.isStopped) return;
      if (error !== null) return this.#health.fail(`The Raft log cannot be written: ${error.message}`);
      // A node that failed meanwhile keeps silent about this too.
      if (this.#health.failure !== null) return;
      this.#health.diskAnswered(ticket);
      this.#counters.logWritten(this.#options.clock.monotonicMs() - nowMs);
      for (const { group, messages, mark } of completions) {
        group.pendingPersists--;
        if (group.closed) continue;
        this.#outbox.add(group.id, messages);
        group.core.persisted(mark);
        if (group.core.hasReady() || group.hasQueued) this.#touched.add(group);
      }
      this.#outbox.flush();
    });
  }

  #apply(group: Group, ready: Ready): void {
    const { committed } = ready;
    const last = committed[committed.length - 1];
    if (last !== undefined) {
      const committedMs = this.#options.clock.monotonicMs();
      let results;
      try {
        results = this.#options.state.apply(group.id, committed, this.#membershipAfter(group, committed));
      } catch (error) {
        return this.#health.fail(
          `The state machine cannot be written: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      group.changes.add(this.#options.state.lastChanges());
      const nowMs = this.#options.clock.monotonicMs();
      committed.forEach((entry, i) => {
        group.logSize.applied(entry.index, entry.data.length);
        group.answerApplied(entry, results[i] ?? [], ({ startedMs }, proposedMs) =>
          this.#counters.writeAnswered(startedMs, proposedMs, committedMs, nowMs),
        );
      });
      group.core.applied(last.index);
      if (group.id === SYSTEM_GROUP) this.#learnSystem();
      if (group.core.hasReady() || group.hasQueued) this.#touched.add(group);
    }
    for (const { requestId, index } of ready.readStates) group.readConfirmed(requestId, index);
    for (const requestId of ready.rejectedReads) group.readRejected(requestId);
  }

  /** Takes the membership changes among these into effect. Undefined when what the state machine has stored still holds. */
  #membershipAfter({ id, core }: Group, committed: readonly Entry[]): Membership | undefined {
    let changed = this.#options.state.membership(id) === null;
    for (const entry of committed) {
      if (entry.type !== EntryType.ConfChange) continue;
      core.applyMembership(entry);
      changed = true;
    }
    return changed ? core.membership : undefined;
  }

  #learnSystem(): void {
    this.#replicas.learnRouting();
    this.#options.onSystemState?.();
  }

  #tell(group: Group, ready: Ready): void {
    if (ready.events.length === 0) return;
    const nowMs = this.#options.clock.monotonicMs();
    for (const event of ready.events) {
      if (event.kind === 'electionStarted' && !event.preVote) this.#counters.electionsStarted++;
      if (event.kind === 'electionWon') {
        this.#counters.electionsWon++;
        group.electionsWon++;
        if (group.id === SYSTEM_GROUP && this.#replicas.routing.publish(group, nowMs)) this.#touched.add(group);
      }
      this.#events.emitRaft(group.id, event, group.leaderlessMs(event, nowMs));
    }
  }
}
