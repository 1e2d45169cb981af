import { lazy, Suspense, useEffect } from 'react';
import { useLocation, useRoute } from 'wouter';
import { ClusterLiveProvider, useClusterLive } from '../api/use-cluster-live.tsx';
import { cannotShow } from '../features/remote/cannot-show.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { useDialog } from './dialogs.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { PaletteHost } from './palette-host.tsx';
import { clusterPath, rememberCluster } from './paths.ts';
import { clusterScreens, type ClusterScreen } from './screens.tsx';
import { useShortcuts } from './shortcuts.ts';
import { TopBar } from './top-bar.tsx';
import styles from './shell.module.css';

const RemoveNodeDialog = lazy(async () => ({
  default: (await import('../features/clusters/remove-node-dialog.tsx')).RemoveNodeDialog,
}));
const WipeNodeDialog = lazy(async () => ({
  default: (await import('../features/clusters/wipe-node-dialog.tsx')).WipeNodeDialog,
}));
const FaultLab = lazy(async () => ({ default: (await import('../features/faults/fault-lab.tsx')).FaultLab }));

/** One cluster: the top bar with its screens, and the screen that the address names. */
export function ClusterPage({ cluster }: { cluster: string }) {
  const [, navigate] = useLocation();
  const [, route] = useRoute('/c/:cluster/:screen/*?');
  const [dialog, openDialog] = useDialog();
  const named = route?.screen ?? '';
  const screen = clusterScreens.find((candidate) => candidate.path === named) ?? clusterScreens[0];
  useEffect(() => rememberCluster(cluster), [cluster]);
  useEffect(() => {
    document.title = `${cluster} ${screen.label.toLowerCase()} · PrkDB Desktop`;
  }, [cluster, screen]);
  useShortcuts({
    '?': () => openDialog('shortcuts'),
    ...Object.fromEntries(
      clusterScreens.map(({ key, path }) => [`g ${key}`, () => navigate(clusterPath(cluster, path))]),
    ),
  });
  return (
    <ClusterLiveProvider cluster={cluster}>
      <TopBar cluster={cluster} screen={screen} />
      <ErrorBoundary resetKey={`${cluster}/${screen.path}`}>
        <Suspense fallback={<div className={styles.center} aria-busy="true" />}>
          <ScreenOrWhyNot cluster={cluster} screen={screen} />
        </Suspense>
      </ErrorBoundary>
      {dialog === 'remove-node' && (
        <Suspense>
          <RemoveNodeDialog onClose={() => openDialog(null)} />
        </Suspense>
      )}
      {dialog === 'wipe-node' && (
        <Suspense>
          <WipeNodeDialog onClose={() => openDialog(null)} />
        </Suspense>
      )}
      {dialog === 'faults' && (
        <Suspense>
          <FaultLab cluster={cluster} onClose={() => openDialog(null)} />
        </Suspense>
      )}
      <PaletteHost cluster={cluster} />
    </ClusterLiveProvider>
  );
}

/** Not every cluster can tell what every screen shows; then that is said in its place. */
function ScreenOrWhyNot({ cluster, screen }: { cluster: string; screen: ClusterScreen }) {
  const whyNot = useClusterLive((live) => (live.view === null ? null : cannotShow(live.view.summary, screen.path)));
  if (whyNot === null) return <screen.Screen cluster={cluster} />;
  return (
    <div className={styles.center}>
      <EmptyState>{whyNot}</EmptyState>
    </div>
  );
}
