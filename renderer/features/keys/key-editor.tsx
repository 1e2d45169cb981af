import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { QueryOutput } from '../../../electron/contract/contract.ts';
import type { ReadMode } from '../../../electron/contract/model.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { DeleteKeyDialog } from './delete-key-dialog.tsx';
import { isDirty, openEditor, seen } from './editor-state.ts';
import { changeEditor, useEditorState } from './editor-store.ts';
import { NewKeyDialog } from './new-key-dialog.tsx';
import { ValueEditor } from './value-editor.tsx';
import { useKeyChanged } from './use-key-pages.ts';
import styles from './key-editor.module.css';

export interface KeyEditorProps {
  cluster: string;
  keyBase64: string;
  /** The key as `escapeKey` writes it. */
  written: string;
  reading: UseQueryResult<QueryOutput<'keys.get'>>;
  readMode: ReadMode;
  readOnly: boolean;
  onReadStale: () => void;
  onClose: () => void;
}

/** The right pane: one key, its facts, its value. */
export function KeyEditor(props: KeyEditorProps) {
  const { cluster, keyBase64, written, reading, readMode, readOnly, onReadStale, onClose } = props;
  const state = useEditorState(cluster, keyBase64);
  const keyChanged = useKeyChanged(cluster);
  const current = state?.current ?? null;
  const [dialog, setDialog] = useState<'delete' | 'create' | null>(null);

  const { data } = reading;
  useEffect(() => {
    if (data === undefined) return;
    changeEditor(cluster, keyBase64, (now) => {
      if (now !== undefined) return seen(now, data.entry, readMode === 'stale');
      return data.entry === null ? undefined : openEditor(data.entry);
    });
    if (readMode !== 'stale') keyChanged(keyBase64, data.entry);
  }, [cluster, keyBase64, data, readMode, keyChanged]);

  // Edits stay for the next look; an untouched key is read afresh.
  useEffect(
    () => () => changeEditor(cluster, keyBase64, (now) => (now !== undefined && isDirty(now) ? now : undefined)),
    [cluster, keyBase64],
  );

  return (
    <>
      <header className={styles.header}>
        <h2 className="mono" title={written}>
          {written}
        </h2>
        <IconButton icon="copy" size="small" label="Copy key" onClick={() => void copyText(written, 'Key copied.')} />
        <span className={styles.grow} />
        {!readOnly && current !== null && (
          <IconButton icon="trash" size="small" label="Delete key" onClick={() => setDialog('delete')} />
        )}
        <IconButton icon="x" size="small" label="Close key" onClick={onClose} />
      </header>
      {state === undefined && reading.error === null && data?.entry === null && (
        <EmptyState
          {...(!readOnly && {
            action: (
              <Button icon="plus" onClick={() => setDialog('create')}>
                Create it
              </Button>
            ),
          })}
        >
          {readMode === 'stale'
            ? 'The replica that answered has no such key. It may be behind.'
            : `There is no such key. Its place is partition p${data.partition}.`}
        </EmptyState>
      )}
      {reading.error !== null && (
        <div className={styles.note}>
          <ErrorNote
            title={
              state === undefined
                ? 'The key could not be read.'
                : 'The key could not be read again; this is the last known value.'
            }
            error={reading.error}
            fix={
              readMode !== 'stale'
                ? { label: 'Read stale', run: onReadStale }
                : { label: 'Try again', run: () => void reading.refetch() }
            }
          />
        </div>
      )}
      {state !== undefined && (
        <ValueEditor cluster={cluster} keyBase64={keyBase64} state={state} readOnly={readOnly} onClose={onClose} />
      )}
      {dialog === 'delete' && current !== null && (
        <DeleteKeyDialog
          cluster={cluster}
          entry={current}
          written={written}
          onClose={() => setDialog(null)}
          onDeleted={() => {
            changeEditor(cluster, keyBase64, () => undefined);
            onClose();
          }}
        />
      )}
      {dialog === 'create' && (
        <NewKeyDialog
          cluster={cluster}
          prefix={written}
          onClose={() => setDialog(null)}
          onOpen={() => {
            setDialog(null);
            void reading.refetch();
          }}
        />
      )}
    </>
  );
}
