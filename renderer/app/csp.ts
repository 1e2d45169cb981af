/** What style elements must carry under the policy; empty where there is none. */
export function cspNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/**
 * Libraries that add a style element (scroll locking behind dialogs) take the policy's
 * nonce from this well-known global.
 */
export function adoptNonce(): void {
  const nonce = cspNonce();
  if (nonce !== '') Object.assign(globalThis, { __webpack_nonce__: nonce });
}
