import type { GroupId } from '../../engine/config/ids.ts';
import type { TraceHash } from './trace-hash.ts';

/** Something that happens at a moment of virtual time. */
export interface SimulatedEvent {
  run(): void;
  /** What distinguishes this event from another one, for the hash of the run. */
  digest(hash: TraceHash): void;
  /** One line for a person; null when the event says nothing about this group. */
  words(group: GroupId): string | null;
}

/** An event that needs no words of its own; `code` tells it apart in the hash of the run. */
export class Action implements SimulatedEvent {
  readonly #code: number;
  readonly run: () => void;

  constructor(code: number, run: () => void) {
    this.#code = code;
    this.run = run;
  }

  digest(hash: TraceHash): void {
    hash.add(this.#code);
  }

  words(): string | null {
    return null;
  }
}

/** How many events of one microsecond keep the order in which they were added. */
const ORDER = 2 ** 20;

/** The events to come, by virtual time in microseconds; those of the same time in the order they were added. */
export class EventQueue {
  readonly #events: SimulatedEvent[] = [];
  readonly #keys: number[] = [];
  #added = 0;
  /** When the event that `pop` returned last was due. */
  poppedAtUs = 0;

  get size(): number {
    return this.#events.length;
  }

  push(atUs: number, event: SimulatedEvent): void {
    const events = this.#events;
    const keys = this.#keys;
    const key = atUs * ORDER + (this.#added++ & (ORDER - 1));
    let at = events.length;
    events.push(event);
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 2;
      const parentKey = keys[parent]!;
      if (parentKey <= key) break;
      events[at] = events[parent]!;
      keys[at] = parentKey;
      at = parent;
    }
    events[at] = event;
    keys[at] = key;
  }

  pop(): SimulatedEvent | undefined {
    const events = this.#events;
    const keys = this.#keys;
    const top = events[0];
    if (top === undefined) return undefined;
    this.poppedAtUs = Math.floor(keys[0]! / ORDER);
    const event = events.pop()!;
    const key = keys.pop()!;
    const size = events.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      const first = at * 4 + 1;
      if (first >= size) break;
      const end = first + 4 < size ? first + 4 : size;
      let least = first;
      let leastKey = keys[first]!;
      for (let i = first + 1; i < end; i++) {
        const candidate = keys[i]!;
        if (candidate < leastKey) {
          least = i;
          leastKey = candidate;
        }
      }
      if (leastKey >= key) break;
      events[at] = events[least]!;
      keys[at] = leastKey;
      at = least;
    }
    events[at] = event;
    keys[at] = key;
    return top;
  }
}
