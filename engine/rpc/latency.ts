/** Latency buckets as Counters carries them: bucket i ends at 0.05 ms * 2^(i/4). */
export const LATENCY_BUCKET_COUNT = 80;

export function latencyBucket(milliseconds: number): number {
  if (milliseconds <= 0.05) return 0;
  return Math.min(LATENCY_BUCKET_COUNT - 1, Math.ceil(4 * Math.log2(milliseconds / 0.05)));
}

export function latencyBucketUpperMs(bucket: number): number {
  return 0.05 * 2 ** (bucket / 4);
}

/** The q-quantile (0 to 1) of a bucketed distribution in milliseconds, or null when it is empty. */
export function latencyQuantileMs(buckets: readonly number[], q: number): number | null {
  let total = 0;
  for (const count of buckets) total += count;
  if (total === 0) return null;
  const rank = q * total;
  let seen = 0;
  for (let i = 0; i < buckets.length; i++) {
    seen += buckets[i] ?? 0;
    if (seen >= rank) return latencyBucketUpperMs(i);
  }
  return latencyBucketUpperMs(buckets.length - 1);
}
