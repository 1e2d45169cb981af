import { SYSTEM_GROUP } from '../config/ids.ts';
import type { StateMachine } from '../storage/types.ts';
import type { Group } from './group.ts';
import { decodeRouting, encodeRouting, ROUTING_KEY, type RoutingTable } from './routing.ts';
import type { WriteAnswer } from './types.ts';

const PUBLISH_DEADLINE_MS = 60_000;
/** For what is written with the table. */
const OVERHEAD_BYTES = 64;

/** Who serves what, as this node knows it: what the system group says, until then the genesis. */
export class RoutingSource {
  readonly #genesis: RoutingTable;
  readonly #state: StateMachine;
  #table: RoutingTable;
  /** Of the row in the system group; 0 while there is none here. */
  #revision = 0;

  /** Throws what storage throws when the system group's state cannot be read. */
  constructor(genesis: RoutingTable, state: StateMachine) {
    this.#genesis = genesis;
    this.#state = state;
    this.#table = genesis;
    this.learn();
  }

  get table(): RoutingTable {
    return this.#table;
  }

  /** Whether the system group holds a table, as far as it is applied here. */
  get isWritten(): boolean {
    return this.#revision > 0;
  }

  /** Something was applied to the system group. Returns whether the table is a newer one now. */
  learn(): boolean {
    const row = this.#state.get(SYSTEM_GROUP, ROUTING_KEY);
    if (row === undefined || row.revision === this.#revision) return false;
    this.#revision = row.revision;
    const table = decodeRouting(row.value);
    if (table.epoch <= this.#table.epoch) return false;
    this.#table = table;
    return true;
  }

  /**
   * The first leader of the system group writes down what the cluster was founded with;
   * later ones find it there. Returns whether there was something to write.
   */
  publish(system: Group, nowMs: number): boolean {
    if (this.#state.get(SYSTEM_GROUP, ROUTING_KEY) !== undefined) return false;
    // A lost one is written by the next leader, a second one conflicts: no answer is awaited.
    this.#put(system, this.#genesis, 0, nowMs, nowMs + PUBLISH_DEADLINE_MS, () => {});
    return true;
  }

  /**
   * Puts a table in place of the one that is known here, if that is still the one in force: the
   * answer is a conflict when another was written meanwhile.
   */
  replace(
    system: Group,
    table: RoutingTable,
    nowMs: number,
    deadlineMs: number,
    respond: (answer: WriteAnswer) => void,
  ): void {
    this.#put(system, table, this.#revision, nowMs, deadlineMs, respond);
  }

  #put(
    system: Group,
    table: RoutingTable,
    expectedRevision: number,
    startedMs: number,
    deadlineMs: number,
    respond: (answer: WriteAnswer) => void,
  ): void {
    const value = encodeRouting(table);
    const failure = system.enqueueWrite({
      mutation: { kind: 'put', key: ROUTING_KEY, value, expectedRevision, clientId: 0, sequence: 0 },
      sizeBytes: value.length + OVERHEAD_BYTES,
      startedMs,
      deadlineMs,
      respond,
    });
    if (failure !== null) respond(failure);
  }
}
