import { useStore } from 'zustand';
import { useClusterLive } from '../api/use-cluster-live.tsx';
import { ClusterMenu } from '../features/clusters/cluster-menu.tsx';
import { HealAll } from '../features/faults/heal-all.tsx';
import { Badge, Kbd } from '../ui/badge.tsx';
import { IconButton } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { modKeyLabel } from '../ui/mod-key.ts';
import { StatusShape } from '../ui/status-shape.tsx';
import { TabsNav } from '../ui/tabs-nav.tsx';
import { clusterShape } from './cluster-link.tsx';
import { useDialog } from './dialogs.tsx';
import { layoutStore, NARROW_QUERY, toggleAside, toggleSidebar, useSidebarShown } from './layout-store.ts';
import { openPalette } from './palette-store.ts';
import { clusterPath } from './paths.ts';
import { clusterScreens, type ClusterScreen } from './screens.tsx';
import { setTheme, themeStore } from './theme.ts';
import { useMedia } from './use-media.ts';
import styles from './top-bar.module.css';

export function TopBar({ cluster, screen }: { cluster: string; screen: ClusterScreen }) {
  const layout = useStore(layoutStore);
  const sidebarShown = useSidebarShown();
  const narrow = useMedia(NARROW_QUERY);
  const state = useClusterLive((live) => live.view?.summary.state ?? null);
  const isProduction = useClusterLive((live) => live.view?.summary.environment === 'production');
  const isReadOnly = useClusterLive((live) => live.view?.summary.readOnly === true);
  const isUnverified = useClusterLive((live) => live.view?.summary.remote?.isUnverified === true);
  const [, openDialog] = useDialog();
  const asideShown = narrow ? layout.drawerOpen : layout.asideOpen;
  return (
    <header className={styles.bar}>
      {!sidebarShown && <IconButton icon="sidebar" label="Show sidebar" onClick={toggleSidebar} />}
      <div className={styles.crumb}>
        {state !== null && <StatusShape state={clusterShape(state)} />}
        <span>{cluster}</span>
        {isProduction && <Badge tone="prod">PROD</Badge>}
        {isReadOnly && <Badge icon="lock">read-only</Badge>}
        {isUnverified && (
          <Badge tone="bad" icon="alert">
            certificates not verified
          </Badge>
        )}
        <ClusterMenu />
      </div>
      <TabsNav
        label="Cluster views"
        tabs={clusterScreens.map((tab) => ({
          label: tab.label,
          href: clusterPath(cluster, tab.path),
          current: tab.path === screen.path,
        }))}
      />
      <span className={styles.grow} />
      <HealAll cluster={cluster} />
      <button type="button" className={styles.search} aria-haspopup="dialog" onClick={openPalette}>
        <Icon name="search" />
        <span>Search or run…</span>
        <Kbd>{modKeyLabel('K')}</Kbd>
      </button>
      <IconButton icon="keyboard" label="Keyboard shortcuts" onClick={() => openDialog('shortcuts')} />
      <ThemeMenu />
      {screen.hasAside && (
        <IconButton
          icon="panel"
          label="Event feed"
          aria-pressed={asideShown}
          active={asideShown}
          onClick={toggleAside}
        />
      )}
    </header>
  );
}

function ThemeMenu() {
  const choice = useStore(themeStore, (theme) => theme.choice);
  const hint = (value: string) => (value === choice ? { hint: 'now' } : {});
  return (
    <Menu
      label="Theme"
      trigger={<IconButton icon={choice === 'light' ? 'sun' : choice === 'dark' ? 'moon' : 'system'} label="Theme" />}
      items={[
        { label: 'As the system', icon: 'system', onSelect: () => setTheme('system'), ...hint('system') },
        { label: 'Dark', icon: 'moon', onSelect: () => setTheme('dark'), ...hint('dark') },
        { label: 'Light', icon: 'sun', onSelect: () => setTheme('light'), ...hint('light') },
      ]}
    />
  );
}
