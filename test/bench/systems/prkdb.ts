import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import packageJson from '../../../package.json' with { type: 'json' };
import { PrkDbClient } from '../../../engine/client/index.ts';
import type { Compaction } from '../../../engine/config/node-config.ts';
import { eventually, freePorts } from '../../support/node-cluster.ts';
import { MemberProcess, type System } from './system.ts';

const entry = fileURLToPath(new URL('../../../engine/node.ts', import.meta.url));

export interface PrkDbSettings {
  readonly nodes: number;
  readonly partitions: number;
  /** Directory for CPU profiles of the nodes; none are taken when absent. */
  readonly profileDir?: string | undefined;
  /** When logs are cut; what a node does by itself when absent. */
  readonly compaction?: Compaction;
}

/** Starts our own nodes as an operator would: default timing, every batch synced before it is acknowledged. */
export async function startPrkDb(settings: PrkDbSettings): Promise<System> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'prkdb-bench-'));
  const ports = await freePorts(settings.nodes * 3);
  const members = Array.from({ length: settings.nodes }, (_, i) => ({
    id: i + 1,
    host: '127.0.0.1',
    clientPort: ports[i * 3]!,
    raftPort: ports[i * 3 + 1]!,
    metricsPort: ports[i * 3 + 2]!,
  }));
  const processes = members.map(({ id }) => {
    const config = {
      clusterId: 'bench',
      clusterName: 'bench',
      nodeId: id,
      dataDir: path.join(directory, `n${id}`),
      members,
      partitions: settings.partitions,
      replicationFactor: Math.min(3, settings.nodes),
      logLevel: 'warn',
      ...(settings.compaction === undefined ? {} : { compaction: settings.compaction }),
    };
    const file = path.join(directory, `n${id}.json`);
    writeFileSync(file, JSON.stringify(config));
    const profile =
      settings.profileDir === undefined
        ? []
        : ['--cpu-prof', `--cpu-prof-dir=${settings.profileDir}`, `--cpu-prof-name=node-${id}.cpuprofile`];
    return new MemberProcess(process.execPath, [...profile, entry, '--config', file]);
  });
  for (const member of processes) member.start();
  const endpoints = members.map((m) => `127.0.0.1:${m.clientPort}`);
  const client = await eventually('our nodes serve', async () => {
    const connected = await PrkDbClient.connect(endpoints);
    const { partitions } = await connected.metadata();
    if (partitions.every((p) => p.leaderId !== 0)) return connected;
    connected.close();
    return null;
  });
  return {
    name: 'prkdb',
    version: packageJson.version,
    settings: { ...settings, profileDir: undefined, fsync: 'every batch, before it is acknowledged' },
    endpoints,
    metricsUrls: members.map((m) => `http://127.0.0.1:${m.metricsPort}/metrics`),
    processes,
    async leader() {
      const led = Array.from({ length: settings.nodes }, () => 0);
      for (const { leaderId } of (await client.metadata()).partitions) led[leaderId - 1]!++;
      return led.indexOf(Math.max(...led));
    },
    async stop() {
      client.close();
      await Promise.all(processes.map((p) => p.end('SIGTERM')));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
