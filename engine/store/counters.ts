import { LATENCY_BUCKET_COUNT, latencyBucket } from '../rpc/latency.ts';

/** Totals of one node since it started. */
export class StoreCounters {
  writes = 0;
  reads = 0;
  failed = 0;
  electionsStarted = 0;
  electionsWon = 0;
  /** Where the time of the answered writes went: before the log, until committed, and being applied. */
  readonly writePhaseMs = { queue: 0, commit: 0, apply: 0 };
  /** Batches of this node's log, and the time from handing them over until they were known to be on disk. */
  logBatches = 0;
  logBatchMs = 0;
  readonly writeLatencyBuckets: number[] = Array.from({ length: LATENCY_BUCKET_COUNT }, () => 0);

  /** Times on the monotonic clock. */
  writeAnswered(startedMs: number, proposedMs: number, committedMs: number, appliedMs: number): void {
    this.writes++;
    this.writePhaseMs.queue += proposedMs - startedMs;
    this.writePhaseMs.commit += committedMs - proposedMs;
    this.writePhaseMs.apply += appliedMs - committedMs;
    const bucket = latencyBucket(appliedMs - startedMs);
    this.writeLatencyBuckets[bucket] = (this.writeLatencyBuckets[bucket] ?? 0) + 1;
  }

  logWritten(tookMs: number): void {
    this.logBatches++;
    this.logBatchMs += tookMs;
  }
}
