import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useApi } from '../../api/context.tsx';
import { clusterPath } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { nameProblem } from './spec-form.ts';
import styles from './confirm-dialogs.module.css';

/** ?dialog=import: a cluster that was made under another home, by the command or on another disk. */
export function ImportClusterDialog({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const [, navigate] = useLocation();
  const [directory, setDirectory] = useState('');
  const [name, setName] = useState('');
  const problem = name === '' ? undefined : nameProblem(name);
  const take = useMutation({
    mutationFn: () => api.command('clusters.import', { directory: directory.trim(), name: name === '' ? null : name }),
    onSuccess: (cluster) => {
      onClose();
      navigate(clusterPath(cluster.name));
    },
  });
  const isReady = directory.trim() !== '' && problem === undefined && !take.isPending;
  const submit = () => {
    if (isReady) take.mutate();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Import a local cluster"
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" disabled={!isReady} busy={take.isPending} onClick={submit}>
            Import
          </Button>
        </>
      }
    >
      <p className={styles.text}>
        Clusters that the command made in this home are in the list already. One of another home, or on another disk, is
        taken in with its data where it is, and is not started.
      </p>
      <form
        className={styles.choices}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField
          label="Folder of the cluster"
          mono
          autoFocus
          placeholder="/home/me/other/clusters/dev"
          help="The one that holds cluster.json, on the computer that runs this application."
          value={directory}
          onChange={(event) => setDirectory(event.target.value)}
        />
        <TextField
          label="Name here"
          note="optional"
          mono
          placeholder="as it is called there"
          value={name}
          problem={problem}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
      </form>
      {take.error !== null && (
        <ErrorNote
          title="The cluster was not taken in."
          error={take.error}
          fix={{ label: 'Try again', run: () => take.mutate() }}
        />
      )}
    </Dialog>
  );
}
