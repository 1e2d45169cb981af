import { useState } from 'react';
import { useMutation } from '@tanstack/react-query';
import { useApi } from '../../api/context.tsx';
import type { ClusterView, NodeView } from '../../../electron/contract/model.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { lossOf, partitionNames } from '../overview/loss.ts';
import { AskedNode, type AskProps } from './asked-node.tsx';
import styles from './confirm-dialogs.module.css';

/** ?dialog=remove-node&from=ID: takes a node out of its cluster for good. */
export function RemoveNodeDialog({ onClose }: { onClose: () => void }) {
  return <AskedNode Ask={Ask} onClose={onClose} />;
}

function Ask({ view, node, onClose }: AskProps) {
  const api = useApi();
  const cluster = view.summary.name;
  const answers = node.state === 'live';
  const copies = view.summary.replicationFactor;
  const tooFew = view.nodes.length - 1 < copies;
  const [deleteData, setDeleteData] = useState(false);
  const [force, setForce] = useState(false);
  const [typed, setTyped] = useState('');
  const mustForce = !answers || tooFew;
  const remove = useMutation({
    mutationFn: () => api.command('node.remove', { cluster, node: node.id, force, deleteData }),
    onSuccess: () => {
      showToast({ tone: 'done', title: `${node.name} leaves ${cluster}.`, text: 'It gives away what it holds first.' });
      onClose();
    },
  });
  const ready = (!mustForce || force) && (!deleteData || typed === node.name);
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={`Remove ${node.name} from ${cluster}?`}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" disabled={!ready} busy={remove.isPending} onClick={() => remove.mutate()}>
            Remove {node.name}
          </Button>
        </>
      }
    >
      <p className={styles.text}>{consequence(view, node)}</p>
      <div className={styles.choices}>
        {mustForce && (
          <Switch
            label={
              tooFew
                ? `Remove it though ${copies} copies need ${copies} nodes`
                : `Remove it though it does not answer, and give up what only it had`
            }
            checked={force}
            onChange={setForce}
          />
        )}
        <Switch label="Delete its data from this computer" checked={deleteData} onChange={setDeleteData} />
        {deleteData && (
          <TextField
            label={`Type ${node.name} to delete its data`}
            mono
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </div>
      {remove.error !== null && (
        <ErrorNote
          title={`${node.name} was not removed.`}
          error={remove.error}
          fix={{ label: 'Try again', run: () => remove.mutate() }}
        />
      )}
    </Dialog>
  );
}

/** What happens to what it holds. */
function consequence(view: ClusterView, node: NodeView): string {
  const { leads } = lossOf(view, node);
  const held = node.replicas.length;
  const moves =
    view.nodes.length - 1 >= view.summary.replicationFactor
      ? `Its ${held === 1 ? 'copy' : `${held} copies`} of partitions go to the other nodes first, so that nothing is lost and each partition keeps its ${view.summary.replicationFactor} copies.`
      : `The other nodes keep their copies; each partition has one less than it was meant to have.`;
  const led = leads.length === 0 ? '' : ` Others take over ${partitionNames(leads)}.`;
  return `${moves}${led} The node cannot come back as ${node.name}: a node that is added later gets a new number and begins empty.`;
}
