import { setTimeout as sleep } from 'node:timers/promises';
import { PrkDbError, type PrkDbErrorCode } from '../client/index.ts';
import { EtcdError, type EtcdErrorCode } from '../etcd/index.ts';

/** Longer than an election and a restart take; a cluster that is down for longer is said to be. */
const PATIENCE_MS = 60_000;
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 2_000;

const passingEtcd: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'unavailable',
  'deadline',
  'noLeader',
  'unknownOutcome',
  'tooManyRequests',
]);
const passingPrkDb: ReadonlySet<PrkDbErrorCode> = new Set<PrkDbErrorCode>([
  'NO_LEADER',
  'DEADLINE_EXCEEDED',
  'UNKNOWN_OUTCOME',
  'SESSION_EXPIRED',
  'UNAVAILABLE',
  'CONNECTION',
]);

/** Whether the same call may succeed in a moment: an election, a restart, a broken connection. */
export function isPassing(error: unknown): boolean {
  if (error instanceof EtcdError) return passingEtcd.has(error.code);
  return error instanceof PrkDbError && passingPrkDb.has(error.code);
}

/**
 * Repeats what fails for a passing reason, for a minute. Only for what may happen twice: all
 * that copying does is such, since it writes the same value again. Rejects with the failure,
 * and with it at once when the signal is aborted.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isPassing(error) || performance.now() + waitMs > untilMs) throw error;
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
