import { useMemo } from 'react';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { formatCount, plural } from '../../ui/format.ts';
import { comparableTexts } from './conflict.ts';
import { expectedRevision, type EditorState } from './editor-state.ts';
import { diffLines, hunksOf } from './line-diff.ts';
import styles from './compare-dialog.module.css';

/** More changed rows than anybody compares by eye. */
const MAX_ROWS = 2_000;

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
  const hunks = useMemo(() => {
    const { theirs, mine } = comparableTexts(state);
    return hunksOf(diffLines(theirs, mine).slice(0, MAX_ROWS));
  }, [state]);
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
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Theirs, r{revision}</th>
            <th scope="col">Mine, unsaved</th>
          </tr>
        </thead>
        <tbody>
          {hunks.flatMap((hunk, h) =>
            'skipped' in hunk
              ? [
                  // eslint-disable-next-line react/no-array-index-key -- lines have no identity but their place
                  <tr key={`s${h}`} className={styles.skipped}>
                    <td colSpan={2}>{plural(hunk.skipped, 'equal line')}</td>
                  </tr>,
                ]
              : hunk.rows.map((row, i) => (
                  // eslint-disable-next-line react/no-array-index-key -- as above
                  <tr key={`${h}.${i}`}>
                    <td className={cx(row.kind === 'changed' && row.left !== null && styles.theirs)}>{row.left}</td>
                    <td className={cx(row.kind === 'changed' && row.right !== null && styles.mine)}>{row.right}</td>
                  </tr>
                )),
          )}
        </tbody>
      </table>
    </Dialog>
  );
}
