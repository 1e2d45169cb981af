import { checkHistory, UndecidedError, type Operation } from '../../engine/check/index.ts';
import type { GroupId } from '../../engine/config/ids.ts';
import { Violation } from './violation.ts';

const NAME = 'Linearizability (Herlihy and Wing; Raft paper, section 8)';

/** Of the checker, on one key; a fraction of a second. */
const MAX_STEPS = 200_000;

/** What the clients saw: every operation on every key, with its outcome. */
export class History {
  readonly operations: Operation[] = [];
  /** Which values were written to which key, whatever came of it; for stale reads. */
  readonly #written = new Map<string, Set<string>>();
  readonly #groupOfKey = new Map<string, GroupId>();

  add(operation: Operation): void {
    this.operations.push(operation);
  }

  /** A put since then lets its key go by itself, at some time or never, as a delete that was not answered would. */
  mayExpire(key: string, sinceMs: number): void {
    this.add({ kind: 'delete', outcome: 'unknown', clientId: 0, key, invokedAt: sinceMs, returnedAt: Infinity });
  }

  willWrite(group: GroupId, key: string, value: string | null): void {
    this.#groupOfKey.set(key, group);
    if (value === null) return;
    let values = this.#written.get(key);
    if (values === undefined) {
      values = new Set();
      this.#written.set(key, values);
    }
    values.add(value);
  }

  /** A stale read may be old, and must never show what nobody wrote. */
  checkStaleRead(group: GroupId, node: number, key: string, value: string | null): void {
    if (value === null || this.#written.get(key)?.has(value) === true) return;
    const message = `a stale read of ${key} on node ${node} shows ${value}, which nobody wrote there`;
    throw new Violation('Stale Reads Show What Was Written', group, node, message);
  }

  /** Throws a violation with the smallest window that shows it. False when the search was given up. */
  check(): boolean {
    let result;
    try {
      result = checkHistory(this.operations, { maxSteps: MAX_STEPS });
    } catch (error) {
      if (error instanceof UndecidedError) return false;
      throw error;
    }
    if (result.linearizable) return true;
    throw new Violation(NAME, this.#groupOfKey.get(result.key) ?? 0, 0, result.explanation);
  }
}
