import { ConflictError, PrkDbError } from '../../engine/client/errors.ts';
import type { Operation } from '../../engine/check/index.ts';

/** What a stale read showed. */
export interface StaleRead {
  readonly key: string;
  readonly value: string | null;
  readonly revision: number;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

export type WorkerOperation = 'put' | 'delete' | 'cas' | 'get' | 'followerGet' | 'staleGet';
export type OperationName = WorkerOperation | 'localGet' | 'localFollowerGet';
export type OutcomeName = 'ok' | 'conflict' | 'failed' | 'unknown';

/** All that clients asked and were told, by one clock. */
export class History {
  readonly operations: Operation[] = [];
  readonly staleReads: StaleRead[] = [];
  readonly counts: Record<OperationName, Record<OutcomeName, number>> = {
    put: noOutcomes(),
    delete: noOutcomes(),
    cas: noOutcomes(),
    get: noOutcomes(),
    followerGet: noOutcomes(),
    staleGet: noOutcomes(),
    localGet: noOutcomes(),
    localFollowerGet: noOutcomes(),
  };
  /** Failures that no client should ever see, with how often. */
  readonly surprises = new Map<string, number>();
  lastOkAt = performance.now();
  /** The longest time in which no write and no linearizable read of any client succeeded. */
  longestOutageMs = 0;

  count(name: OperationName, outcome: OutcomeName): void {
    this.counts[name][outcome]++;
    if (outcome !== 'ok' || name === 'staleGet') return;
    const now = performance.now();
    this.longestOutageMs = Math.max(this.longestOutageMs, now - this.lastOkAt);
    this.lastOkAt = now;
  }

  get total(): number {
    return this.operations.length + this.staleReads.length;
  }

  /** What a rejected call says about its write. Anything the client does not document is a surprise. */
  outcomeOf(error: unknown): Exclude<OutcomeName, 'ok'> {
    if (error instanceof ConflictError) return 'conflict';
    if (error instanceof PrkDbError) {
      if ('outcome' in error) return error.outcome === 'none' ? 'failed' : 'unknown';
      if (error.code === 'NO_LEADER' || error.code === 'UNAVAILABLE') return 'failed';
    }
    const name = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.surprises.set(name, (this.surprises.get(name) ?? 0) + 1);
    return 'unknown';
  }
}

function noOutcomes(): Record<OutcomeName, number> {
  return { ok: 0, conflict: 0, failed: 0, unknown: 0 };
}
