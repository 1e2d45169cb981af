import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import type { Profile } from '../../../electron/contract/remote.ts';
import { useApi } from '../../api/context.tsx';
import { useCommand } from '../../api/use-command.ts';
import { useDialog } from '../../app/dialogs.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Menu } from '../../ui/menu.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { showError } from '../../ui/toast.tsx';
import { ConnectSheet } from './connect-sheet.tsx';
import { UnlockDialog } from './unlock-dialog.tsx';
import footer from './footer.module.css';

/** The profile that a remote cluster is reached by; undefined until it is known. */
export function useProfile(profileId: string): Profile | undefined {
  const api = useApi();
  const profiles = useQuery({ queryKey: ['profiles'], queryFn: () => api.query('profiles.list', {}) });
  return profiles.data?.profiles.find((profile) => profile.id === profileId);
}

/** Beside a remote cluster's name: its profile and its connection. */
export function RemoteMenu({ cluster, remote }: { cluster: ClusterSummary; remote: { readonly profileId: string } }) {
  const api = useApi();
  const { run } = useCommand();
  const [, openDialog] = useDialog();
  const profile = useProfile(remote.profileId);
  const [asking, setAsking] = useState<'edit' | 'remove' | 'unlock' | null>(null);
  const { name } = cluster;
  const close = () => setAsking(null);
  const exportAll = () => {
    api.query('profiles.export', {}).then(
      ({ fileName, text }) => saveFile(fileName, text, 'application/json'),
      (error: unknown) => showError('The profiles were not exported.', error),
    );
  };
  const isLocked = cluster.remote?.writesLocked === true && !cluster.readOnly;
  return (
    <>
      <Menu
        label="Cluster"
        align="start"
        trigger={<IconButton icon="more" size="small" label="Cluster actions" />}
        items={[
          {
            label: 'Connect anew',
            icon: 'restart',
            hint: 'reads certificates and secret again',
            onSelect: () => void run('cluster.reconnect', { cluster: name }, { failed: `${name} was not connected.` }),
          },
          ...(isLocked
            ? [{ label: 'Allow writing…', icon: 'lock' as const, onSelect: () => setAsking('unlock') }]
            : []),
          {
            label: 'Copy keys…',
            icon: 'swap',
            hint: 'to another cluster',
            onSelect: () => openDialog('copy', { from: name }),
          },
          {
            label: 'Edit profile…',
            icon: 'sliders',
            disabled: profile === undefined,
            onSelect: () => setAsking('edit'),
          },
          { label: 'Export all profiles', icon: 'download', hint: 'without secrets', onSelect: exportAll },
          null,
          { label: 'Delete profile…', icon: 'trash', danger: true, onSelect: () => setAsking('remove') },
        ]}
      />
      {asking === 'edit' && profile !== undefined && <ConnectSheet profile={profile} onClose={close} />}
      {asking === 'unlock' && <UnlockDialog cluster={name} onClose={close} />}
      {asking === 'remove' && <RemoveProfileDialog name={name} id={remote.profileId} onClose={close} />}
    </>
  );
}

function RemoveProfileDialog({ name, id, onClose }: { name: string; id: string; onClose: () => void }) {
  const { run, isBusy } = useCommand();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const remove = async () => {
    const words = {
      failed: `The profile ${name} was not deleted.`,
      done: { title: `The profile ${name} is deleted.` },
    };
    if (!(await run('profiles.remove', { id }, words))) return;
    await queries.invalidateQueries({ queryKey: ['profiles'] });
    navigate('/', { replace: true });
    onClose();
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={`Delete the profile ${name}?`}
      footer={
        <>
          <span className={footer.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="danger" busy={isBusy('profiles.remove', { id })} onClick={() => void remove()}>
            Delete profile
          </Button>
        </>
      }
    >
      <p>The cluster stays as it is. Its address, its secret and what happened there are forgotten here.</p>
    </Dialog>
  );
}
