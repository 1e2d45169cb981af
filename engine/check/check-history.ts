import { explain } from './explain.ts';
import { smallestWindow } from './minimize.ts';
import { validate, type Operation } from './operation.ts';
import { Search } from './search.ts';
import { impossibleAnswer } from './sources.ts';

export type CheckResult =
  | { readonly linearizable: true; readonly operations: number }
  | {
      readonly linearizable: false;
      readonly key: string;
      /** The fewest operations that show it, by invocation, with one that explains it where that helps. */
      readonly window: readonly Operation[];
      /** What is wrong in a sentence, and the window, an operation a line. */
      readonly explanation: string;
    };

/** The search for an order of one key's operations was given up; nothing is known about it. */
export class UndecidedError extends Error {
  override readonly name = 'UndecidedError';
  readonly key: string;

  constructor(key: string, maxSteps: number) {
    super(
      `key ${JSON.stringify(key)}: no order found and none excluded within ${maxSteps} steps; record fewer unknown outcomes or use more keys`,
    );
    this.key = key;
  }
}

export interface CheckOptions {
  /** Bounds the search on each key: about a microsecond and a hundred bytes each. */
  readonly maxSteps?: number;
}

/**
 * Whether a history of a key-value store is linearizable (Herlihy and Wing): whether there
 * is an order of its operations, one key at a time, in which each takes effect at one moment
 * between its invocation and its return and answers as a single store would. Every key
 * begins without a value. Two operations of which one returns at the very time the other is
 * invoked count as concurrent.
 *
 * Throws InvalidHistoryError for a history that contradicts itself, and UndecidedError when
 * the search, which is exponential at worst in how many operations overlap, takes too long.
 */
export function checkHistory(operations: readonly Operation[], options: CheckOptions = {}): CheckResult {
  const { maxSteps = 2_000_000 } = options;
  validate(operations);
  for (const [key, all] of Map.groupBy(operations, (operation) => operation.key)) {
    // What certainly did nothing, and gets without an answer, say nothing.
    const telling = all.filter((one) => one.outcome !== 'failed' && (one.kind !== 'get' || one.outcome === 'ok'));
    const plain = impossibleAnswer(telling) !== undefined;
    const verdict = plain ? 'violation' : new Search(telling, maxSteps).run();
    if (verdict === 'undecided') throw new UndecidedError(key, maxSteps);
    if (verdict === 'violation') {
      const { explanation, evidence } = explain(key, smallestWindow(telling, maxSteps), all);
      return { linearizable: false, key, window: evidence, explanation };
    }
  }
  return { linearizable: true, operations: operations.length };
}
