import { lazy, Suspense, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useClusterLive } from '../../api/use-cluster-live.tsx';
import { useApi } from '../../api/context.tsx';
import { withDialog } from '../../app/paths.ts';
import { IconButton } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { showError } from '../../ui/toast.tsx';
import { RemoveClusterDialog, StopClusterDialog } from './confirm-dialogs.tsx';
import { RenameClusterDialog } from './rename-dialog.tsx';
import { useAddNode } from './use-add-node.ts';

const RemoteMenu = lazy(async () => ({ default: (await import('../remote/remote-menu.tsx')).RemoteMenu }));

/** Beside a local cluster's name: start, stop, add a node, rename, duplicate, delete. */
export function ClusterMenu() {
  const api = useApi();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const addNode = useAddNode();
  const cluster = useClusterLive((live) => live.view?.summary ?? null);
  const [asking, setAsking] = useState<'stop' | 'rename' | 'remove' | null>(null);
  if (cluster === null) return null;
  if (cluster.remote !== null) {
    return (
      <Suspense>
        <RemoteMenu cluster={cluster} remote={cluster.remote} />
      </Suspense>
    );
  }
  if (cluster.kind !== 'local' || cluster.readOnly) return null;
  const start = () => {
    api
      .command('cluster.start', { cluster: cluster.name })
      .catch((error: unknown) => showError(`${cluster.name} did not start.`, error));
  };
  const stopped = cluster.state === 'stopped';
  const whole = cluster.nodesUp === cluster.nodeCount;
  return (
    <>
      <Menu
        label="Cluster"
        align="start"
        trigger={<IconButton icon="more" size="small" label="Cluster actions" />}
        items={[
          { label: stopped ? 'Start' : 'Start missing nodes', icon: 'play', disabled: whole, onSelect: start },
          {
            label: 'Stop…',
            icon: 'stop',
            hint: 'keeps the data',
            disabled: stopped,
            onSelect: () => setAsking('stop'),
          },
          { label: 'Add a node', icon: 'plus', disabled: stopped, onSelect: () => addNode(cluster.name) },
          { label: 'Rename…', icon: 'edit', onSelect: () => setAsking('rename') },
          {
            label: 'Duplicate…',
            icon: 'copy',
            hint: 'its shape, not its data',
            onSelect: () => navigate(withDialog(path, search, 'new', { like: cluster.name }), { replace: true }),
          },
          {
            label: 'Copy keys…',
            icon: 'swap',
            hint: 'to another cluster',
            disabled: stopped,
            onSelect: () => navigate(withDialog(path, search, 'copy', { from: cluster.name }), { replace: true }),
          },
          null,
          { label: 'Delete…', icon: 'trash', danger: true, onSelect: () => setAsking('remove') },
        ]}
      />
      {asking === 'stop' && <StopClusterDialog cluster={cluster} onClose={() => setAsking(null)} />}
      {asking === 'rename' && <RenameClusterDialog cluster={cluster} onClose={() => setAsking(null)} />}
      {asking === 'remove' && <RemoveClusterDialog cluster={cluster} onClose={() => setAsking(null)} />}
    </>
  );
}
