import { useEffect } from 'react';
import type { ClustersState } from '../../api/use-clusters.ts';
import { useDialog } from '../../app/dialogs.tsx';
import { toggleSidebar, useSidebarShown } from '../../app/layout-store.ts';
import { openPalette } from '../../app/palette-store.ts';
import { useShortcuts } from '../../app/shortcuts.ts';
import { inSidebarOrder } from '../../app/sidebar-order.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatSpan, plural } from '../../ui/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { AlertList } from './alert-list.tsx';
import { FleetTable } from './fleet-table.tsx';
import { RulesPanel } from './rules-panel.tsx';
import { useAlerts, useFleet, useMonitorSettings } from './use-fleet.ts';
import styles from './fleet.module.css';

/** /clusters: every cluster side by side, local and remote, what fired, and what is watched for. */
export function FleetScreen({ clusters }: { clusters: ClustersState }) {
  const sidebarShown = useSidebarShown();
  const { fleet, silentMs, error } = useFleet();
  const alerts = useAlerts();
  const rules = useMonitorSettings();
  const [, openDialog] = useDialog();
  useShortcuts({ '?': () => openDialog('shortcuts') });
  useEffect(() => {
    document.title = 'All clusters · PrkDB Desktop';
  }, []);
  const all = clusters.status === 'ready' ? inSidebarOrder(clusters.clusters) : [];
  const rows = fleet?.rows ?? [];
  const wanting = rows.filter(({ health, firing }) => ['warn', 'bad'].includes(health.tone) || firing.length > 0);
  const hint =
    silentMs !== null
      ? `No data for ${formatSpan(silentMs)}: what you see is the last that was known`
      : fleet === null || all.length === 0
        ? ''
        : wanting.length === 0
          ? `${plural(all.length, 'cluster')}, all in order`
          : `${plural(all.length, 'cluster')}, ${wanting.length} to look at`;
  const mute = (cluster: string, isMuted: boolean) => {
    const { settings } = rules;
    if (settings === null) return;
    const others = settings.muted.filter((name) => name !== cluster);
    rules.change({ ...settings, muted: isMuted ? [...others, cluster] : others });
  };
  return (
    <>
      <header className={styles.bar}>
        {!sidebarShown && <IconButton icon="sidebar" label="Show sidebar" onClick={toggleSidebar} />}
        <h1>All clusters</h1>
        <span className={styles.grow} />
        <IconButton icon="search" label="Search or run" onClick={openPalette} />
        <IconButton icon="keyboard" label="Keyboard shortcuts" onClick={() => openDialog('shortcuts')} />
      </header>
      <div className={styles.screen}>
        <Panel title="Clusters" hint={hint}>
          {error !== null && (
            <div className={styles.note}>
              <ErrorNote title="The clusters could not be looked at." error={error} />
            </div>
          )}
          {clusters.status === 'ready' && all.length === 0 && (
            <EmptyState
              action={
                <Button variant="primary" onClick={() => openDialog('new')}>
                  New local cluster
                </Button>
              }
            >
              There is no cluster yet. Those you start here and those you connect to stand side by side.
            </EmptyState>
          )}
          {all.length > 0 && (
            <div className={silentMs === null ? undefined : styles.stale}>
              <FleetTable clusters={all} rows={rows} nowMs={(fleet?.timeMs ?? 0) + (silentMs ?? 0)} onMute={mute} />
            </div>
          )}
        </Panel>
        <div className={styles.columns}>
          <AlertList alerts={alerts} />
          <RulesPanel {...rules} />
        </div>
      </div>
    </>
  );
}
