import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ClusterView } from '../../electron/contract/model.ts';
import { createClusterLive, type ClusterLive, type LiveState } from './cluster-live.ts';
import { useApi } from './context.tsx';

const LiveContext = createContext<ClusterLive | null>(null);

/** Subscribes to one cluster for everything below; the screens of a cluster share it. */
export function ClusterLiveProvider({ cluster, children }: { cluster: string; children: ReactNode }) {
  const api = useApi();
  const live = useMemo(() => createClusterLive(api, cluster), [api, cluster]);
  useEffect(() => live.start(), [live]);
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLive(): ClusterLive {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('useLive needs a ClusterLiveProvider above it.');
  return live;
}

/** For what also shows where no cluster is in sight. */
export function useLiveIfAny(): ClusterLive | null {
  return useContext(LiveContext);
}

/**
 * A part of the cluster's live state. The component renders again only when `select`'s
 * result changed: select what is drawn, since unchanged parts keep their identity.
 */
export function useClusterLive<T>(select: (state: LiveState) => T): T {
  return useStore(useLive().store, select);
}

/** Time on the cluster's own clock, ms: the last view's time, moved on by what passed since. */
export function clusterNow(state: LiveState): number {
  if (state.view === null || state.receivedAtMs === null) return Date.now();
  return state.view.timeMs + (performance.now() - state.receivedAtMs);
}

/** clusterNow(), rendered again every `everyMs`. */
export function useClusterNow(everyMs: number): number {
  const { store } = useLive();
  const [now, setNow] = useState(() => clusterNow(store.getState()));
  useEffect(() => {
    const timer = setInterval(() => setNow(clusterNow(store.getState())), everyMs);
    return () => clearInterval(timer);
  }, [store, everyMs]);
  return now;
}

/** The view of a cluster that has one; for components below the loading state. */
export function useView<T>(select: (view: ClusterView) => T): T {
  return useClusterLive((state) => {
    if (state.view === null) throw new Error('useView needs a view: render it below the loading state.');
    return select(state.view);
  });
}
