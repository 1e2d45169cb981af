import { InvalidArgumentError } from './errors.ts';

/**
 * `http://host:port` or `host:port` as gRPC dials it: `host:port`, IPv6 in brackets.
 * Throws InvalidArgumentError with what is wrong.
 */
export function dialAddress(endpoint: string): string {
  const problem = (what: string) =>
    new InvalidArgumentError(`The endpoint "${endpoint}" ${what}. Write it like http://localhost:7101.`);
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint);
  let url: URL;
  try {
    url = new URL(hasScheme ? endpoint : `http://${endpoint}`);
  } catch {
    throw problem('is not an address');
  }
  if (url.protocol !== 'http:') throw problem(`has the scheme ${url.protocol}//, and only http:// is supported`);
  if (url.username !== '' || url.password !== '') throw problem('carries a user name');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw problem('has more than host and port');
  if (url.hostname === '') throw problem('has no host');
  // URL drops the default port of http, so it has to be looked for in the text.
  const port = url.port !== '' ? url.port : /:80\/?$/.test(endpoint) ? '80' : '';
  if (port === '' || port === '0') throw problem('has no port');
  return `${url.hostname}:${port}`;
}
