import type { Random } from '../simulation/random.ts';

const SLOTS = 16;
/**
 * Operations on one key before another takes its place. A write of unknown outcome may
 * happen at any later time, so each one on a key doubles what a check of it has to consider.
 */
const OPERATIONS_PER_KEY = 120;

/** The few keys that all clients fight over at a time. */
export class KeySet {
  readonly #random: Random;
  readonly #slots = Array.from({ length: SLOTS }, () => ({ generation: 0, operations: 0 }));
  readonly #used = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** For the next operation of a client that works on the key. */
  next(): string {
    const index = this.#random.below(SLOTS);
    const slot = this.#slots[index]!;
    if (++slot.operations > OPERATIONS_PER_KEY) {
      slot.generation++;
      slot.operations = 1;
    }
    const key = `key-${index}-${slot.generation}`;
    this.#used.add(key);
    return key;
  }

  /** One of the keys of now, for a reader who only looks on. */
  current(): string {
    const index = this.#random.below(SLOTS);
    return `key-${index}-${this.#slots[index]!.generation}`;
  }

  /** Every key that was ever handed out. */
  used(): string[] {
    return [...this.#used];
  }
}
