import type { KeyEntry, KeyMeta } from '../../../electron/contract/model.ts';
import { fromBase64, sameBytes, toBase64 } from './bytes.ts';
import {
  detectFormat,
  encodeDraft,
  formatRefusal,
  jsonProblem,
  openDraft,
  type Draft,
  type ValueFormat,
} from './value-format.ts';

/**
 * One open key. `base` is the revision the draft was made from and the one a save
 * expects; `current` is the newest that was seen, null once the key is gone.
 */
export interface EditorState {
  readonly base: KeyEntry | null;
  readonly current: KeyEntry | null;
  readonly draft: Draft;
  /** Why the last change of format was refused. */
  readonly refusal: string | null;
}

export function openEditor(entry: KeyEntry): EditorState {
  const bytes = fromBase64(entry.value);
  return { base: entry, current: entry, draft: openDraft(bytes, detectFormat(bytes)), refusal: null };
}

/** The draft differs from what it was made from, or stands for no bytes at all. */
export function isDirty({ base, draft }: EditorState): boolean {
  const encoded = encodeDraft(draft);
  return base === null || !encoded.ok || !sameBytes(encoded.bytes, fromBase64(base.value));
}

/** Somebody else wrote or deleted the key since `base`. */
export function isConflict({ base, current }: EditorState): boolean {
  return (base?.revision ?? 0) !== (current?.revision ?? 0);
}

/** What a save of this draft expects the key to be at: 0 for "absent". */
export function expectedRevision({ base }: EditorState): number {
  return base?.revision ?? 0;
}

export function edit(state: EditorState, text: string): EditorState {
  return { ...state, draft: { ...state.draft, text }, refusal: null };
}

/** Shows the same bytes in another format, or says why that cannot be. */
export function switchFormat(state: EditorState, format: ValueFormat): EditorState {
  const { draft } = state;
  if (format === draft.format) return state;
  const encoded = encodeDraft(draft);
  if (!encoded.ok) return { ...state, refusal: `Mend this first. ${encoded.message}` };
  const refusal = formatRefusal(encoded.bytes, format);
  if (refusal !== null) return { ...state, refusal };
  return { ...state, draft: openDraft(encoded.bytes, format), refusal: null };
}

/**
 * A read brought the key as it is now. Without edits the editor follows; with edits the
 * draft stays and the conflict shows. An answer that was overtaken on its way, or came
 * from a stale read, is older than what is known: revisions only grow, so the number
 * tells. An absent key has none, and is believed unless the read may be stale.
 */
export function seen(state: EditorState, entry: KeyEntry | null, mayBeStale: boolean): EditorState {
  const known = state.current?.revision ?? 0;
  if (entry === null) return mayBeStale || known === 0 ? state : { ...state, current: null };
  if (entry.revision <= known) return state;
  return isDirty(state) && !isDraftOf(state, entry) ? { ...state, current: entry } : followed(state, entry);
}

/** The draft is what the key is now anyway, as after a save whose answer was lost. */
function isDraftOf({ draft }: EditorState, entry: KeyEntry): boolean {
  const encoded = encodeDraft(draft);
  return encoded.ok && sameBytes(encoded.bytes, fromBase64(entry.value));
}

/** The editor's format stays while it fits the new bytes. */
function followed(state: EditorState, entry: KeyEntry): EditorState {
  const bytes = fromBase64(entry.value);
  const draft = openDraft(bytes, state.draft.format);
  const fits = jsonProblem(draft) === null;
  return { base: entry, current: entry, draft: fits ? draft : openDraft(bytes, detectFormat(bytes)), refusal: null };
}

/** A save went through with these bytes. Typing may have gone on meanwhile: the draft stays. */
export function saved(state: EditorState, meta: KeyMeta, bytes: Uint8Array): EditorState {
  const entry = { ...meta, value: toBase64(bytes) };
  return { ...state, base: entry, current: entry };
}

/** Discards my edits for what is there now. Only while the key exists. */
export function takeTheirs(state: EditorState): EditorState {
  return state.current === null ? state : followed(state, state.current);
}

/** Keeps my text but bases it on what is there now, so that the next save replaces it. */
export function rebase(state: EditorState): EditorState {
  return { ...state, base: state.current };
}

/** An earlier value in the editor, for review before it is saved over what is there. */
export function restored(state: EditorState, bytes: Uint8Array): EditorState {
  return { ...state, draft: openDraft(bytes, detectFormat(bytes)), refusal: null };
}

/** A merged text, based on what is there now, for review before it is saved. */
export function takeMerged(state: EditorState, text: string): EditorState {
  return rebase({ ...edit(state, text), draft: { ...state.draft, format: 'json', text } });
}
