import { lazy, Suspense } from 'react';
import { useLocation } from 'wouter';
import { useStore } from 'zustand';
import { useClusterLive, useClusterNow, useLive, useView } from '../../api/use-cluster-live.tsx';
import { closeDrawer, layoutStore, NARROW_QUERY } from '../../app/layout-store.ts';
import { useMedia } from '../../app/use-media.ts';
import { ChartsPanel } from '../../charts/charts-panel.tsx';
import { cx } from '../../ui/cx.ts';
import { ErrorNote } from '../../ui/error-note.tsx';
import { mayMoveLeaders, mayRun, mayWrite } from '../clusters/may-run.ts';
import { EndpointNotes } from '../remote/endpoint-notes.tsx';
import { Aside } from './aside.tsx';
import { NodeCards } from './node-cards.tsx';
import { useNodeActions } from './node-actions.ts';
import { OverviewSkeleton } from './overview-skeleton.tsx';
import { RoleMatrix } from './role-matrix.tsx';
import { StateStrip, useSilence } from './state-strip.tsx';
import styles from './overview.module.css';

const EtcdMembers = lazy(async () => ({ default: (await import('../remote/etcd-members.tsx')).EtcdMembers }));

const REPAINT_MS = 500;

/** A cluster at a glance: state in words, nodes, roles, charts, and what happened. */
export function OverviewScreen({ cluster }: { cluster: string }) {
  const hasView = useClusterLive((state) => state.view !== null);
  const error = useClusterLive((state) => state.error);
  const live = useLive();
  const [, navigate] = useLocation();
  if (error !== null) {
    return (
      <div className={styles.failed}>
        <ErrorNote
          title={`The state of ${cluster} cannot be shown.`}
          error={error}
          fix={
            error.code === 'notFound'
              ? { label: 'Show the other clusters', run: () => navigate('/') }
              : { label: 'Try again', run: () => live.retry() }
          }
        />
      </div>
    );
  }
  return hasView ? <Overview cluster={cluster} /> : <OverviewSkeleton />;
}

function Overview({ cluster }: { cluster: string }) {
  const silent = useSilence();
  const now = useClusterNow(REPAINT_MS);
  const summary = useView((view) => view.summary);
  const nodeActions = useNodeActions(cluster);
  const layout = useStore(layoutStore);
  const narrow = useMedia(NARROW_QUERY);
  const mayAct = mayRun(summary);
  const actions = mayAct ? nodeActions : null;
  const shown = narrow ? layout.drawerOpen : layout.asideOpen;
  return (
    <>
      <StateStrip cluster={cluster} silent={silent} actions={actions} />
      <div className={cx(styles.work, shown && !narrow && styles.withAside)}>
        <div className={cx(styles.center, silent !== null && styles.stale)}>
          <EndpointNotes problems={summary.remote?.endpointProblems ?? []} />
          {summary.kind === 'etcd' ? (
            <Suspense fallback={null}>
              <EtcdMembers cluster={cluster} mayWrite={mayWrite(summary)} />
            </Suspense>
          ) : (
            <NodeCards
              cluster={cluster}
              actions={actions}
              handOver={mayMoveLeaders(summary) ? nodeActions.handOver : null}
            />
          )}
          {summary.kind !== 'etcd' && <RoleMatrix mayMove={mayMoveLeaders(summary)} />}
          <ChartsPanel nowMs={now} stale={silent !== null} />
        </div>
        {shown && <Aside cluster={cluster} drawer={narrow} onClose={closeDrawer} mayAct={mayAct} />}
      </div>
    </>
  );
}
