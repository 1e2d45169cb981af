import type { QueryOutput } from '../../contract/contract.ts';
import type { ReadMode } from '../../contract/model.ts';
import type { KeySpace } from './key-space.ts';

const PAGE_KEYS = 1_000;
/** So many keys tell how even it is; more would cost reads for nothing. */
export const SPREAD_OVER = 10_000;

/** How many of the first keys with a prefix each partition holds. */
export async function keySpread(
  keys: Pick<KeySpace, 'scan'>,
  { prefix, readMode }: { readonly prefix: string; readonly readMode: ReadMode },
): Promise<QueryOutput<'keys.spread'>> {
  const counts = new Map<number, number>();
  let after = '';
  let looked = 0;
  for (;;) {
    const page = await keys.scan({ prefix, after, limit: PAGE_KEYS, readMode });
    for (const { partition } of page.keys) counts.set(partition, (counts.get(partition) ?? 0) + 1);
    looked += page.keys.length;
    const isWhole = page.next === null;
    if (isWhole || looked >= SPREAD_OVER) {
      return {
        partitions: [...counts].map(([partition, count]) => ({ partition, count })).sort(byPartition),
        isWhole,
      };
    }
    after = page.next!;
  }
}

const byPartition = (a: { partition: number }, b: { partition: number }): number => a.partition - b.partition;
