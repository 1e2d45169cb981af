import { LATENCY_BUCKET_COUNT, latencyBucket } from '../rpc/latency.ts';

/** Totals of one node since it started. */
export class StoreCounters {
  writes = 0;
  reads = 0;
  failed = 0;
  electionsStarted = 0;
  electionsWon = 0;
  readonly writeLatencyBuckets: number[] = Array.from({ length: LATENCY_BUCKET_COUNT }, () => 0);

  writeAnswered(latencyMs: number): void {
    this.writes++;
    const bucket = latencyBucket(latencyMs);
    this.writeLatencyBuckets[bucket] = (this.writeLatencyBuckets[bucket] ?? 0) + 1;
  }
}
