import { useEffect, useEffectEvent, useMemo, useState } from 'react';
import { Kbd } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatCount } from '../../ui/format.ts';
import { hasModKey, modKeyLabel } from '../../ui/mod-key.ts';
import { clusterNow, useLive, useView } from '../../api/use-cluster-live.tsx';
import { Select } from '../../ui/select.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { ConflictBanner } from './conflict-banner.tsx';
import { conflictOf } from './conflict.ts';
import {
  edit,
  expectedRevision,
  isDirty,
  rebase,
  restored,
  switchFormat,
  takeMerged,
  takeTheirs,
  type EditorState,
} from './editor-state.ts';
import { changeEditor } from './editor-store.ts';
import { expiryOptions, ttlOf, usualExpiry, type Expiry } from './expiry.ts';
import { HistoryPanel } from './history/history-panel.tsx';
import { KeyFacts } from './key-facts.tsx';
import { draftProblem } from './limits.ts';
import { useSave } from './use-save.ts';
import { encodeDraft, formatted } from './value-format.ts';
import { ValueField } from './value-field.tsx';
import styles from './value-editor.module.css';

/** The value of a key that exists or existed: edit, save by compare-and-swap, settle conflicts. */
export function ValueEditor({
  cluster,
  keyBase64,
  state,
  readOnly,
  onClose,
}: {
  cluster: string;
  keyBase64: string;
  state: EditorState;
  readOnly: boolean;
  onClose: () => void;
}) {
  const [comparing, setComparing] = useState(false);
  /** Null: what is usual for this key. */
  const [chosenExpiry, setChosenExpiry] = useState<Expiry | null>(null);
  const { store } = useLive();
  const expires = useView((view) => view.summary.kind) !== 'etcd';
  const save = useSave(cluster, keyBase64);
  const conflict = useMemo(() => conflictOf(state), [state]);
  const edited = useMemo(() => isDirty(state), [state]);
  const expiry = chosenExpiry ?? usualExpiry(state.base);
  const dirty = edited || expiry !== usualExpiry(state.base);
  const problem = useMemo(() => draftProblem(state.draft), [state.draft]);
  const change = (next: (now: EditorState) => EditorState) =>
    changeEditor(cluster, keyBase64, (now) => now && next(now));

  const write = (from: EditorState) => {
    const encoded = encodeDraft(from.draft);
    if (!encoded.ok || save.isPending) return;
    const ttlMs = ttlOf(expiry, from.base, clusterNow(store.getState()));
    save.mutate({ bytes: encoded.bytes, expectedRevision: expectedRevision(from), ttlMs });
    setChosenExpiry(null);
  };
  const overwrite = () => {
    setComparing(false);
    change(rebase);
    write(rebase(state));
  };
  const discard = () => {
    setComparing(false);
    save.reset();
    if (state.current !== null) return change(takeTheirs);
    changeEditor(cluster, keyBase64, () => undefined);
    onClose();
  };

  const mayWrite = !readOnly && problem === null;
  const maySave = mayWrite && dirty && conflict === null;
  useSaveShortcut(() => {
    if (maySave) write(state);
  });
  const shown = state.current ?? state.base;

  return (
    <>
      {shown !== null && (
        <KeyFacts
          meta={shown}
          editedRevision={conflict !== null && state.current !== null ? expectedRevision(state) : null}
        />
      )}
      {conflict !== null && (
        <ConflictBanner
          conflict={conflict}
          current={state.current}
          dirty={dirty}
          readOnly={readOnly}
          mayWrite={mayWrite}
          onMerge={(text) => change((now) => takeMerged(now, text))}
          onCompare={() => setComparing(true)}
          onCreateAgain={overwrite}
          onDiscard={discard}
        />
      )}
      <ValueField
        draft={state.draft}
        refusal={state.refusal}
        readOnly={readOnly}
        onText={(text) => change((now) => edit(now, text))}
        onFormat={(format) => change((now) => switchFormat(now, format))}
        onLayOut={() => change((now) => ({ ...now, draft: formatted(now.draft) ?? now.draft }))}
      />
      <HistoryPanel
        cluster={cluster}
        keyBase64={keyBase64}
        state={state}
        onRestore={readOnly ? null : (value) => change((now) => restored(now, value))}
      />
      {save.error !== null && (
        <div className={styles.note}>
          <ErrorNote
            title="The key was not saved."
            error={save.error}
            fix={{ label: 'Try again', run: () => write(state) }}
          />
        </div>
      )}
      <footer className={styles.footer}>
        <p role="status" className={dirty && problem !== null ? styles.problem : undefined}>
          {footerWords({
            readOnly,
            dirty,
            problem,
            savedRevision: save.data?.outcome === 'saved' ? save.data.entry.revision : null,
          })}
        </p>
        {!readOnly && expires && conflict === null && (
          <Select
            label="Expires"
            value={expiry}
            options={expiryOptions(state.base)}
            onChange={(next) => setChosenExpiry(next)}
          />
        )}
        {edited && conflict === null && (
          <Button variant="ghost" onClick={discard}>
            Discard
          </Button>
        )}
        {!readOnly && (
          <Button
            variant={maySave ? 'primary' : 'plain'}
            disabled={!maySave}
            busy={save.isPending}
            onClick={() => write(state)}
            aria-keyshortcuts="Control+S Meta+S"
          >
            {state.base === null ? 'Create' : `Save if still r${formatCount(state.base.revision)}`}
            <Kbd>{modKeyLabel('S')}</Kbd>
          </Button>
        )}
      </footer>
      {comparing && state.current !== null && (
        <CompareDialog
          state={state}
          mayOverwrite={mayWrite}
          onOverwrite={overwrite}
          onTakeTheirs={discard}
          onClose={() => setComparing(false)}
        />
      )}
    </>
  );
}

function footerWords(now: {
  readOnly: boolean;
  dirty: boolean;
  problem: string | null;
  savedRevision: number | null;
}): string {
  if (now.readOnly) return 'This cluster is read-only.';
  if (now.dirty) return now.problem ?? 'Saves only if the key is still at the revision you edited.';
  return now.savedRevision === null ? 'No unsaved changes.' : `Saved as revision ${formatCount(now.savedRevision)}.`;
}

/** ⌘S, Ctrl S: never the browser's own, whatever has the focus. */
function useSaveShortcut(save: () => void): void {
  const run = useEffectEvent(save);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!hasModKey(event) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 's') return;
      event.preventDefault();
      if (document.querySelector('[role="dialog"]') === null) run();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
