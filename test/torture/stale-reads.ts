import type { Operation } from '../../engine/check/index.ts';
import type { StaleRead } from './history.ts';

/**
 * A stale read may be as old as it likes, but what it shows was there: a value that some
 * write wrote that had begun by then and did not certainly fail, under the revision that
 * everyone else saw it with. Returns what is wrong, in words.
 */
export function staleProblems(reads: readonly StaleRead[], operations: readonly Operation[]): string[] {
  const writtenAt = new Map<string, number>();
  const valueOf = new Map<string, string>();
  for (const operation of operations) {
    const { key, kind, outcome } = operation;
    if ((kind === 'put' || kind === 'cas') && operation.value !== null && (outcome === 'ok' || outcome === 'unknown')) {
      writtenAt.set(`${key} ${operation.value}`, operation.invokedAt);
    }
    if (kind === 'delete' || outcome !== 'ok' || operation.value === null) continue;
    if (operation.revision !== undefined) valueOf.set(`${key} ${operation.revision}`, operation.value);
  }
  const problems: string[] = [];
  for (const { key, value, revision, returnedAt } of reads) {
    if (value === null) continue;
    const begun = writtenAt.get(`${key} ${value}`);
    const known = valueOf.get(`${key} ${revision}`);
    if (begun === undefined) problems.push(`a stale read of ${key} showed ${value}, which was never written`);
    else if (begun > returnedAt) problems.push(`a stale read of ${key} showed ${value} before it was written`);
    else if (known !== undefined && known !== value) {
      problems.push(`a stale read of ${key} showed ${value} as revision ${revision}, which is ${known}`);
    }
    valueOf.set(`${key} ${revision}`, value);
  }
  return problems;
}
