import type { KvRow, ScanPage } from '../types.ts';

/** The first `limit` rows, or fewer where their values exceed `maxBytes` (at least one). */
export function pageOf(rows: Iterable<KvRow>, limit: number, maxBytes: number): ScanPage {
  const page: KvRow[] = [];
  let sizeBytes = 0;
  for (const row of rows) {
    if (page.length === limit) return { rows: page, more: true };
    sizeBytes += row.value.length + row.past.length;
    if (sizeBytes > maxBytes && page.length > 0) return { rows: page, more: true };
    page.push(row);
  }
  return { rows: page, more: false };
}
