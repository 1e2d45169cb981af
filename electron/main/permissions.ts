import type { Session } from 'electron';
import { isAppUrl } from './app-origin.ts';

/** What the interface itself uses: "Copy as text". Everything else is denied, to everyone. */
const ALLOWED = new Set(['clipboard-sanitized-write']);

/** Denies requests, checks, devices and screen capture. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, callback, details) => {
    callback(ALLOWED.has(permission) && isAppUrl(details.requestingUrl));
  });
  session.setPermissionCheckHandler(
    (_contents, permission, requestingOrigin) => ALLOWED.has(permission) && isAppUrl(requestingOrigin),
  );
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, callback) => callback({}));
}
