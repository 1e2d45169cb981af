import { writeStored } from './stored.ts';

const LAST_KEY = 'prkdb.lastCluster';

/** Every cluster side by side. */
export const FLEET_PATH = '/clusters';

/** The address of a cluster's screen; '' is the overview. */
export function clusterPath(cluster: string, screen = ''): string {
  const base = `/c/${encodeURIComponent(cluster)}`;
  return screen === '' ? base : `${base}/${screen}`;
}

/** What only a dialog reads; gone from the address with it. */
const DIALOG_PARAMS = ['fault', 'from', 'to', 'like', 'copy'];

/** A dialog is a query parameter over whatever address is shown, with what it opens with. */
export function withDialog(
  path: string,
  search: string,
  dialog: string | null,
  preset: Readonly<Record<string, string>> = {},
): string {
  const params = new URLSearchParams(search);
  for (const name of ['dialog', ...DIALOG_PARAMS]) params.delete(name);
  if (dialog !== null) for (const [name, value] of Object.entries({ dialog, ...preset })) params.set(name, value);
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
