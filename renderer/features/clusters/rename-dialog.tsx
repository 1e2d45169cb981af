import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { clusterPath } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { nameProblem } from './spec-form.ts';
import styles from './confirm-dialogs.module.css';

/** A cluster that runs is stopped for it, since its directory has its name. */
export function RenameClusterDialog({ cluster, onClose }: { cluster: ClusterSummary; onClose: () => void }) {
  const api = useApi();
  const [path, navigate] = useLocation();
  const [name, setName] = useState(cluster.name);
  const runs = cluster.state !== 'stopped';
  const isNew = name !== cluster.name;
  const problem = nameProblem(name);
  const rename = useMutation({
    mutationFn: () => api.command('cluster.rename', { cluster: cluster.name, name }),
    onSuccess: () => {
      showToast({ tone: 'done', title: `${cluster.name} is called ${name} now.` });
      const base = clusterPath(cluster.name);
      const isHere = path === base || path.startsWith(`${base}/`);
      onClose();
      if (isHere) navigate(clusterPath(name) + path.slice(base.length), { replace: true });
    },
  });
  const isReady = isNew && problem === undefined && !rename.isPending;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={`Rename ${cluster.name}`}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" disabled={!isReady} busy={rename.isPending} onClick={() => rename.mutate()}>
            {runs ? 'Stop, rename and start' : 'Rename'}
          </Button>
        </>
      }
    >
      <form
        className={styles.choices}
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) rename.mutate();
        }}
      >
        <TextField
          label="New name"
          mono
          value={name}
          problem={isNew ? problem : undefined}
          help="Letters, digits and hyphens; the command knows it by this name too."
          onChange={(event) => setName(event.target.value)}
        />
      </form>
      <p className={styles.text}>
        {runs && 'It runs: its nodes are stopped in order, and started again under the new name. '}
        Its keys, ports, certificates and events stay. Drill reports keep the name of their day.
      </p>
      {rename.error !== null && (
        <ErrorNote
          title="The cluster was not renamed."
          error={rename.error}
          fix={{ label: 'Try again', run: () => rename.mutate() }}
        />
      )}
    </Dialog>
  );
}
