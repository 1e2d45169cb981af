/** Latencies in buckets that grow by 2 %, from 10 microseconds: exact enough for any percentile. */
const SMALLEST_MS = 0.01;
const GROWTH = Math.log(1.02);
const BUCKETS = 1000;

export class Histogram {
  readonly counts: number[] = Array.from({ length: BUCKETS }, () => 0);
  #total = 0;

  record(ms: number): void {
    const bucket = ms <= SMALLEST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / SMALLEST_MS) / GROWTH));
    this.counts[bucket]!++;
    this.#total++;
  }

  /** The q-quantile in milliseconds; 0 when nothing was recorded. */
  quantileMs(q: number): number {
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.counts[i]!;
      if (seen > 0 && seen >= q * this.#total) return SMALLEST_MS * Math.exp(GROWTH * i);
    }
    return 0;
  }
}
