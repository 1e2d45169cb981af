import type { AppInfo } from '../contract/model.ts';
import type { ClusterRegistry } from './clusters/registry.ts';

/** What the status line says of this computer: our node processes and what they take. */
export function appInfo(
  registry: ClusterRegistry,
  about: { readonly version: string; readonly host: AppInfo['host']; readonly home: string },
): AppInfo {
  const running = registry.drivers
    .flatMap((driver) => (driver.processes === null ? [] : driver.view().nodes))
    .filter((node) => node.state !== 'stopped' && node.state !== 'dead');
  const cpu = running.flatMap((node) => node.cpuPercent ?? []);
  return {
    ...about,
    platform: process.platform,
    nodeProcesses: running.length,
    cpuPercent: cpu.length === 0 ? null : cpu.reduce((sum, percent) => sum + percent, 0),
    memoryBytes: running.reduce((sum, node) => sum + (node.memoryBytes ?? 0), 0),
  };
}
