import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../api/context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { AskedNode, type AskProps } from './asked-node.tsx';
import { wipeWords } from './wipe-words.ts';
import styles from './confirm-dialogs.module.css';

/** ?dialog=wipe-node&from=ID: an empty node takes the place of this one. */
export function WipeNodeDialog({ onClose }: { onClose: () => void }) {
  return <AskedNode Ask={Ask} onClose={onClose} />;
}

function Ask({ view, node, onClose }: AskProps) {
  const api = useApi();
  const cluster = view.summary.name;
  const [typed, setTyped] = useState('');
  const wipe = useMutation({
    mutationFn: () => api.command('node.wipe', { cluster, node: node.id }),
    onSuccess: (answer) => {
      showToast({
        tone: 'done',
        title: `n${answer.node} takes the place of ${node.name}.`,
        text: `It gets its copies from the others; then the data of ${node.name} is deleted.`,
      });
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={`Wipe the data of ${node.name}?`}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" disabled={typed !== node.name} busy={wipe.isPending} onClick={() => wipe.mutate()}>
            Wipe {node.name}
          </Button>
        </>
      }
    >
      {wipeWords(view, node).map((words) => (
        <p key={words} className={styles.text}>
          {words}
        </p>
      ))}
      <TextField
        label={`Type ${node.name} to wipe it`}
        mono
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {wipe.error !== null && (
        <ErrorNote
          title={`${node.name} was not wiped.`}
          error={wipe.error}
          fix={{ label: 'Try again', run: () => wipe.mutate() }}
        />
      )}
    </Dialog>
  );
}
