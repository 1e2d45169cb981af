import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isPortFree } from '../../engine/supervisor/ports.ts';

/** A new directory, and the way to delete it. */
export function tempDir(): { readonly path: string; remove(): void } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'prkdb-test-'));
  return { path: dir, remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Blocks are given once: the cluster of a stopped node keeps its ports, although nothing listens there. */
const given = new Set<number>();
const FIRST_BASE = 10_000;
// Below 32768: from there on systems give ports to outgoing connections, which then stand in the way.
const BLOCKS = 75;

/** A base port whose block nothing uses: nodes take base+i, base+100+i and base+200+i. */
export async function freeBasePort(nodes = 9): Promise<number> {
  while (given.size < BLOCKS) {
    const base = FIRST_BASE + 300 * Math.floor(Math.random() * BLOCKS);
    if (given.has(base)) continue;
    given.add(base);
    const ports = Array.from({ length: nodes }, (_, i) => [base + i + 1, base + 101 + i, base + 201 + i]).flat();
    if ((await Promise.all(ports.map(isPortFree))).every(Boolean)) return base;
  }
  throw new Error('This file has asked for every block of ports there is.');
}
