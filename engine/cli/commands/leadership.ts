import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient } from '../../client/index.ts';
import { connectionOf, endpointOf, type LocalCluster } from '../../supervisor/index.ts';
import { nodeIdOf, type CommandContext } from '../context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { statusesOf } from '../wait.ts';

const TAKE_OVER_WAIT_MS = 5_000;
const POLL_MS = 20;

interface JsonOption {
  readonly json?: boolean;
}

export function addLeadership(program: Command, context: CommandContext): void {
  program
    .command('transfer')
    .description('Let another replica lead a partition.')
    .argument('<name>', 'name of the cluster')
    .argument('<partition>', 'number of the partition', wholeNumber(0, 1_000_000))
    .argument('<node>', 'n1 or 1: who shall lead')
    .addOption(jsonOption())
    .action(async (name: string, partition: number, node: string, options: JsonOption) => {
      const to = nodeIdOf(node);
      const cluster = await (await context.supervisor()).get(name);
      checkPartition(cluster, partition);
      const from = await transfer(cluster, partition, to);
      if (options.json === true) printJson(context.io, { name, partition, from, to });
      else if (from === to) printLine(context.io, `n${to} leads partition ${partition} of ${name} already.`);
      else printLine(context.io, `n${to} leads partition ${partition} of ${name} now; n${from} handed it over.`);
    });
  program
    .command('handover')
    .description('Let the other nodes lead all that a node leads, before it is taken away.')
    .argument('<name>', 'name of the cluster')
    .argument('<node>', 'n1 or 1')
    .addOption(jsonOption())
    .action(async (name: string, node: string, options: JsonOption) => {
      const nodeId = nodeIdOf(node);
      const cluster = await (await context.supervisor()).get(name);
      const remaining = await withNode(cluster, nodeId, (client) => client.handOver());
      if (remaining > 0) {
        throw new CommandError(
          `n${nodeId} of ${name} still leads ${remaining === 1 ? 'one group' : `${remaining} groups`}: nobody could take over.`,
          'Start or heal other nodes and try again.',
        );
      }
      if (options.json === true) printJson(context.io, { name, node: nodeId, remaining });
      else printLine(context.io, `n${nodeId} of ${name} leads nothing now.`);
    });
}

function checkPartition(cluster: LocalCluster, partition: number): void {
  const { name, partitions } = cluster.record;
  if (partition < partitions) return;
  throw new UsageError(`${name} has the partitions 0 to ${partitions - 1}, not ${partition}.`);
}

/** Resolves with who led before, once `to` leads. */
async function transfer(cluster: LocalCluster, partition: number, to: number): Promise<number> {
  const from = await leaderOf(cluster, partition);
  if (from === null) {
    const { name } = cluster.record;
    throw new CommandError(`Partition ${partition} has no leader now.`, `See the nodes with: prkdb status ${name}`);
  }
  if (from === to) return from;
  await withNode(cluster, from, (client) => client.transferLeadership({ partition, toNodeId: to }));
  const endMs = Date.now() + TAKE_OVER_WAIT_MS;
  while ((await leaderOf(cluster, partition)) !== to) {
    if (Date.now() > endMs) {
      throw new CommandError(
        `n${to} did not take over partition ${partition} within ${TAKE_OVER_WAIT_MS} ms.`,
        'It may be far behind, or cut off. Nothing is lost: the partition keeps its leader, or elects one.',
      );
    }
    await sleep(POLL_MS);
  }
  return from;
}

async function leaderOf(cluster: LocalCluster, partition: number): Promise<number | null> {
  const claims = (await statusesOf(cluster)).flatMap((status) =>
    (status?.groups ?? [])
      .filter((group) => group.partition === partition && group.role === 'leader')
      .map((group) => ({ node: status!.nodeId, term: group.term })),
  );
  // One who was deposed and does not know it yet has the lower term.
  return claims.toSorted((a, b) => b.term - a.term)[0]?.node ?? null;
}

async function withNode<T>(cluster: LocalCluster, nodeId: number, run: (client: ClusterClient) => Promise<T>) {
  const { record } = cluster;
  const member = record.members.find((candidate) => candidate.id === nodeId);
  if (member === undefined) {
    const names = record.members.map(({ id }) => `n${id}`).join(', ');
    throw new UsageError(`${record.name} has no node n${nodeId}. Its nodes are ${names}.`);
  }
  const client = new ClusterClient(endpointOf(record, member), connectionOf(record));
  try {
    return await run(client);
  } finally {
    client.close();
  }
}
