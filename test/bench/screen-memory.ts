/**
 * `node test/bench/screen-memory.ts [minutes]`: whether an hour of a live cluster under load
 * leaves anything behind in the window. Time is made up, so that an hour takes seconds; what is
 * left after a collection is what Chromium itself counts. Needs `npm run build`. Ends with 1
 * when memory, elements or listeners grew.
 */
import { measureGrowth } from '../support/screen-memory.ts';

const { before, after, minutes, problems } = await measureGrowth(Number(process.argv[2] ?? 60));
console.log(`${minutes} minutes of 9 nodes × 64 partitions, a node killed and started every two minutes`);
for (const name of ['heapMb', 'elements', 'listeners'] as const) {
  console.log(`  ${name.padEnd(12)}${before[name].toFixed(1)} -> ${after[name].toFixed(1)}`);
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
