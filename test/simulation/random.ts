/** A seeded generator (sfc32): the same seed gives the same numbers on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `stream` gives independent sequences of one seed, so that a change in one part of a run leaves the others alone. */
  constructor(seed: number, stream: number) {
    this.#a = Math.trunc(seed / 0x100000000) | 0;
    this.#b = seed | 0;
    this.#c = stream | 0;
    for (let i = 0; i < 16; i++) this.next();
  }

  /** Uniform in [0, 2^32). */
  next(): number {
    const t = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1). */
  readonly float = (): number => this.next() / 0x100000000;

  /** Uniform in 0 ... bound - 1. */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  /** Uniform in min ... max, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** Between min and max, as often in each order of magnitude. */
  logBetween(min: number, max: number): number {
    return Math.round(min * (max / min) ** this.float());
  }

  chance(probability: number): boolean {
    return probability > 0 && this.float() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('there is nothing to pick from');
    return item;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }
}
