import type { PartitionView, Sample } from '../../contract/model.ts';

const HOUR_MS = 3_600_000;
/** Of one partition; one that elects more often than this in an hour is beyond counting. */
const MAX_KEPT = 1_000;

interface Led {
  /** The term in which a leader was last seen. */
  term: number;
  /** When leaders were elected, oldest first. */
  readonly timesMs: number[];
}

/**
 * Leaders elected in the last hour, for each partition of one cluster. A term in which there is a
 * leader, and none was seen before, is an election; what came and went between two looks is not seen.
 */
export class ElectionTally {
  readonly #partitions = new Map<number, Led>();
  #sinceMs: number;

  /** `past`: what was kept of the hour before, oldest first. */
  constructor(past: readonly Sample[], nowMs: number) {
    this.#sinceMs = Math.min(nowMs, past[0]?.timeMs ?? nowMs);
    for (const { timeMs, terms, leaders } of past) {
      terms.forEach((term, partition) => this.#see(partition, leaders[partition] ?? 0, term, timeMs));
    }
  }

  take(partitions: readonly PartitionView[], nowMs: number): void {
    for (const { partition, leader, term } of partitions) this.#see(partition, leader, term, nowMs);
    for (const { timesMs } of this.#partitions.values()) {
      const firstKept = timesMs.findIndex((timeMs) => nowMs - timeMs < HOUR_MS);
      timesMs.splice(0, firstKept === -1 ? timesMs.length : firstKept);
    }
  }

  /** Over all partitions. */
  get total(): number {
    return [...this.#partitions.values()].reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  }

  /** The partition that elected most often; null while none did. */
  get most(): { readonly partition: number; readonly count: number } | null {
    let most: { partition: number; count: number } | null = null;
    for (const [partition, { timesMs }] of this.#partitions) {
      if (timesMs.length > (most?.count ?? 0)) most = { partition, count: timesMs.length };
    }
    return most;
  }

  /** How far back of the last hour is known. */
  knownMs(nowMs: number): number {
    return Math.min(HOUR_MS, Math.max(0, nowMs - this.#sinceMs));
  }

  #see(partition: number, leader: number, term: number, timeMs: number): void {
    if (leader === 0) return;
    const led = this.#partitions.get(partition);
    if (led === undefined) {
      // The leader that is found is none that was elected while we looked.
      this.#partitions.set(partition, { term, timesMs: [] });
    } else if (term > led.term) {
      led.term = term;
      led.timesMs.push(timeMs);
      if (led.timesMs.length > MAX_KEPT) led.timesMs.shift();
    }
  }
}
