import { writeStored } from './stored.ts';

const LAST_KEY = 'prkdb.lastCluster';

/** The address of a cluster's screen; '' is the overview. */
export function clusterPath(cluster: string, screen = ''): string {
  const base = `/c/${encodeURIComponent(cluster)}`;
  return screen === '' ? base : `${base}/${screen}`;
}

/** A dialog is a query parameter over whatever address is shown. */
export function withDialog(path: string, search: string, dialog: string | null): string {
  const params = new URLSearchParams(search);
  if (dialog === null) params.delete('dialog');
  else params.set('dialog', dialog);
  const rest = params.toString();
  return rest === '' ? path : `${path}?${rest}`;
}

export function readLastCluster(): string | null {
  try {
    return localStorage.getItem(LAST_KEY);
  } catch {
    return null;
  }
}

export function rememberCluster(cluster: string): void {
  writeStored(LAST_KEY, cluster);
}
