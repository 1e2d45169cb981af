import type { GroupId } from '../../engine/config/ids.ts';
import type { SimulatedEvent } from './event-queue.ts';
import { TraceHash } from './trace-hash.ts';

/** A power of two. */
const KEPT = 8192;

class Note implements SimulatedEvent {
  readonly #group: GroupId | null;
  readonly #text: () => string;

  constructor(group: GroupId | null, text: () => string) {
    this.#group = group;
    this.#text = text;
  }

  run(): void {
    // It has happened already.
  }

  digest(): void {
    // What it is about is in the digest already.
  }

  words(group: GroupId): string | null {
    return this.#group === null || this.#group === group ? this.#text() : null;
  }
}

/** The last events of a run, to tell how it came to a failure, and a digest of all of them. */
export class Trace {
  readonly hash = new TraceHash();
  readonly #events: (SimulatedEvent | undefined)[] = Array.from({ length: KEPT }, () => undefined);
  readonly #timesUs = new Float64Array(KEPT);
  readonly #steps = new Float64Array(KEPT);
  #count = 0;

  happened(atUs: number, step: number, event: SimulatedEvent): void {
    this.hash.add(atUs);
    event.digest(this.hash);
    this.#keep(atUs, step, event);
  }

  note(atUs: number, step: number, group: GroupId | null, text: () => string): void {
    this.#keep(atUs, step, new Note(group, text));
  }

  /** The last `limit` lines about a group, oldest first. */
  lines(group: GroupId, limit: number): string[] {
    const found: string[] = [];
    for (let i = this.#count - 1; i >= 0 && i >= this.#count - KEPT && found.length < limit; i--) {
      const at = i & (KEPT - 1);
      const words = this.#events[at]?.words(group) ?? null;
      if (words === null) continue;
      const timeMs = (this.#timesUs[at]! / 1000).toFixed(3).padStart(12);
      found.push(`${timeMs} ms  step ${String(this.#steps[at]!).padEnd(7)} ${words}`);
    }
    return found.toReversed();
  }

  #keep(atUs: number, step: number, event: SimulatedEvent): void {
    const at = this.#count++ & (KEPT - 1);
    this.#events[at] = event;
    this.#timesUs[at] = atUs;
    this.#steps[at] = step;
  }
}
