import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DriverName } from './drivers/driver.ts';
import type { System } from './systems/system.ts';
import type { LoadResult, LoadSpec } from './worker/load.ts';
import type { WorkerTask } from './worker/main.ts';

const worker = fileURLToPath(new URL('./worker/main.ts', import.meta.url));

export interface Measurement extends LoadResult {
  /** Of all members together, for a thousand operations. */
  readonly serverCpuSecondsPer1000: number;
}

/** Runs one load against one system from a process of its own. */
export async function measure(
  system: System,
  driver: DriverName,
  load: LoadSpec,
  profileDir?: string,
): Promise<Measurement> {
  const task: WorkerTask = { driver, target: { endpoints: system.endpoints, leader: await system.leader() }, load };
  const cpuBefore = system.processes.reduce((sum, p) => sum + p.cpuSeconds(), 0);
  const profile =
    profileDir === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`, `--cpu-prof-name=${path.basename(driver)}.cpuprofile`];
  const output = await new Promise<string>((resolve, reject) => {
    const timeout = (load.seconds + load.warmUpSeconds) * 1000 + 60_000;
    execFile(process.execPath, [...profile, worker, JSON.stringify(task)], { timeout }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the load of ${driver} failed: ${stderr.slice(-2000)}`, { cause: error }));
    });
  });
  const result = JSON.parse(output) as LoadResult;
  const cpu = system.processes.reduce((sum, p) => sum + p.cpuSeconds(), 0) - cpuBefore;
  // The warm-up costs CPU too; it ran at the same rate.
  const all = result.operations * (1 + load.warmUpSeconds / load.seconds);
  return { ...result, serverCpuSecondsPer1000: all === 0 ? 0 : (cpu / all) * 1000 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
