import { useCallback, useState } from 'react';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { useClusterLive, useLive } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { useDialog } from '../../app/dialogs.tsx';
import { toggleSidebar } from '../../app/layout-store.ts';
import { paletteStore } from '../../app/palette-store.ts';
import { changeSettings } from '../../app/settings.ts';
import { setTheme } from '../../app/theme.ts';
import { copyText } from '../../ui/copy-text.ts';
import { RemoveClusterDialog, StopClusterDialog } from '../clusters/confirm-dialogs.tsx';
import { RenameClusterDialog } from '../clusters/rename-dialog.tsx';
import { useAddNode } from '../clusters/use-add-node.ts';
import { useNodeActions } from '../overview/node-actions.ts';
import type { Desk } from './action.ts';
import { measureElections } from './elections.ts';
import { Palette } from './palette.tsx';

/** The palette while it is open, and what its actions need to be done after it has closed. */
export function PaletteRoot({ cluster }: { cluster: string | null }) {
  const open = useStore(paletteStore, (state) => state.open);
  const [asking, setAsking] = useState<{ what: 'stop' | 'rename' | 'remove'; cluster: ClusterSummary } | null>(null);
  const desk = useDesk(cluster, (what, asked) => setAsking({ what, cluster: asked }));
  const endAsking = () => setAsking(null);
  return (
    <>
      {open && (cluster === null ? <Palette view={null} elections={null} desk={desk} /> : <Here desk={desk} />)}
      {asking?.what === 'stop' && <StopClusterDialog cluster={asking.cluster} onClose={endAsking} />}
      {asking?.what === 'rename' && <RenameClusterDialog cluster={asking.cluster} onClose={endAsking} />}
      {asking?.what === 'remove' && <RemoveClusterDialog cluster={asking.cluster} onClose={endAsking} />}
    </>
  );
}

/** Over a cluster's screen: what it offers follows the cluster. */
function Here({ desk }: { desk: Desk }) {
  const { store } = useLive();
  const view = useClusterLive((state) => state.view);
  // Measured once: the history does not change while one reads.
  const [measured] = useState(() => {
    const { samples, events } = store.getState();
    return measureElections(samples, events);
  });
  return <Palette view={view} elections={measured} desk={desk} />;
}

function useDesk(cluster: string | null, ask: Desk['ask']): Desk {
  const [, navigate] = useLocation();
  const [, openDialog] = useDialog();
  const { run } = useCommand();
  const nodes = useNodeActions(cluster ?? '');
  const addNode = useAddNode();
  const go = useCallback(
    (path: string) => {
      navigate(path);
      // What opened the palette may be gone with the screen it was on.
      document.getElementById('main')?.focus();
    },
    [navigate],
  );
  return {
    navigate: go,
    openDialog,
    ask,
    node: (action, node) => nodes.run(action, node),
    faultLab: nodes.openLab,
    addNode,
    removeNode: nodes.remove,
    wipeNode: nodes.wipe,
    command: (name, input, words) => void run(name, input, words),
    copy: (text, done) => void copyText(text, done),
    setTheme,
    setDensity: (density) => changeSettings({ density }),
    toggleSidebar,
  };
}
