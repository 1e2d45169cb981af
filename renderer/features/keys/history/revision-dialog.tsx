import { useMemo } from 'react';
import type { KeyEntry } from '../../../../electron/contract/model.ts';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { formatCount } from '../../../ui/format.ts';
import { fromBase64 } from '../bytes.ts';
import { comparable } from '../conflict.ts';
import { DiffTable } from '../diff-table.tsx';
import type { KeyVersion } from './changes.ts';
import styles from './history-panel.module.css';

/** One earlier value beside the present one, and the way back to it through the editor. */
export function RevisionDialog({
  version,
  current,
  onRestore,
  onClose,
}: {
  version: KeyVersion;
  current: KeyEntry | null;
  onRestore: ((value: Uint8Array) => void) | null;
  onClose: () => void;
}) {
  const bytes = useMemo(() => fromBase64(version.value ?? ''), [version]);
  const [then, now] = useMemo(
    () => comparable(bytes, current === null ? new Uint8Array() : fromBase64(current.value)),
    [bytes, current],
  );
  const name = `r${formatCount(version.revision)}`;
  const isNow = current?.revision === version.revision;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={`Revision ${formatCount(version.revision)}`}
      description="That revision against what is stored now."
      className={styles.dialog}
      footer={
        <>
          <span className={styles.grow}>Restoring puts it in the editor; nothing is written until you save.</span>
          <Button onClick={onClose}>Close</Button>
          {onRestore !== null && !isNow && (
            <Button
              variant="primary"
              icon="history"
              onClick={() => {
                onRestore(bytes);
                onClose();
              }}
            >
              Restore {name}
            </Button>
          )}
        </>
      }
    >
      <DiffTable
        left={name}
        right={current === null ? 'Now: there is no such key' : `Now, r${formatCount(current.revision)}`}
        leftText={then}
        rightText={now}
      />
    </Dialog>
  );
}
