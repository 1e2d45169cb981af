import { SYSTEM_GROUP } from '../config/ids.ts';
import type { StateMachine } from '../storage/types.ts';
import type { Group } from './group.ts';
import { decodeRouting, encodeRouting, ROUTING_KEY, type RoutingTable } from './routing.ts';

const PUBLISH_DEADLINE_MS = 60_000;

/** Who serves what, as this node knows it: what the system group says, until then the genesis. */
export class RoutingSource {
  readonly #genesis: RoutingTable;
  readonly #state: StateMachine;
  #table: RoutingTable;

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

  /** Something was applied to the system group. */
  learn(): void {
    const row = this.#state.get(SYSTEM_GROUP, ROUTING_KEY);
    if (row === undefined) return;
    const table = decodeRouting(row.value);
    if (table.epoch > this.#table.epoch) this.#table = table;
  }

  /**
   * The first leader of the system group writes down what the cluster was founded with;
   * later ones find it there. Returns whether there was something to write.
   */
  publish(system: Group, nowMs: number): boolean {
    if (this.#state.get(SYSTEM_GROUP, ROUTING_KEY) !== undefined) return false;
    const value = encodeRouting(this.#genesis);
    // A lost one is written by the next leader, a second one conflicts: no answer is awaited.
    system.enqueueWrite({
      mutation: { kind: 'put', key: ROUTING_KEY, value, expectedRevision: 0, clientId: 0, sequence: 0 },
      sizeBytes: value.length,
      startedMs: nowMs,
      deadlineMs: nowMs + PUBLISH_DEADLINE_MS,
      respond: () => {},
    });
    return true;
  }
}
