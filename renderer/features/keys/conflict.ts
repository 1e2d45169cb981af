import { fromBase64 } from './bytes.ts';
import { isConflict, isDirty, type EditorState } from './editor-state.ts';
import { mergeJson } from './json-merge.ts';
import { parseJson, printJson } from './json-tree.ts';
import { encodeDraft, hexText, isByteFormat, openDraft } from './value-format.ts';

/**
 * What happened to a key under edit. 'mergeable' and 'overlapping' name the JSON paths
 * both sides changed; 'opaque' is any other content.
 */
export type Conflict =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'opaque' }
  | {
      readonly kind: 'mergeable';
      readonly mine: readonly string[];
      readonly theirs: readonly string[];
      readonly merged: string;
    }
  | {
      readonly kind: 'overlapping';
      readonly mine: readonly string[];
      readonly theirs: readonly string[];
      readonly both: readonly string[];
    };

/** Null while there is nothing to resolve. */
export function conflictOf(state: EditorState): Conflict | null {
  if (!isConflict(state)) return null;
  if (state.current === null) return { kind: 'deleted' };
  if (state.base === null || !isDirty(state)) return { kind: 'opaque' };
  const [base, mine, theirs] = [textOf(state.base.value), state.draft.text, textOf(state.current.value)].map(parseJson);
  if (isByteFormat(state.draft.format) || !base?.ok || !mine?.ok || !theirs?.ok) return { kind: 'opaque' };

  const result = mergeJson(base.tree, mine.tree, theirs.tree);
  const sides = { mine: result.mine, theirs: result.theirs };
  return result.merged === null
    ? { kind: 'overlapping', ...sides, both: result.overlapping }
    : { kind: 'mergeable', ...sides, merged: printJson(result.merged) };
}

/** Their value and mine as lines to compare. */
export function comparableTexts(state: EditorState): { theirs: string; mine: string } {
  const theirs = state.current === null ? '' : fromBase64(state.current.value);
  const encoded = encodeDraft(state.draft);
  if (theirs === '' || !encoded.ok) {
    return { theirs: state.current === null ? '' : textOf(state.current.value), mine: state.draft.text };
  }
  const [left, right] = comparable(theirs, encoded.bytes);
  return { theirs: left, mine: right };
}

/** Two values as lines to compare: JSON laid out alike where both are, text, else hex. */
export function comparable(left: Uint8Array, right: Uint8Array): readonly [string, string] {
  const drafts = [openDraft(left, 'text'), openDraft(right, 'text')] as const;
  if (drafts.some((draft) => isByteFormat(draft.format))) return [hexText(left), hexText(right)];
  const [a, b] = drafts.map((draft) => parseJson(draft.text));
  return a?.ok && b?.ok ? [printJson(a.tree), printJson(b.tree)] : [drafts[0].text, drafts[1].text];
}

function textOf(value: string): string {
  return openDraft(fromBase64(value), 'text').text;
}
