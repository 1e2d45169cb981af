import { randomBytes } from 'node:crypto';

/** Fresh for every page: the only way a style element gets past the policy. */
export function newNonce(): string {
  return randomBytes(18).toString('base64');
}

/** Headers of every answer, pages and assets alike. */
const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** The headers of one answer, with a policy that allows style elements of this nonce only. */
export function securityHeaders(nonce: string = newNonce()): Record<string, string> {
  return { ...COMMON_HEADERS, 'Content-Security-Policy': contentSecurityPolicy(nonce) };
}

/** The policy of the interface: nothing but its own files. 'self' covers the WebSocket of the same host. */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
