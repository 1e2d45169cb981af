/**
 * One PrkDB node as a process:
 *
 *     node engine/node.ts --config FILE [--token TOKEN] [--leash SOCKET]
 *
 * Prints one JSON line with `"ready": true` when it serves. Ends with code 0 after an
 * orderly stop, 1 with a sentence on stderr when it cannot start, 3 with one when its cluster
 * does not have it as a member any more.
 */
import { enableCompileCache } from 'node:module';

// Node strips types with a WebAssembly module of some 30 MB a thread; what is in the
// compile cache needs none of it. So the cache comes first, and everything else after it.
const cache = enableCompileCache();
if (cache.directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= cache.directory;

try {
  const { main } = await import('./node/main.ts');
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (process.env['PRKDB_DEBUG'] === '1') process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  // By its name: the class is loaded only with all the rest.
  process.exit(error instanceof Error && error.name === 'ExpelledError' ? 3 : 1);
}
