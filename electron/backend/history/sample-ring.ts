import type { Sample } from '../../contract/model.ts';
import { thinSamples } from './thin.ts';

/** 20 minutes at one sample every 500 ms: the 15 minutes the charts offer, and room for extra ones at changes. */
export const SAMPLE_CAPACITY = 2_400;

/** The last samples of one cluster in time order, bounded. */
export class SampleRing {
  readonly #capacity: number;
  #samples: Sample[] = [];

  constructor(capacity: number = SAMPLE_CAPACITY) {
    this.#capacity = capacity;
  }

  get first(): Sample | null {
    return this.#samples[0] ?? null;
  }

  get last(): Sample | null {
    return this.#samples.at(-1) ?? null;
  }

  /** Samples out of time order are dropped: the clock was set back, and charts run one way. */
  push(sample: Sample): void {
    const last = this.last;
    if (last !== null && sample.timeMs <= last.timeMs) return;
    this.#samples.push(sample);
    // Trimming in chunks keeps pushing cheap.
    if (this.#samples.length > this.#capacity * 1.25) this.#samples = this.#samples.slice(-this.#capacity);
  }

  range(fromMs: number, toMs: number, maxPoints: number): Sample[] {
    const within = this.#samples.filter((sample) => sample.timeMs >= fromMs && sample.timeMs <= toMs);
    return thinSamples(within, maxPoints);
  }
}
