import type { PartitionView, Sample } from '../../contract/model.ts';
import type { NodeStatus } from '../../../engine/rpc/cluster.ts';
import { latencyQuantileMs } from '../../../engine/rpc/latency.ts';
import type { WindowRates } from '../clusters/rates.ts';

/** One chart point from what the nodes last said. Rates are null while no node has a window yet. */
export function takeSample(input: {
  readonly timeMs: number;
  readonly partitions: readonly PartitionView[];
  readonly windows: readonly (WindowRates | null)[];
  readonly totals: LogTotals;
}): Sample {
  const windows = input.windows.filter((window) => window !== null);
  const buckets = mergeBuckets(windows.map((window) => window.latencyBuckets));
  return {
    timeMs: input.timeMs,
    writesPerSecond: windows.length === 0 ? null : sum(windows.map((window) => window.writesPerSecond)),
    readsPerSecond: windows.length === 0 ? null : sum(windows.map((window) => window.readsPerSecond)),
    writeP50Ms: latencyQuantileMs(buckets, 0.5),
    writeP99Ms: latencyQuantileMs(buckets, 0.99),
    committed: input.totals.committed,
    applied: input.totals.applied,
    terms: input.partitions.map((partition) => partition.term),
    leaders: input.partitions.map((partition) => partition.leader),
  };
}

/**
 * The furthest commit and applied index any replica reported, summed over the
 * partitions. Neither ever falls, so neither does a sum, whoever is gone.
 */
export class LogTotals {
  readonly #commit = new Map<number, number>();
  readonly #applied = new Map<number, number>();

  take(status: NodeStatus): void {
    for (const group of status.groups) {
      if (group.partition === undefined) continue;
      raise(this.#commit, group.partition, group.commitIndex);
      raise(this.#applied, group.partition, group.appliedIndex);
    }
  }

  get committed(): number {
    return sum([...this.#commit.values()]);
  }

  get applied(): number {
    return sum([...this.#applied.values()]);
  }
}

function raise(map: Map<number, number>, key: number, value: number): void {
  map.set(key, Math.max(map.get(key) ?? 0, value));
}

function mergeBuckets(all: readonly (readonly number[])[]): number[] {
  const merged: number[] = [];
  for (const buckets of all) {
    buckets.forEach((count, bucket) => {
      merged[bucket] = (merged[bucket] ?? 0) + count;
    });
  }
  return merged;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
