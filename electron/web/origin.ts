import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** The names under which this host may be asked for. */
export interface HostRules {
  readonly port: number;
  /** As given to listen(). */
  readonly host: string;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a Host header names this server: a page of another name that resolves here (DNS rebinding) is refused. */
export function isOwnHost(header: string | undefined, rules: HostRules): boolean {
  const url = header === undefined ? null : parse(`http://${header}`);
  if (url === null || url.pathname !== '/' || url.username !== '' || url.search !== '' || url.hash !== '') return false;
  return portOf(url) === rules.port && isOwnName(url.hostname, rules.host);
}

/** Whether an Origin header is this server's own. Absent is fine for plain requests, never for WebSockets. */
export function isOwnOrigin(header: string | undefined, hostHeader: string | undefined, rules: HostRules): boolean {
  const url = header === undefined ? null : parse(header);
  if (url === null || url.protocol !== 'http:' || url.origin !== header) return false;
  return isOwnHost(url.host, rules) && url.host === parse(`http://${hostHeader ?? ''}`)?.host;
}

/** An address cannot be made to resolve elsewhere, so bound to all addresses any address will do. */
function isOwnName(name: string, host: string): boolean {
  if (LOOPBACK_NAMES.includes(name)) return true;
  if (host === '0.0.0.0' || host === '::') {
    return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || name === hostname().toLowerCase();
  }
  return name === (host.includes(':') ? `[${host}]` : host).toLowerCase();
}

function portOf(url: URL): number {
  return url.port === '' ? 80 : Number(url.port);
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
