import type { NodeStatus } from '../../../engine/rpc/cluster.ts';

/** Rates are taken over at least this much of a node's own time, so that a status sent early does not blur them. */
const MIN_WINDOW_MS = 350;
const HISTORY_LENGTH = 30;

/** What a node did over its last window. */
export interface WindowRates {
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
  readonly cpuPercent: number;
  /** Acknowledged writes of the window by latency bucket (engine/rpc/latency.ts). */
  readonly latencyBuckets: readonly number[];
}

/** Turns the totals a node reports into rates. A restart of the node begins anew. */
export class NodeRates {
  #base: NodeStatus | null = null;
  #window: WindowRates | null = null;
  #opsHistory: number[] = [];

  /** Null until two statuses a window apart have come. */
  get window(): WindowRates | null {
    return this.#window;
  }

  /** Operations a second of the last windows, oldest first. */
  get opsHistory(): readonly number[] {
    return this.#opsHistory;
  }

  take(status: NodeStatus): void {
    const now = status.counters;
    if (now === null) return;
    const base = this.#base;
    const before = base?.counters;
    if (base === null || before === null || before === undefined || base.startedAtMs !== status.startedAtMs) {
      this.#base = status;
      this.#window = null;
      return;
    }
    const elapsedMs = status.timeMs - base.timeMs;
    if (elapsedMs < MIN_WINDOW_MS) return;
    const perSecond = (later: number, earlier: number): number => (Math.max(0, later - earlier) * 1000) / elapsedMs;
    this.#window = {
      writesPerSecond: perSecond(now.writes, before.writes),
      readsPerSecond: perSecond(now.reads, before.reads),
      cpuPercent: perSecond(now.cpuSeconds, before.cpuSeconds) * 100,
      latencyBuckets: now.writeLatencyBuckets.map((count, bucket) =>
        Math.max(0, count - (before.writeLatencyBuckets[bucket] ?? 0)),
      ),
    };
    this.#base = status;
    this.#opsHistory = [...this.#opsHistory, this.#window.writesPerSecond + this.#window.readsPerSecond].slice(
      -HISTORY_LENGTH,
    );
  }

  /** The node is gone or silent: it does nothing, and what it did is history. */
  stop(): void {
    this.#base = null;
    this.#window = null;
  }
}
