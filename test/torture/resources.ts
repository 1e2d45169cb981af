import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { TortureNode } from './node.ts';

/** What one node process holds. */
export interface Holding {
  readonly node: number;
  readonly memoryBytes: number;
  /** 0 where the system does not tell. */
  readonly descriptors: number;
  readonly threads: number;
}

/** Room for caches that fill with the data; a leak by every fault or operation would exceed it. */
const MEMORY_FACTOR = 1.6;
const MEMORY_ALLOWANCE_BYTES = 48 * 1024 * 1024;
/** One member more is some ten connections more, and who leads the system group asks all of them how they are. */
const ALLOWED_DESCRIPTORS = 40;
const ALLOWED_THREADS = 4;

export async function holdings(nodes: readonly TortureNode[]): Promise<Holding[]> {
  return Promise.all(
    nodes.map(async (node) => {
      const status = await node.status(10_000);
      const proc = `/proc/${node.process.pid}`;
      return {
        node: node.id,
        memoryBytes: status.counters?.memoryBytes ?? 0,
        descriptors: existsSync(`${proc}/fd`) ? readdirSync(`${proc}/fd`).length : 0,
        threads: existsSync(`${proc}/task`) ? readdirSync(`${proc}/task`).length : 0,
      };
    }),
  );
}

/** What the nodes did not give back, in words. `before` was taken under load, before the faults. */
export function leaks(before: readonly Holding[], after: readonly Holding[]): string[] {
  const most = (pick: (holding: Holding) => number): number => Math.max(...before.map(pick));
  const memory = most((h) => h.memoryBytes) * MEMORY_FACTOR + MEMORY_ALLOWANCE_BYTES;
  const descriptors = most((h) => h.descriptors) + ALLOWED_DESCRIPTORS;
  const threads = most((h) => h.threads) + ALLOWED_THREADS;
  const problems: string[] = [];
  for (const one of after) {
    const tell = (what: string): void => void problems.push(`node ${one.node} ${what} after the torture`);
    if (one.memoryBytes > memory) tell(`holds ${toMiB(one.memoryBytes)} of memory (at most ${toMiB(memory)} expected)`);
    if (one.descriptors > descriptors) tell(`has ${one.descriptors} files and sockets open (at most ${descriptors})`);
    if (one.threads > threads) tell(`has ${one.threads} threads (at most ${threads})`);
  }
  return problems;
}

export function toMiB(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MiB`;
}

/** Processes whose command line names this directory: none may be left. Empty where there is no /proc. */
export function processesOf(directory: string): number[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(directory);
      } catch {
        return false;
      }
    })
    .map(Number);
}
