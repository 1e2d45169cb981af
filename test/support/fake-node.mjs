// Stands in for engine/node.ts where only its life as a process matters: holds the leash,
// stops on SIGTERM, and fails with a sentence when its configuration directory says so.
import { existsSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { config: { type: 'string' }, token: { type: 'string' }, leash: { type: 'string' } },
});
const dir = path.dirname(values.config);
if (existsSync(path.join(dir, 'fail'))) {
  console.log(JSON.stringify({ level: 50, msg: 'a record, not words' }));
  console.error('Port 7101 is in use. End what uses it.');
  process.exit(1);
}
if (values.leash !== undefined) {
  let isFree = false;
  net
    .connect(values.leash, () => console.log(JSON.stringify({ held: true })))
    .on('data', (chunk) => (isFree = chunk.toString() === 'let go\n'))
    .on('close', () => isFree || process.exit(0))
    .on('error', () => process.exit(1));
}
process.on('SIGTERM', () => {
  if (!existsSync(path.join(dir, 'stubborn'))) process.exit(0);
});
setInterval(() => {
  if (!existsSync(path.join(dir, 'removed'))) return;
  console.error(`Node ${path.basename(dir).slice(1)} was removed from the cluster demo.`);
  process.exit(3);
}, 50);
console.log(JSON.stringify({ ready: true }));
