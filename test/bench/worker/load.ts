import type { Driver, GetMode } from '../drivers/driver.ts';
import { Histogram } from './histogram.ts';

export interface LoadSpec {
  readonly clients: number;
  readonly seconds: number;
  /** Run before the count begins. */
  readonly warmUpSeconds: number;
  readonly keyCount: number;
  readonly valueBytes: number;
  /** 0 writes only, 100 reads only. */
  readonly readPercent: number;
  readonly getMode: GetMode;
  /**
   * Null for a closed loop: each client sends its next call when the last is answered.
   * Else calls a second in all, on a fixed timetable; latency then counts from when a call
   * was due, so that a stall is charged to every call it held up (no coordinated omission).
   */
  readonly ratePerSecond: number | null;
}

export interface LoadResult {
  readonly operations: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly clientCpuSeconds: number;
}

const KEY_BYTES = 16;

export function keyOf(index: number): Buffer {
  return Buffer.from(`key-${index.toString().padStart(KEY_BYTES - 4, '0')}`);
}

/** Drives one system and counts what it acknowledged. */
export async function runLoad(driver: Driver, spec: LoadSpec): Promise<LoadResult> {
  const keys = Array.from({ length: spec.keyCount }, (_, i) => keyOf(i));
  const value = Buffer.alloc(spec.valueBytes, 0x76);
  const histogram = new Histogram();
  let operations = 0;
  let errors = 0;
  let sumMs = 0;
  let next = 0;
  const beginMs = performance.now() + spec.warmUpSeconds * 1000;
  const endMs = beginMs + spec.seconds * 1000;
  let cpuAtBegin = process.cpuUsage();
  const cpuTimer = setTimeout(() => (cpuAtBegin = process.cpuUsage()), spec.warmUpSeconds * 1000);

  const call = async (dueMs: number): Promise<void> => {
    // A stride that is prime to the count visits keys evenly without a random draw a call.
    const key = keys[(next++ * 7919) % keys.length]!;
    const reads = next % 100 < spec.readPercent;
    try {
      await (reads ? driver.get(key, spec.getMode) : driver.put(key, value));
      const nowMs = performance.now();
      if (dueMs < beginMs || nowMs > endMs) return;
      operations++;
      sumMs += nowMs - dueMs;
      histogram.record(nowMs - dueMs);
    } catch {
      errors++;
    }
  };
  const closedLoop = async (): Promise<void> => {
    while (performance.now() < endMs) await call(performance.now());
  };
  const timetable = async (client: number): Promise<void> => {
    const intervalMs = (spec.clients * 1000) / (spec.ratePerSecond ?? 1);
    const start = performance.now() + (client / spec.clients) * intervalMs;
    for (let due = start; due < endMs; due += intervalMs) {
      const waitMs = due - performance.now();
      if (waitMs > 0.5) await new Promise((resolve) => setTimeout(resolve, waitMs));
      await call(due);
    }
  };
  await Promise.all(
    Array.from({ length: spec.clients }, (_, i) => (spec.ratePerSecond === null ? closedLoop() : timetable(i))),
  );
  clearTimeout(cpuTimer);
  const cpu = process.cpuUsage(cpuAtBegin);
  return {
    operations,
    errors,
    perSecond: operations / spec.seconds,
    meanMs: sumMs / Math.max(1, operations),
    p50Ms: histogram.quantileMs(0.5),
    p99Ms: histogram.quantileMs(0.99),
    p999Ms: histogram.quantileMs(0.999),
    clientCpuSeconds: (cpu.user + cpu.system) / 1e6,
  };
}
