/**
 * Bundles what Electron runs: the main process, its preload, and the node program for
 * utility processes. `node electron/build.ts`; the interface itself is vite's.
 */
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { VENDOR_BANNER, vendoredProtos } from './vendored-protos.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Packages written as CommonJS call require(), which an ES module has to be given. */
const REQUIRE_BANNER =
  "import { createRequire as createRequireOfModule } from 'node:module'; const require = createRequireOfModule(import.meta.url);";

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  sourcemap: false,
  legalComments: 'linked',
  logLevel: 'warning',
};

/**
 * Bundles lie two folders deep like the sources they are made of, so that
 * `../../proto/` leads from both to the protocol files.
 */
export const bundles: readonly BuildOptions[] = [
  {
    ...common,
    entryPoints: ['electron/main.ts'],
    outfile: 'dist/electron/main.js',
    format: 'esm',
    external: ['electron'],
    banner: { js: REQUIRE_BANNER },
  },
  {
    ...common,
    entryPoints: ['electron/preload.ts'],
    outfile: 'dist/electron/preload.cjs',
    format: 'cjs',
    external: ['electron'],
  },
  {
    ...common,
    entryPoints: {
      node: 'engine/node.ts',
      // Workers are loaded by name from beside the program.
      'writer-worker': 'engine/storage/log/writer-worker.ts',
      'checkpoint-worker': 'engine/storage/state/checkpoint-worker.ts',
      'snapshot-worker': 'engine/storage/state/snapshot-worker.ts',
    },
    outdir: 'dist/node',
    format: 'esm',
    // Holds a native library, which has to stay a file of its own.
    external: ['better-sqlite3'],
    banner: { js: `${REQUIRE_BANNER} ${VENDOR_BANNER}` },
    plugins: [vendoredProtos(root)],
    // A utility process has no main module in Node's sense, and this bundle is nothing but a program.
    define: { 'import.meta.main': 'true' },
  },
];

if (import.meta.main) await Promise.all(bundles.map((options) => build(options)));
