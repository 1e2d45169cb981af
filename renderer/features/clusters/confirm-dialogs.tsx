import { useMutation } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { clusterPath } from '../../app/paths.ts';
import { useSetting } from '../../app/settings.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { plural } from '../../ui/format.ts';
import { TextField } from '../../ui/text-field.tsx';
import { showToast } from '../../ui/toast.tsx';
import styles from './confirm-dialogs.module.css';

interface ConfirmProps {
  cluster: ClusterSummary;
  onClose: () => void;
}

/** Stopping keeps the data; clients are refused until the cluster is started again. */
export function StopClusterDialog({ cluster, onClose }: ConfirmProps) {
  const api = useApi();
  const stop = useMutation({
    mutationFn: () => api.command('cluster.stop', { cluster: cluster.name }),
    onSuccess: onClose,
  });
  return (
    <Confirm
      title={`Stop ${cluster.name}?`}
      action="Stop cluster"
      failed="The cluster was not stopped."
      mutation={stop}
      onClose={onClose}
    >
      {plural(cluster.nodesUp, 'node')} will stop, and clients are refused until you start it again. All data stays.
    </Confirm>
  );
}

/** Removing deletes the data of every node. */
export function RemoveClusterDialog({ cluster, onClose }: ConfirmProps) {
  const api = useApi();
  const [path, navigate] = useLocation();
  const mustType = useSetting('typeToDelete');
  const [typed, setTyped] = useState('');
  const runs = cluster.state !== 'stopped';
  const remove = useMutation({
    mutationFn: async () => {
      if (runs) await api.command('cluster.stop', { cluster: cluster.name });
      await api.command('cluster.remove', { cluster: cluster.name });
    },
    onSuccess: () => {
      showToast({ tone: 'done', title: `${cluster.name} was deleted.` });
      const base = clusterPath(cluster.name);
      if (path === base || path.startsWith(`${base}/`)) navigate('/', { replace: true });
      onClose();
    },
  });
  return (
    <Confirm
      title={`Delete ${cluster.name} and its data?`}
      action="Delete for good"
      failed="The cluster was not deleted."
      mutation={remove}
      ready={!mustType || typed === cluster.name}
      below={
        mustType && (
          <TextField
            label={`Type ${cluster.name} to delete it`}
            mono
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )
      }
      onClose={onClose}
    >
      {runs && 'It runs; it is stopped first. '}
      Every key of its {plural(cluster.partitionCount, 'partition')} is deleted
      {cluster.dataDir !== null && (
        <>
          {' '}
          from <span className="mono">{cluster.dataDir}</span>
        </>
      )}
      . This cannot be undone.
    </Confirm>
  );
}

function Confirm({
  title,
  action,
  failed,
  mutation,
  ready = true,
  below,
  onClose,
  children,
}: {
  title: string;
  action: string;
  failed: string;
  mutation: { readonly isPending: boolean; readonly error: unknown; mutate: () => void };
  /** False until all is given that the action wants. */
  ready?: boolean;
  /** Under the text. */
  below?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={title}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" disabled={!ready} busy={mutation.isPending} onClick={() => mutation.mutate()}>
            {action}
          </Button>
        </>
      }
    >
      <p className={styles.text}>{children}</p>
      {below}
      {mutation.error !== null && (
        <ErrorNote title={failed} error={mutation.error} fix={{ label: 'Try again', run: () => mutation.mutate() }} />
      )}
    </Dialog>
  );
}
