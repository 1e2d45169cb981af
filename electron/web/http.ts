import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Assets } from '../carrier/assets.ts';
import { securityHeaders } from '../carrier/csp.ts';
import { WIRE_PATH } from '../contract/wire.ts';
import type { Access } from './access.ts';
import { isOwnHost, isOwnOrigin, type HostRules } from './origin.ts';
import { NO_ACCESS, USED_TOKEN } from './pages.ts';

export interface HttpContext {
  readonly assets: Assets;
  readonly access: Access;
  readonly rules: HostRules;
  /** A token was used, so the printed address opens nothing any more. */
  readonly onTokenUsed: () => void;
}

/** Answers one plain request: the exchange of the token, or a file of the interface for those admitted. */
export async function answer(request: IncomingMessage, response: ServerResponse, context: HttpContext): Promise<void> {
  const send = (status: number, headers: Record<string, string>, body: string | Uint8Array): void => {
    response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(body)) });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  const refuse = (status: number, message: string): void =>
    send(status, { ...securityHeaders(), 'Content-Type': 'text/plain; charset=utf-8' }, `${message}\n`);

  const { host, origin, cookie } = request.headers;
  if (!isOwnHost(host, context.rules)) return refuse(421, 'This address is not one of this server.');
  if (origin !== undefined && !isOwnOrigin(origin, host, context.rules)) return refuse(403, 'Not from another site.');
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Only GET and HEAD are served.');
  const target = request.url ?? '/';
  // An absolute or protocol-relative target would be parsed as another host's.
  if (!target.startsWith('/') || target.startsWith('//')) return refuse(400, 'The address is not valid.');
  const url = new URL(target, `http://${host}`);

  const token = url.searchParams.get('token');
  if (token !== null) {
    const opened = request.method === 'GET' ? context.access.exchange(token) : null;
    if (opened === null && !context.access.isAdmitted(cookie)) {
      return send(403, USED_TOKEN.headers, USED_TOKEN.body);
    }
    url.searchParams.delete('token');
    const headers = { ...securityHeaders(), Location: `${url.pathname}${url.search}`, 'Cache-Control': 'no-store' };
    send(303, opened === null ? headers : { ...headers, 'Set-Cookie': opened.setCookie }, '');
    if (opened !== null) context.onTokenUsed();
    return;
  }
  if (!context.access.isAdmitted(cookie)) return send(401, NO_ACCESS.headers, NO_ACCESS.body);
  if (url.pathname === WIRE_PATH) return refuse(426, 'This address speaks WebSocket only.');
  const asset = await context.assets.get(rawPath(target));
  send(asset.status, asset.headers, asset.body);
}

/** The path as it was sent: URL would resolve the steps upwards that must be refused. */
function rawPath(target: string): string {
  return target.split(/[?#]/, 1)[0]!;
}
