#!/usr/bin/env node
// The package's command. Plain JavaScript, so that an old Node can at least say what it lacks.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const own = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);

// From 22.18 on Node runs TypeScript as it is.
if (major > 22 || (major === 22 && minor >= 18)) {
  await import('./main.ts');
} else if (existsSync(own)) {
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal signals both; the child decides, and this one waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`prkdb: ${own} cannot be run: ${error.message}\nRun "npm ci" in the project again.\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
} else {
  process.stderr.write(
    `prkdb: needs Node 22.18 or newer, and this is ${process.versions.node}.\n` +
      'Run "npm ci" in the project, which brings its own, or install a newer Node.\n',
  );
  process.exitCode = 1;
}
