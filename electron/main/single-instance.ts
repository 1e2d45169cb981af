import type { App } from 'electron';

/** False when another instance runs already; that one then shows its window instead. */
export function claimSingleInstance(app: App, show: () => void): boolean {
  if (!app.requestSingleInstanceLock()) return false;
  app.on('second-instance', show);
  return true;
}
