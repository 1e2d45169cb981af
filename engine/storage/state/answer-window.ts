import type { StoredAnswer } from './session-codec.ts';

const FIRST_SLOTS = 16;

/**
 * The answers of one session that its client may still ask for, by the number of the write: those
 * after the acknowledged ones, few and close together. A ring: a Map of numbers that only grow is
 * made anew again and again.
 */
export class AnswerWindow {
  /** The answer of write n is at n modulo the length, a power of two. */
  #slots = emptySlots(FIRST_SLOTS);
  #acknowledged = 0;
  #count = 0;

  /** All writes up to this one are acknowledged, and their answers forgotten. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get count(): number {
    return this.#count;
  }

  get(sequence: number): StoredAnswer | undefined {
    const isWithin = sequence > this.#acknowledged && sequence <= this.#acknowledged + this.#slots.length;
    return isWithin ? this.#slots[this.#at(sequence)] : undefined;
  }

  /** Takes the answer of a write that is not acknowledged and has none. Memory grows with the distance between the two. */
  add(sequence: number, answer: StoredAnswer): void {
    while (sequence > this.#acknowledged + this.#slots.length) this.#grow();
    this.#slots[this.#at(sequence)] = answer;
    this.#count++;
  }

  /** Forgets all answers up to that of `sequence`, and tells which they were. */
  acknowledge(sequence: number, forgotten: (sequence: number, answer: StoredAnswer) => void): void {
    // What a client says may be far from what it has.
    const last = Math.min(sequence, this.#acknowledged + this.#slots.length);
    for (let at = this.#acknowledged + 1; at <= last && this.#count > 0; at++) {
      const answer = this.#slots[this.#at(at)];
      if (answer === undefined) continue;
      this.#slots[this.#at(at)] = undefined;
      this.#count--;
      forgotten(at, answer);
    }
    this.#acknowledged = sequence;
  }

  /** By their numbers. */
  forEach(visit: (sequence: number, answer: StoredAnswer) => void): void {
    for (let at = this.#acknowledged + 1; at <= this.#acknowledged + this.#slots.length; at++) {
      const answer = this.#slots[this.#at(at)];
      if (answer !== undefined) visit(at, answer);
    }
  }

  #at(sequence: number): number {
    return sequence % this.#slots.length;
  }

  #grow(): void {
    const slots = emptySlots(this.#slots.length * 2);
    this.forEach((sequence, answer) => (slots[sequence % slots.length] = answer));
    this.#slots = slots;
  }
}

function emptySlots(length: number): (StoredAnswer | undefined)[] {
  return Array.from({ length });
}
