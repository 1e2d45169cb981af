import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { KeyMeta } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatBytesOrDash, formatCount } from '../../ui/format.ts';
import { showToast } from '../../ui/toast.tsx';
import { useKeyChanged } from './use-key-pages.ts';
import styles from './delete-key-dialog.module.css';

/** Asks, then deletes the key if it is what was seen; if it changed meanwhile, says so and asks again. */
export function DeleteKeyDialog({
  cluster,
  entry,
  written,
  onClose,
  onDeleted,
}: {
  cluster: string;
  entry: KeyMeta;
  written: string;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const api = useApi();
  const client = useQueryClient();
  const keyChanged = useKeyChanged(cluster);
  const [target, setTarget] = useState(entry);
  const [changed, setChanged] = useState(false);
  const remove = useMutation({
    onMutate: () => client.cancelQueries({ queryKey: ['keys.get', cluster, entry.key] }),
    mutationFn: () => api.command('keys.delete', { cluster, key: entry.key, expectedRevision: target.revision }),
    onSuccess: (answer) => {
      if (answer.outcome === 'conflict' && answer.current !== null) {
        setTarget(answer.current);
        setChanged(true);
        return;
      }
      keyChanged(entry.key, null);
      showToast({ tone: 'done', title: 'Key deleted.', text: written });
      onDeleted();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Delete this key?"
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
            {changed ? `Delete r${formatCount(target.revision)}` : 'Delete key'}
          </Button>
        </>
      }
    >
      <p className={styles.key}>
        <span className="mono">{written}</span>
      </p>
      <p className={styles.text}>
        Revision {formatCount(target.revision)}, {formatBytesOrDash(target.valueSizeBytes)} on p{target.partition}. It
        cannot be brought back.
      </p>
      {changed && (
        <p className={styles.changed} role="alert">
          It was changed since you looked, so nothing was deleted yet.
        </p>
      )}
      {remove.error !== null && (
        <ErrorNote
          title="The key was not deleted."
          error={remove.error}
          fix={{ label: 'Try again', run: () => remove.mutate() }}
        />
      )}
    </Dialog>
  );
}
