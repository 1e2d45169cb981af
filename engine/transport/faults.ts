import type { LinkFault } from './types.ts';

/**
 * What an injected fault does to the frames for one peer. A link without a fault has no
 * filter at all. It works on what this node sends: a link cut in both directions needs a
 * fault on either side.
 */
export class FaultFilter {
  readonly cut: boolean;
  readonly #delayMs: number;
  readonly #drop: number;
  readonly #random: () => number;

  /** Throws RangeError for a delay or a share that makes no sense. */
  constructor(fault: LinkFault, random: () => number) {
    if (!(fault.delayMs >= 0 && fault.delayMs < Infinity)) {
      throw new RangeError(`delayMs must be 0 or more, not ${fault.delayMs}`);
    }
    if (!(fault.drop >= 0 && fault.drop <= 1)) {
      throw new RangeError(`drop must be a share from 0 to 1, not ${fault.drop}`);
    }
    this.cut = fault.cut;
    this.#delayMs = fault.delayMs;
    this.#drop = fault.drop;
    this.#random = random;
  }

  /** When something sent now may go out; 0 is at once. */
  releaseAtMs(nowMs: number): number {
    return this.#delayMs === 0 ? 0 : nowMs + this.#delayMs;
  }

  /** Whether the frame about to go out is lost. */
  losesFrame(): boolean {
    return this.cut || (this.#drop > 0 && this.#random() < this.#drop);
  }

  get delays(): boolean {
    return this.#delayMs > 0;
  }
}

/**
 * A filter for each peer that has a fault; of two for one peer the last counts, and one
 * that does nothing makes no filter. Throws RangeError, and then nothing has changed.
 */
export function compileFaults(faults: readonly LinkFault[], random: () => number): ReadonlyMap<number, FaultFilter> {
  const filters = new Map<number, FaultFilter>();
  for (const fault of faults) {
    const filter = new FaultFilter(fault, random);
    if (fault.cut || fault.delayMs > 0 || fault.drop > 0) filters.set(fault.to, filter);
    else filters.delete(fault.to);
  }
  return filters;
}
