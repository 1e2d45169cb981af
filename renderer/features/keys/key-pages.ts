import type { QueryOutput } from '../../../electron/contract/contract.ts';
import type { KeyChange } from '../../../electron/contract/bulk-keys.ts';
import type { KeyMeta } from '../../../electron/contract/model.ts';
import { formatCount, plural } from '../../ui/format.ts';
import { fromBase64 } from './bytes.ts';

/** One page of a scan; `next` is null on the last. Keys are in byte order over all pages. */
export type KeyPage = QueryOutput<'keys.scan'>;

/** Keys in the order the engine has them. */
export function compareKeys(a: string, b: string): number {
  const [x, y] = [fromBase64(a), fromBase64(b)];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

/**
 * The pages after a key was written: its row is replaced, or put where it belongs. A key
 * beyond what is loaded changes nothing, since its page is still to come.
 */
export function withKey(pages: readonly KeyPage[], meta: KeyMeta): KeyPage[] {
  if (pages.some((page) => page.keys.some((row) => row.key === meta.key))) {
    return pages.map((page) => ({ ...page, keys: page.keys.map((row) => (row.key === meta.key ? meta : row)) }));
  }
  const at = pages.findIndex((page) => page.next === null || isAtMostLast(meta.key, page));
  return pages.map((page, i) =>
    i === at ? { ...page, keys: [...page.keys, meta].sort((a, b) => compareKeys(a.key, b.key)) } : page,
  );
}

function isAtMostLast(key: string, page: KeyPage): boolean {
  const last = page.keys.at(-1);
  return last !== undefined && compareKeys(key, last.key) < 0;
}

export function withoutKey(pages: readonly KeyPage[], key: string): KeyPage[] {
  return pages.map((page) => ({ ...page, keys: page.keys.filter((row) => row.key !== key) }));
}

/** The pages after many changes at once; keys beyond what is loaded change nothing. */
export function withChanges(pages: readonly KeyPage[], changes: readonly KeyChange[]): KeyPage[] {
  const left = new Map(changes.map(({ key, meta }) => [key, meta]));
  const replaced = pages.map((page) => {
    if (!page.keys.some((row) => left.has(row.key))) return page;
    const keys = page.keys.flatMap((row) => {
      const meta = left.get(row.key);
      if (meta === undefined) return [row];
      left.delete(row.key);
      // What an event does not say stays what is known.
      return meta === null ? [] : [{ ...meta, createdAtMs: meta.createdAtMs ?? row.createdAtMs }];
    });
    return { ...page, keys };
  });
  const fresh = [...left.values()].filter((meta) => meta !== null);
  return fresh.reduce<KeyPage[]>((all, meta) => withKey(all, meta), replaced);
}

/**
 * How many keys there are, as far as is known: what was counted is called so, and what was
 * not looked at is said to be. `total` is of the whole cluster, null while it is unknown.
 */
export function countSentence(now: {
  readonly loaded: number;
  readonly isComplete: boolean;
  readonly total: number | null;
  readonly hasPrefix: boolean;
}): string {
  const { loaded, isComplete, total, hasPrefix } = now;
  if (!isComplete) {
    const first = `first ${plural(loaded, 'key')}; more below`;
    return total === null || hasPrefix ? first : `first ${formatCount(loaded)} of ${plural(total, 'key')}; more below`;
  }
  if (total === null || total <= loaded) return loaded === 0 ? 'no keys' : plural(loaded, 'key');
  return loaded === 0 ? `none of ${plural(total, 'key')}` : `${formatCount(loaded)} of ${plural(total, 'key')}`;
}
