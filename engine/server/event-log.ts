import type { ClusterEvent } from '../rpc/cluster.ts';

/** Events kept for watchers that come late or lag. */
const RETAINED_EVENTS = 4096;

/** The last events of this node, and those who want to hear of new ones. */
export class EventLog {
  #retained: ClusterEvent[] = [];
  readonly #listeners = new Set<(event: ClusterEvent) => void>();

  append(event: ClusterEvent): void {
    this.#retained.push(event);
    if (this.#retained.length > 2 * RETAINED_EVENTS) this.#retained = this.#retained.slice(-RETAINED_EVENTS);
    for (const listener of this.#listeners) listener(event);
  }

  /** Retained events with a sequence above this one. */
  after(sequence: number): ClusterEvent[] {
    return this.#retained.filter((e) => e.sequence > sequence);
  }

  /** Returns the way to stop listening. */
  listen(listener: (event: ClusterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
