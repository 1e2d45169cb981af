import type { KeyHistory } from '../../../../electron/contract/remote.ts';
import { formatBytes, formatCount } from '../../../ui/format.ts';
import { fromBase64, sameBytes, utf8Text } from '../bytes.ts';
import { mergeJson } from '../json-merge.ts';
import { parseJson } from '../json-tree.ts';

export type KeyVersion = KeyHistory['versions'][number];

/** More changed places than this become a count. */
const MOST_PATHS = 3;

/** What a revision changed against the one before it; null where that is not known any more. */
export function changeWords(version: KeyVersion, before: KeyVersion | null): string {
  if (version.kind === 'delete') return 'deleted';
  if (version.kind === 'expire') return 'expired';
  if (version.version === 1) return `created, ${formatBytes(version.valueSizeBytes)}`;
  if (version.value === null) return `${formatBytes(version.valueSizeBytes)}, too large to be kept`;
  if (before === null || before.value === null) return formatBytes(version.valueSizeBytes);
  return differenceWords(fromBase64(before.value), fromBase64(version.value));
}

/** "status", "items[1].qty and 2 more places", "418 B → 420 B". */
export function differenceWords(before: Uint8Array, after: Uint8Array): string {
  if (sameBytes(before, after)) return 'the same value again';
  const paths = changedPaths(before, after);
  if (paths === null || paths.length === 0) return `${formatBytes(before.length)} → ${formatBytes(after.length)}`;
  const named = paths.slice(0, MOST_PATHS).join(', ');
  return paths.length > MOST_PATHS ? `${named} and ${formatCount(paths.length - MOST_PATHS)} more` : named;
}

/** Where two JSON values differ; null when one of them is none. */
function changedPaths(before: Uint8Array, after: Uint8Array): readonly string[] | null {
  const [a, b] = [utf8Text(before), utf8Text(after)].map((text) => (text === null ? null : parseJson(text)));
  if (!a?.ok || !b?.ok) return null;
  return mergeJson(a.tree, b.tree, a.tree).mine;
}
