import { setImmediate } from 'node:timers/promises';
import { checkHistory, UndecidedError, type Operation } from '../check/index.ts';
import { refuseWhenCancelled } from './errors.ts';

export interface HistoryCheck {
  readonly linearizable: 'yes' | 'no' | 'undecided';
  readonly explanation: string | null;
  readonly operations: number;
  readonly lengthMs: number;
}

/** Of one key; bounds how long the process that checks is kept from anything else. */
const MAX_STEPS = 300_000;

/**
 * Whether the history is linearizable, one key after another, so that whoever else runs in
 * this process gets its turn: a history is linearizable if and only if that of each key is.
 */
export async function checkHistorySlowly(operations: readonly Operation[], signal: AbortSignal): Promise<HistoryCheck> {
  const startedMs = performance.now();
  const done = (linearizable: HistoryCheck['linearizable'], explanation: string | null): HistoryCheck => ({
    linearizable,
    explanation,
    operations: operations.length,
    lengthMs: performance.now() - startedMs,
  });
  let undecided: string | null = null;
  for (const ofKey of Map.groupBy(operations, (one) => one.key).values()) {
    await setImmediate();
    refuseWhenCancelled(signal);
    try {
      const result = checkHistory(ofKey, { maxSteps: MAX_STEPS });
      if (!result.linearizable) return done('no', result.explanation);
    } catch (error) {
      if (!(error instanceof UndecidedError)) throw error;
      undecided ??= error.message;
    }
  }
  return done(undecided === null ? 'yes' : 'undecided', undecided);
}
