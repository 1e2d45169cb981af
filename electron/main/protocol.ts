import { protocol, type Session } from 'electron';
import type { Assets } from '../carrier/assets.ts';
import { APP_HOST, APP_SCHEME, isAppUrl } from './app-origin.ts';

/** Makes app:// a standard, secure scheme. Must be called before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built interface as app://prkdb/, and nothing else, to one session. */
export function handleAppProtocol(session: Session, assets: Assets): void {
  session.protocol.handle(APP_SCHEME, async (request) => {
    if (request.method !== 'GET' || !isAppUrl(request.url)) return new Response('Not found', { status: 404 });
    const asset = await assets.get(rawPath(request.url));
    return new Response(asset.body, { status: asset.status, headers: asset.headers });
  });
}

/** The path as it was asked for: URL would resolve the steps upwards that must be refused. */
function rawPath(address: string): string {
  const afterHost = address.slice(`${APP_SCHEME}://${APP_HOST}`.length);
  const path = afterHost.split(/[?#]/, 1)[0]!;
  return path === '' ? '/' : path;
}
