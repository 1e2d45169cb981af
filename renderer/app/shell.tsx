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
import { PaletteHost } from './palette-host.tsx';
import { Sidebar } from './sidebar.tsx';
import styles from './shell.module.css';

const AllDrillsScreen = lazy(async () => ({
  default: (await import('../features/drills/all-drills-screen.tsx')).AllDrillsScreen,
}));

/** The frame: clusters at the left, the screen of the address at the right, dialogs over both. */
export function Shell() {
  const clusters = useClusters();
  const [path] = useLocation();
  const sidebarShown = useSidebarShown();
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
            <Route>
              <Home clusters={clusters} />
              <PaletteHost cluster={null} />
            </Route>
          </Switch>
        </ErrorBoundary>
      </main>
      <Dialogs />
    </div>
  );
}
