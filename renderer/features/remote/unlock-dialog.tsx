import { useState } from 'react';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/text-field.tsx';
import footer from './footer.module.css';

/** A production cluster takes writes for a while after its name was typed. */
export function UnlockDialog({ cluster, onClose }: { cluster: string; onClose: () => void }) {
  const { run, isBusy } = useCommand();
  const [typedName, setTypedName] = useState('');
  const input = { cluster, typedName };
  const unlock = async () => {
    const done = { title: `${cluster} takes writes for 10 minutes.` };
    if (await run('cluster.allowWrites', input, { failed: 'Writing was not allowed.', done })) onClose();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={`Allow writing to ${cluster}?`}
      footer={
        <>
          <span className={footer.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="danger"
            disabled={typedName !== cluster}
            busy={isBusy('cluster.allowWrites', input)}
            onClick={() => void unlock()}
          >
            Allow for 10 minutes
          </Button>
        </>
      }
    >
      <p>This is a production cluster. Nothing there is changed until its name is typed.</p>
      <TextField
        label={`Type ${cluster} to allow writing`}
        mono
        autoFocus
        value={typedName}
        onChange={(event) => setTypedName(event.target.value)}
      />
    </Dialog>
  );
}
