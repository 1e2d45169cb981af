import { InvalidArgumentError } from './errors.ts';

export interface Endpoint {
  /** As gRPC dials it: `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** Null where the text does not say. */
  readonly scheme: 'http' | 'https' | null;
}

/** The default port of each scheme, which URL drops. */
const DEFAULT_PORTS = { 'http:': '80', 'https:': '443' } as const;

/**
 * Reads `http://host:port`, `https://host:port` or `host:port`. Throws InvalidArgumentError
 * with what is wrong.
 */
export function parseEndpoint(endpoint: string): Endpoint {
  const problem = (what: string) =>
    new InvalidArgumentError(`The endpoint "${endpoint}" ${what}. Write it like http://localhost:7101.`);
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint);
  let url: URL;
  try {
    url = new URL(hasScheme ? endpoint : `http://${endpoint}`);
  } catch {
    throw problem('is not an address');
  }
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw problem(`has the scheme ${protocol}//, and only http:// and https:// are supported`);
  }
  if (url.username !== '' || url.password !== '') throw problem('carries a user name');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw problem('has more than host and port');
  if (url.hostname === '') throw problem('has no host');
  const dropped = DEFAULT_PORTS[protocol];
  const port = url.port !== '' ? url.port : new RegExp(`:${dropped}/?$`).test(endpoint) ? dropped : '';
  if (port === '' || port === '0') throw problem('has no port');
  const scheme = protocol === 'https:' ? 'https' : 'http';
  return { address: `${url.hostname}:${port}`, scheme: hasScheme ? scheme : null };
}

/** The address alone. */
export function dialAddress(endpoint: string): string {
  return parseEndpoint(endpoint).address;
}
