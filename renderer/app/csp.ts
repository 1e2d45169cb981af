/**
 * Libraries that add a style element (scroll locking behind dialogs) take the policy's
 * nonce from this well-known global.
 */
export function adoptNonce(): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]');
  const nonce = meta?.nonce ?? '';
  if (nonce !== '') Object.assign(globalThis, { __webpack_nonce__: nonce });
}
