import { lazy, type ComponentType } from 'react';
import { OverviewScreen } from '../features/overview/overview-screen.tsx';

export interface ClusterScreen {
  /** Behind /c/:cluster/; '' is the overview. */
  readonly path: string;
  readonly label: string;
  /** G then this key. */
  readonly key: string;
  /** Whether the right pane belongs to it. */
  readonly hasAside: boolean;
  readonly Screen: ComponentType<{ cluster: string }>;
}

const EventsScreen = lazy(async () => ({
  default: (await import('../features/events/events-screen.tsx')).EventsScreen,
}));

const RaftScreen = lazy(async () => ({ default: (await import('../features/raft/raft-screen.tsx')).RaftScreen }));
const KeysScreen = lazy(async () => ({ default: (await import('../features/keys/keys-screen.tsx')).KeysScreen }));
const DrillsScreen = lazy(async () => ({
  default: (await import('../features/drills/drills-screen.tsx')).DrillsScreen,
}));
const LogsScreen = lazy(async () => ({ default: (await import('../features/logs/logs-screen.tsx')).LogsScreen }));

/** The tabs, in order. A screen that is not here does not exist yet. */
export const clusterScreens: readonly [ClusterScreen, ...ClusterScreen[]] = [
  { path: '', label: 'Overview', key: 'o', hasAside: true, Screen: OverviewScreen },
  { path: 'raft', label: 'Raft', key: 'r', hasAside: false, Screen: RaftScreen },
  { path: 'keys', label: 'Keys', key: 'k', hasAside: false, Screen: KeysScreen },
  { path: 'events', label: 'Events', key: 'e', hasAside: false, Screen: EventsScreen },
  { path: 'drills', label: 'Drills', key: 'd', hasAside: false, Screen: DrillsScreen },
  { path: 'logs', label: 'Logs', key: 'l', hasAside: false, Screen: LogsScreen },
];
