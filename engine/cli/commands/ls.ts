import type { Command } from 'commander';
import type { LocalCluster } from '../../supervisor/index.ts';
import { endpointsOf, isUp, type CommandContext } from '../context.ts';
import { jsonOption } from '../options.ts';
import { note, printJson, printLine, table } from '../output.ts';

export function addLs(program: Command, context: CommandContext): void {
  program
    .command('ls')
    .description('List the local clusters.')
    .addOption(jsonOption())
    .action((options: { readonly json?: boolean }) => ls(context, options));
}

async function ls(context: CommandContext, options: { readonly json?: boolean }): Promise<void> {
  const supervisor = await context.supervisor();
  const clusters = await supervisor.list();
  if (options.json === true) {
    printJson(context.io, clusters.map(toJson));
    return;
  }
  if (clusters.length === 0) {
    note(context.io, 'There is no cluster yet. Start one with: prkdb up');
    return;
  }
  const rows = clusters.map((cluster) => {
    const { name, partitions, dataDir } = cluster.record;
    const state = isUp(cluster) ? `running${cluster.owner === 'detached' ? ' (detached)' : ''}` : 'stopped';
    return [
      name,
      state,
      `${runningCount(cluster)}/${cluster.nodes.length}`,
      String(partitions),
      endpointsOf(cluster)[0]!,
      dataDir,
    ];
  });
  printLine(context.io, table(['NAME', 'STATE', 'NODES', 'PARTITIONS', 'FIRST NODE', 'DATA'], rows));
}

function runningCount(cluster: LocalCluster): number {
  return cluster.nodes.filter((node) => node.pid !== null).length;
}

function toJson(cluster: LocalCluster): object {
  const { record, owner, nodes } = cluster;
  return {
    name: record.name,
    state: isUp(cluster) ? 'running' : 'stopped',
    owner,
    nodes: nodes.length,
    nodesRunning: runningCount(cluster),
    partitions: record.partitions,
    replicationFactor: record.replicationFactor,
    dataDir: record.dataDir,
    createdAtMs: record.createdAtMs,
    endpoints: endpointsOf(cluster),
  };
}
