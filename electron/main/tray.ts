import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron';
import type { ClusterState, ClusterSummary } from '../contract/model.ts';
import { TRAY_ICON } from './tray-icon.ts';

/** A menu that does not fit the screen helps nobody; the window lists all. */
const MAX_CLUSTERS = 12;

const words: Readonly<Record<ClusterState, string>> = {
  starting: 'starting',
  running: 'running',
  degraded: 'degraded',
  partitioned: 'partitioned',
  noQuorum: 'no quorum',
  stopped: 'stopped',
  unreachable: 'unreachable',
};

export interface TrayActions {
  /** Shows the window, at this address of the interface. */
  readonly open: (path: string) => void;
  readonly quit: () => void;
}

/** What the tray says without being opened. */
export function trayTip(clusters: readonly ClusterSummary[]): string {
  const running = clusters.filter((cluster) => cluster.state !== 'stopped' && cluster.state !== 'unreachable').length;
  const ill = clusters.filter((cluster) => cluster.state === 'noQuorum');
  const count = running === 1 ? '1 cluster runs' : `${running} clusters run`;
  return ill.length === 0
    ? `PrkDB: ${count}`
    : `PrkDB: ${count}, no quorum in ${ill.map((cluster) => cluster.name).join(', ')}`;
}

export function trayTemplate(clusters: readonly ClusterSummary[], actions: TrayActions): MenuItemConstructorOptions[] {
  const shown = clusters.slice(0, MAX_CLUSTERS);
  return [
    ...shown.map((cluster): MenuItemConstructorOptions => ({
      label: `${cluster.name}: ${words[cluster.state]}${
        cluster.state === 'stopped' ? '' : `, ${cluster.nodesUp} of ${cluster.nodeCount} up`
      }`,
      click: () => actions.open(`/c/${encodeURIComponent(cluster.name)}`),
    })),
    ...(clusters.length > shown.length
      ? [{ label: `and ${clusters.length - shown.length} more`, enabled: false }]
      : []),
    ...(clusters.length === 0 ? [{ label: 'No clusters', enabled: false }] : []),
    { type: 'separator' },
    { label: 'Open PrkDB Desktop', click: () => actions.open('/') },
    { label: 'Quit', click: actions.quit },
  ];
}

/** Keeps the tray true. Where a desktop has no tray, nothing is shown and nothing is lost. */
export function showTray(options: {
  readonly clusters: () => readonly ClusterSummary[];
  readonly onClusters: (listener: () => void) => () => void;
  readonly actions: TrayActions;
}): { close(): void } {
  const tray = new Tray(nativeImage.createFromDataURL(TRAY_ICON).resize({ width: 16, height: 16 }));
  let shown = '';
  const draw = (): void => {
    const clusters = options.clusters();
    const template = trayTemplate(clusters, options.actions);
    const now = JSON.stringify(template);
    // A menu that is replaced closes under the hand of whoever has it open.
    if (now === shown) return;
    shown = now;
    tray.setToolTip(trayTip(clusters));
    tray.setContextMenu(Menu.buildFromTemplate(template));
  };
  tray.on('click', () => options.actions.open('/'));
  draw();
  const stop = options.onClusters(draw);
  return {
    close() {
      stop();
      tray.destroy();
    },
  };
}
