import { Gone, type KvRow } from '../../engine/storage/types.ts';

/** What `KvTable.due` is to answer, the plain way. */
export function dueKeys(rows: Iterable<KvRow>, ofGone: boolean, timeMs: number, limit: number): Uint8Array[] {
  return [...rows]
    .filter((row) => row.expiresAtMs > 0 && row.expiresAtMs <= timeMs && (row.gone !== Gone.No) === ofGone)
    .sort((a, b) => a.expiresAtMs - b.expiresAtMs || a.revision - b.revision)
    .slice(0, limit)
    .map((row) => row.key);
}

export function firstDueMs(rows: Iterable<KvRow>): number {
  let first = Infinity;
  for (const { expiresAtMs } of rows) if (expiresAtMs > 0) first = Math.min(first, expiresAtMs);
  return first;
}
