import { useMemo } from 'react';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { formatCount } from '../../ui/format.ts';
import { comparableTexts } from './conflict.ts';
import { expectedRevision, type EditorState } from './editor-state.ts';
import { DiffTable } from './diff-table.tsx';
import styles from './compare-dialog.module.css';

/** Theirs and mine side by side; the one place where theirs can be overwritten. */
export function CompareDialog({
  state,
  mayOverwrite,
  onOverwrite,
  onTakeTheirs,
  onClose,
}: {
  state: EditorState;
  mayOverwrite: boolean;
  onOverwrite: () => void;
  onTakeTheirs: () => void;
  onClose: () => void;
}) {
  const { theirs, mine } = useMemo(() => comparableTexts(state), [state]);
  const texts = { leftText: theirs, rightText: mine };
  const revision = formatCount(state.current?.revision ?? 0);
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Compare"
      description={`What is stored now against your edit of revision ${formatCount(expectedRevision(state))}.`}
      className={styles.dialog}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Back to editing
          </Button>
          <span className={styles.grow} />
          <Button onClick={onTakeTheirs}>Take theirs</Button>
          <Button variant="danger" icon="alert" disabled={!mayOverwrite} onClick={onOverwrite}>
            Overwrite r{revision} with mine
          </Button>
        </>
      }
    >
      <DiffTable left={`Theirs, r${revision}`} right="Mine, unsaved" {...texts} />
    </Dialog>
  );
}
