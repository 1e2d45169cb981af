/** The prkdb command as a process. */
import { enableCompileCache } from 'node:module';

// Everything after this starts from the cache: half the time to the first line.
enableCompileCache();
const { main } = await import('./run.ts');
await main();
