import type { Api } from '../../../../electron/contract/contract.ts';
import type { KeyEntry, KeyMeta, ReadMode } from '../../../../electron/contract/model.ts';
import { plural } from '../../../ui/format.ts';
import { BATCH_KEYS } from './batch.ts';

/** What a call over many keys is about. */
export type Scope =
  | {
      readonly kind: 'prefix';
      /** Base64; empty for every key. */
      readonly prefix: string;
      /** As a person writes it. */
      readonly written: string;
    }
  | { readonly kind: 'keys'; readonly keys: readonly KeyMeta[] };

/** "every key", "every key that begins with /a/", "3 keys". */
export function scopeWords(scope: Scope): string {
  if (scope.kind === 'keys') return plural(scope.keys.length, 'key');
  return scope.prefix === '' ? 'every key' : `every key that begins with ${scope.written}`;
}

/** The entries of a scope in pieces, until there are none or the signal says stop. */
export async function* entriesOf(
  api: Api,
  cluster: string,
  scope: Scope,
  readMode: ReadMode,
): AsyncGenerator<readonly KeyEntry[], void, undefined> {
  if (scope.kind === 'prefix') {
    let after: string | null = '';
    while (after !== null) {
      const page: { entries: KeyEntry[]; next: string | null } = await api.query('keys.read', {
        cluster,
        prefix: scope.prefix,
        after,
        limit: BATCH_KEYS,
        readMode,
      });
      after = page.next;
      yield page.entries;
    }
    return;
  }
  let at = 0;
  while (at < scope.keys.length) {
    const keys = scope.keys.slice(at, at + BATCH_KEYS).map((meta) => meta.key);
    const { entries } = await api.query('keys.entries', { cluster, keys, readMode });
    at += Math.max(1, entries.length);
    yield entries.filter((entry) => entry !== null);
  }
}
