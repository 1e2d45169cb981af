import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { bundleBudget } from './bundle-budget.ts';

/** The host replaces this in index.html by the nonce of its Content-Security-Policy. */
const NONCE_PLACEHOLDER = '__CSP_NONCE__';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react(), bundleBudget()],
  html: { cspNonce: NONCE_PLACEHOLDER },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'es2023',
    // The policy allows fonts and scripts from 'self' only: nothing becomes a data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
  },
});
