import { useEffect, useEffectEvent } from 'react';
import { useLocation } from 'wouter';
import type { ClusterSummary } from '../../electron/contract/model.ts';
import { hasModKey } from '../ui/mod-key.ts';
import { useDialog } from './dialogs.tsx';
import { closePalette, openPalette, paletteStore } from './palette-store.ts';
import { clusterPath } from './paths.ts';
import { inSidebarOrder } from './sidebar-order.ts';

export type AppKey =
  { readonly to: 'palette' } | { readonly to: 'settings' } | { readonly to: 'cluster'; readonly place: number };

/** What a key does together with the platform's command key: K, comma, 1 to 9. Digits count from 0. */
export function appKey(key: string): AppKey | null {
  if (key.toLowerCase() === 'k') return { to: 'palette' };
  if (key === ',') return { to: 'settings' };
  if (/^[1-9]$/.test(key)) return { to: 'cluster', place: Number(key) - 1 };
  return null;
}

/** These act wherever the focus is, also while text is typed, but never through an open dialog. */
export function useAppKeys(clusters: readonly ClusterSummary[]): void {
  const [, navigate] = useLocation();
  const [, openDialog] = useDialog();
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || !hasModKey(event) || event.altKey || event.shiftKey) return;
    const meant = appKey(event.key);
    if (meant === null) return;
    const isOpen = paletteStore.getState().open;
    if (!isOpen && document.querySelector('[role="dialog"]') !== null) return;
    if (meant.to === 'palette') {
      (isOpen ? closePalette : openPalette)();
    } else if (isOpen) {
      return;
    } else if (meant.to === 'settings') {
      openDialog('settings');
    } else {
      const cluster = inSidebarOrder(clusters)[meant.place];
      if (cluster === undefined) return;
      navigate(clusterPath(cluster.name));
    }
    event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
