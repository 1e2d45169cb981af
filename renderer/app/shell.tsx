import { lazy, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { useClusters } from '../api/use-clusters.ts';
import { cx } from '../ui/cx.ts';
import { useAppKeys } from './app-keys.ts';
import { ClusterPage } from './cluster-page.tsx';
import { ConnectionNote } from './connection-note.tsx';
import { Dialogs } from './dialogs.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { Home } from './home.tsx';
import { closeSidebarDrawer, useSidebarShown } from './layout-store.ts';
import { Notices } from './notices.tsx';
import { PaletteHost } from './palette-host.tsx';
import { FLEET_PATH } from './paths.ts';
import { useShortcuts } from './shortcuts.ts';
import { Sidebar } from './sidebar.tsx';
import styles from './shell.module.css';

const AllDrillsScreen = lazy(async () => ({
  default: (await import('../features/drills/all-drills-screen.tsx')).AllDrillsScreen,
}));

const FleetScreen = lazy(async () => ({ default: (await import('../features/fleet/fleet-screen.tsx')).FleetScreen }));

/** The frame: clusters at the left, the screen of the address at the right, dialogs over both. */
export function Shell() {
  const clusters = useClusters();
  const [path, navigate] = useLocation();
  const sidebarShown = useSidebarShown();
  useShortcuts({ 'g a': () => navigate(FLEET_PATH) });
  useAppKeys(clusters.status === 'ready' ? clusters.clusters : []);
  return (
    <div className={cx(styles.app, !sidebarShown && styles.noSidebar)}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      {sidebarShown && <Sidebar clusters={clusters} />}
      {sidebarShown && <div className={styles.scrim} onPointerDown={closeSidebarDrawer} />}
      <main id="main" className={styles.main} tabIndex={-1}>
        <ConnectionNote />
        <ErrorBoundary resetKey={path}>
          <Switch>
            <Route path="/c/:cluster/*?">
              {(params) => <ClusterPage key={params.cluster} cluster={decodeURIComponent(params.cluster)} />}
            </Route>
            <Route path="/drills/:id?">
              {(params) => (
                <Suspense fallback={<div className={styles.center} aria-busy="true" />}>
                  <AllDrillsScreen id={params.id === undefined ? null : decodeURIComponent(params.id)} />
                  <PaletteHost cluster={null} />
                </Suspense>
              )}
            </Route>
            <Route path={FLEET_PATH}>
              <Suspense fallback={<div className={styles.center} aria-busy="true" />}>
                <FleetScreen clusters={clusters} />
                <PaletteHost cluster={null} />
              </Suspense>
            </Route>
            <Route>
              <Home clusters={clusters} />
              <PaletteHost cluster={null} />
            </Route>
          </Switch>
        </ErrorBoundary>
      </main>
      <Dialogs />
      <Notices />
    </div>
  );
}
