import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import {
  ClosedError,
  LATENCY_BUCKET_COUNT,
  latencyBucket,
  latencyQuantileMs,
  type PrkDbClient,
} from '../client/index.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../config/limits.ts';

export interface LoadOptions {
  /** Callers that each wait for their answer before they call again. */
  readonly clients: number;
  /** 0 to 100: the share of calls that are linearizable gets; the rest are puts. */
  readonly readPercent: number;
  /** Distinct keys, so that a load of any length has a bounded size. Default 1000. */
  readonly keyCount?: number;
  /** Default 256. */
  readonly valueBytes?: number;
  /** Default `load/`. */
  readonly keyPrefix?: string;
  /** Per call, default 5000. */
  readonly timeoutMs?: number;
}

export interface LatencySummary {
  /** Counts per bucket; see engine/rpc/latency.ts. */
  readonly buckets: readonly number[];
  /** Null while there is nothing to tell. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number;
}

/** Totals since the start. */
export interface LoadStats {
  readonly startedAtMs: number;
  readonly elapsedMs: number;
  /** Puts that were confirmed. */
  readonly acknowledged: number;
  /** Gets that were answered. */
  readonly reads: number;
  /** Attempts that the client repeated by itself. Counts other users of the same client too. */
  readonly retried: number;
  /** Calls that ended in an error, those of unknown outcome among them. */
  readonly failed: number;
  readonly lastError: string | null;
  readonly writeLatency: LatencySummary;
  readonly readLatency: LatencySummary;
}

export interface Load {
  readonly options: Required<LoadOptions>;
  stats(): LoadStats;
  /** Ends when every call in flight has been answered. */
  stop(): Promise<LoadStats>;
}

/** After a failed call, so that a cluster that refuses at once is not hammered. */
const FAILURE_PAUSE_MS = 50;

class Latencies {
  readonly buckets: number[] = Array.from({ length: LATENCY_BUCKET_COUNT }, () => 0);
  #maxMs = 0;

  add(milliseconds: number): void {
    const bucket = latencyBucket(milliseconds);
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    if (milliseconds > this.#maxMs) this.#maxMs = milliseconds;
  }

  summary(): LatencySummary {
    const { buckets } = this;
    return {
      buckets: [...buckets],
      p50Ms: latencyQuantileMs(buckets, 0.5),
      p99Ms: latencyQuantileMs(buckets, 0.99),
      maxMs: this.#maxMs,
    };
  }
}

function check(options: LoadOptions): Required<LoadOptions> {
  const filled = { keyCount: 1000, valueBytes: 256, keyPrefix: 'load/', timeoutMs: 5000, ...options };
  const whole = (name: 'clients' | 'keyCount' | 'valueBytes', min: number, max: number) => {
    const value = filled[name];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RangeError(`${name} is a whole number from ${min} to ${max}, not ${value}.`);
    }
  };
  whole('clients', 1, 10_000);
  whole('keyCount', 1, 100_000_000);
  whole('valueBytes', 0, MAX_VALUE_BYTES);
  if (!(filled.readPercent >= 0 && filled.readPercent <= 100)) {
    throw new RangeError(`readPercent is from 0 to 100, not ${filled.readPercent}.`);
  }
  if (Buffer.byteLength(filled.keyPrefix) > MAX_KEY_BYTES - 16)
    throw new RangeError('keyPrefix is too long for a key.');
  return filled;
}

/**
 * Calls the cluster from so many callers at once until it is stopped. The keys are
 * `<keyPrefix>00000000` onwards. Throws RangeError for options that make no sense. The
 * client stays the caller's to close.
 */
export function startLoad(client: PrkDbClient, input: LoadOptions): Load {
  const options = check(input);
  const startedAtMs = Date.now();
  const retriesBefore = client.counters().retries;
  const value = randomBytes(options.valueBytes);
  const writes = new Latencies();
  const gets = new Latencies();
  let acknowledged = 0;
  let reads = 0;
  let failed = 0;
  let lastError: string | null = null;
  const stopping = new AbortController();

  const callOnce = async () => {
    const key = options.keyPrefix + String(Math.floor(Math.random() * options.keyCount)).padStart(8, '0');
    const isRead = Math.random() * 100 < options.readPercent;
    const began = performance.now();
    if (isRead) {
      await client.get(key, { timeoutMs: options.timeoutMs });
      gets.add(performance.now() - began);
      reads++;
    } else {
      await client.put(key, value, { timeoutMs: options.timeoutMs });
      writes.add(performance.now() - began);
      acknowledged++;
    }
  };
  const caller = async () => {
    while (!stopping.signal.aborted) {
      try {
        await callOnce();
      } catch (error) {
        failed++;
        lastError = (error as Error).message;
        if (error instanceof ClosedError) return;
        await sleep(FAILURE_PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const callers = Promise.all(Array.from({ length: options.clients }, caller));

  const stats = (): LoadStats => ({
    startedAtMs,
    elapsedMs: Date.now() - startedAtMs,
    acknowledged,
    reads,
    retried: client.counters().retries - retriesBefore,
    failed,
    lastError,
    writeLatency: writes.summary(),
    readLatency: gets.summary(),
  });
  return {
    options,
    stats,
    stop: async () => {
      stopping.abort();
      await callers;
      return stats();
    },
  };
}
