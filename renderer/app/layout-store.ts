import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { readStored, writeStored } from './stored.ts';
import { useMedia } from './use-media.ts';

/** Below this width the right pane covers the work area instead of standing beside it. */
export const NARROW_QUERY = '(max-width: 1100px)';
/** Below this width the sidebar does so too. */
export const TIGHT_QUERY = '(max-width: 820px)';

const flags = ['open', 'closed'] as const;

interface Layout {
  /** Beside the screen, on a wide window: remembered. */
  readonly sidebarOpen: boolean;
  /** Over the screen, on a tight window: closed at first, never remembered. */
  readonly sidebarDrawerOpen: boolean;
  /** Beside the work area, on a wide window: remembered. */
  readonly asideOpen: boolean;
  /** Over the work area, on a narrow window: closed at first, never remembered. */
  readonly drawerOpen: boolean;
}

export const layoutStore = createStore<Layout>(() => ({
  sidebarOpen: readStored('prkdb.sidebar', flags, 'open') === 'open',
  sidebarDrawerOpen: false,
  asideOpen: readStored('prkdb.aside', flags, 'open') === 'open',
  drawerOpen: false,
}));

export function toggleSidebar(): void {
  const layout = layoutStore.getState();
  if (matchMedia(TIGHT_QUERY).matches) {
    layoutStore.setState({ sidebarDrawerOpen: !layout.sidebarDrawerOpen });
    return;
  }
  const sidebarOpen = !layout.sidebarOpen;
  layoutStore.setState({ sidebarOpen });
  writeStored('prkdb.sidebar', sidebarOpen ? 'open' : 'closed');
}

export function closeSidebarDrawer(): void {
  layoutStore.setState({ sidebarDrawerOpen: false });
}

export function closeDrawer(): void {
  layoutStore.setState({ drawerOpen: false });
}

export function toggleAside(): void {
  const layout = layoutStore.getState();
  if (matchMedia(NARROW_QUERY).matches) {
    layoutStore.setState({ drawerOpen: !layout.drawerOpen });
    return;
  }
  layoutStore.setState({ asideOpen: !layout.asideOpen });
  writeStored('prkdb.aside', layout.asideOpen ? 'closed' : 'open');
}

/** Whether the sidebar shows, on a window of this width. */
export function useSidebarShown(): boolean {
  const layout = useStore(layoutStore);
  return useMedia(TIGHT_QUERY) ? layout.sidebarDrawerOpen : layout.sidebarOpen;
}
