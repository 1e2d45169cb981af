import { useQuery } from '@tanstack/react-query';
import { Link, useRoute } from 'wouter';
import { useApi } from '../api/context.tsx';
import type { ClustersState } from '../api/use-clusters.ts';
import { Kbd } from '../ui/badge.tsx';
import { IconButton } from '../ui/button.tsx';
import { formatBytes, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { modKeyLabel } from '../ui/mod-key.ts';
import { briefly, isUnderWay } from '../features/copies/copy-words.ts';
import { useCopies } from '../features/copies/use-copies.ts';
import { useDrillReports } from '../features/drills/use-drills.ts';
import { ClusterLink } from './cluster-link.tsx';
import { useDialog } from './dialogs.tsx';
import { closeSidebarDrawer, toggleSidebar } from './layout-store.ts';
import { FLEET_PATH } from './paths.ts';
import { remoteGroups } from './sidebar-order.ts';
import styles from './sidebar.module.css';

const MACHINE_REFRESH_MS = 5_000;

export function Sidebar({ clusters }: { clusters: ClustersState }) {
  const [, openDialog] = useDialog();
  const [, route] = useRoute('/c/:cluster/*?');
  const current = route === null ? null : decodeURIComponent(route.cluster);
  const all = clusters.status === 'ready' ? clusters.clusters : [];
  const local = all.filter((cluster) => cluster.kind === 'local');
  const groups = remoteGroups(all);
  return (
    <aside className={styles.sidebar} aria-label="Clusters">
      <div className={styles.top}>
        <Link href="/" className={styles.brand}>
          PrkDB
        </Link>
        <IconButton icon="sidebar" size="small" label="Hide sidebar" onClick={toggleSidebar} />
      </div>
      <div className={styles.scroll}>
        <div className={styles.heading}>
          <h2 id="side-local">Local</h2>
          <IconButton icon="plus" size="small" label="New local cluster" onClick={() => openDialog('new')} />
        </div>
        {clusters.status === 'ready' && local.length === 0 && (
          <p className={styles.empty}>No clusters yet. Clusters you start on this computer appear here.</p>
        )}
        <ul aria-labelledby="side-local">
          {local.map((cluster) => (
            <li key={cluster.name}>
              <ClusterLink cluster={cluster} active={cluster.name === current} />
            </li>
          ))}
        </ul>
        <div className={styles.heading}>
          <h2 id="side-remote">Remote</h2>
          <IconButton
            icon="plus"
            size="small"
            label="Connect to a remote cluster"
            onClick={() => openDialog('connect')}
          />
        </div>
        {groups.map(([group, members]) => (
          <div key={group}>
            {group !== '' && (
              <h3 id={`side-${group}`} className={styles.group}>
                {group}
              </h3>
            )}
            <ul aria-labelledby={group === '' ? 'side-remote' : `side-${group}`}>
              {members.map((cluster) => (
                <li key={cluster.name}>
                  <ClusterLink cluster={cluster} active={cluster.name === current} />
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
      <nav className={styles.links} aria-label="Application">
        <FleetLink />
        <DrillsLink />
        <CopiesLink />
        <button type="button" className={styles.link} onClick={() => openDialog('settings')}>
          <Icon name="sliders" />
          Settings
          <Kbd>{modKeyLabel(',')}</Kbd>
        </button>
      </nav>
      <Machine />
    </aside>
  );
}

/** To all clusters side by side. */
function FleetLink() {
  const [active] = useRoute(FLEET_PATH);
  return (
    <Link
      href={FLEET_PATH}
      className={styles.link}
      aria-current={active ? 'page' : undefined}
      onClick={closeSidebarDrawer}
    >
      <Icon name="wave" />
      All clusters
      <Kbd>G A</Kbd>
    </Link>
  );
}

/** To the reports of all clusters, with how many there are. */
function DrillsLink() {
  const { reports } = useDrillReports();
  const [active] = useRoute('/drills/*?');
  return (
    <Link
      href="/drills"
      className={styles.link}
      aria-current={active ? 'page' : undefined}
      onClick={closeSidebarDrawer}
    >
      <Icon name="target" />
      Drill reports
      {reports !== null && <span>{reports.length}</span>}
    </Link>
  );
}

/** To the copies that are under way, with how many there are. */
function CopiesLink() {
  const copies = useCopies()?.filter(isUnderWay) ?? [];
  const [, openDialog] = useDialog();
  const [only, another] = copies;
  if (only === undefined) return null;
  const preset: Readonly<Record<string, string>> = another === undefined ? { copy: only.id } : {};
  return (
    <button type="button" className={styles.link} onClick={() => openDialog('copy', preset)}>
      <Icon name="swap" />
      Copies
      <span>{another === undefined ? briefly(only) : copies.length}</span>
    </button>
  );
}

/** What all node processes of this computer together take. */
function Machine() {
  const api = useApi();
  const info = useQuery({
    queryKey: ['app.info'],
    queryFn: () => api.query('app.info', {}),
    refetchInterval: MACHINE_REFRESH_MS,
  }).data;
  if (info === undefined) return null;
  const parts =
    info.nodeProcesses === 0
      ? ['No node processes']
      : [
          plural(info.nodeProcesses, 'node'),
          ...(info.cpuPercent === null ? [] : [`CPU ${info.cpuPercent.toFixed(0)}%`]),
          formatBytes(info.memoryBytes),
        ];
  return (
    <div className={styles.machine}>
      <b>This computer</b>
      <p>{parts.join(' · ')}</p>
    </div>
  );
}
