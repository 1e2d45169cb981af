import { useState } from 'react';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { UnlockDialog } from './unlock-dialog.tsx';

/** In the strip of a remote cluster: the way out while it is not reached, and the lock of production. */
export function RemoteActions({ summary }: { summary: ClusterSummary }) {
  const { run, isBusy } = useCommand();
  const [unlocking, setUnlocking] = useState(false);
  const { name: cluster, remote, readOnly, state } = summary;
  if (remote === null) return null;
  return (
    <>
      {state === 'unreachable' && (
        <Button
          icon="restart"
          busy={isBusy('cluster.reconnect', { cluster })}
          onClick={() => void run('cluster.reconnect', { cluster }, { failed: `${cluster} was not connected.` })}
        >
          Try again now
        </Button>
      )}
      {remote.writesLocked && !readOnly && (
        <Button icon="lock" onClick={() => setUnlocking(true)}>
          Allow writing…
        </Button>
      )}
      {unlocking && <UnlockDialog cluster={cluster} onClose={() => setUnlocking(false)} />}
    </>
  );
}
