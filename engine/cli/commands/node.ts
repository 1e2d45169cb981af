import type { Command } from 'commander';
import type { MembersResponse } from '../../rpc/cluster.ts';
import { connectionOf, describeExit, type LocalCluster, type Supervisor } from '../../supervisor/index.ts';
import {
  connectionTarget,
  endpointsOf,
  nodeIdOf,
  type CommandContext,
  type Target,
  type TargetOptions,
} from '../context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { addNodeJoin } from './node-join.ts';
import { atAnyNode, isAtRest, waitForMembers } from '../members.ts';
import { addOptions, connectionOptions, endpointsOption, jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

interface MembersOptions extends TargetOptions {
  readonly force?: boolean;
  readonly deleteData?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

export function addNode(program: Command, context: CommandContext): void {
  const node = program
    .command('node')
    .summary('run one node, or give a cluster more nodes, fewer or other ones')
    .description(
      'Run one node in this process, or change the nodes of a cluster. Partitions move by themselves, a few at a time, while clients go on.',
    )
    .option('--config <file>', 'the same as: prkdb node run <file>')
    .action(({ config }: { readonly config?: string }) => {
      if (config === undefined) throw new UsageError('Say what to do: run, join, add, remove or replace.');
      return run(config);
    });
  node
    .command('run')
    .description('Run one node in this process, as on a host of its own, until it is stopped.')
    .argument('<config>', 'its configuration')
    .action(run);
  addNodeJoin(node, context, run);
  const change = (name: string, description: string) =>
    addOptions(node.command(name).description(description), [jsonOption()]).option(
      '--no-wait',
      'return when the cluster has agreed; it does the rest by itself',
    );
  change('add', 'Give a local cluster one more node, and its share of the partitions.')
    .argument('<name>', 'name of the cluster')
    .action((name: string, options: MembersOptions) => add(context, name, null, options));
  const elsewhere = (command: Command) => addOptions(command, [endpointsOption(), ...connectionOptions()]);
  elsewhere(change('remove', 'Take a node out of a cluster: first it gives away what it holds, then its process ends.'))
    .argument('<names...>', 'name of the cluster and the node, as in: dev n3; with --endpoints the node alone')
    .option('--force', 'also one that does not answer, or that the replication factor needs')
    .option('--delete-data', 'delete its data, once it is removed')
    .action((names: string[], options: MembersOptions) => remove(context, names, options));
  elsewhere(change('replace', 'Let a new node take the place of another, also of a dead one, which is then removed.'))
    .argument(
      '<names...>',
      'name of the cluster and the old node, as in: dev n3; with --endpoints the old node and the one that takes its place',
    )
    .option('--delete-data', 'delete the data of the old node, once it is removed')
    .action((names: string[], options: MembersOptions) => replace(context, names, options));
  elsewhere(
    addOptions(
      program
        .command('rebalance')
        .description('Spread the partitions and their leaders evenly over the nodes, moving as little as that takes.')
        .argument('[name]', 'name of the local cluster'),
      [jsonOption()],
    ).option('--no-wait', 'return when the cluster has agreed; it does the rest by itself'),
  ).action((name: string | undefined, options: MembersOptions) => rebalance(context, name, options));
}

async function run(config: string): Promise<void> {
  // Only this command needs storage and Raft; the others start without loading them.
  const { main } = await import('../../node/main.ts');
  try {
    await main(['--config', config]);
  } catch (error) {
    throw new CommandError((error as Error).message);
  }
}

async function add(
  context: CommandContext,
  name: string,
  replaces: number | null,
  options: MembersOptions,
): Promise<void> {
  const supervisor = await context.supervisor();
  const nodeId = await supervisor.addNode(name, replaces === null ? {} : { replaces });
  const isMember = (m: MembersResponse) => m.members.some((member) => member.id === nodeId);
  const isDone = (m: MembersResponse) =>
    isMember(m) && isAtRest(m) && m.members.every((member) => member.id !== replaces);
  const deleteData = options.deleteData === true;
  // A process that was refused, or cannot run, ends with a sentence.
  const until = (isReached: (m: MembersResponse) => boolean) =>
    waitForMembers(
      context,
      () => localTarget(supervisor, name),
      isReached,
      () => mustLive(supervisor, name, nodeId),
    );
  try {
    await until(isMember);
    if (replaces !== null) await supervisor.leaveNode(name, replaces, { deleteData });
    if (options.wait) await until(isDone);
  } catch (error) {
    if (await neverJoined(supervisor, name, nodeId)) await supervisor.forgetNode(name, nodeId, { deleteData: true });
    throw error;
  }
  if (replaces !== null && options.wait) {
    await supervisor.forgetNode(name, replaces, { deleteData });
  }
  const { record } = await supervisor.get(name);
  const address = endpointsOf(await supervisor.get(name))[record.members.findIndex((m) => m.id === nodeId)];
  if (options.json === true) {
    printJson(context.io, { name, added: nodeId, removed: replaces, address, nodes: record.members.map((m) => m.id) });
  } else if (!options.wait) {
    printLine(context.io, `n${nodeId} of ${name} is a member now; see "prkdb status ${name}" for how far it is.`);
  } else if (replaces === null) {
    printLine(context.io, `n${nodeId} of ${name} has its share of the partitions, at ${address}.`);
  } else {
    printLine(context.io, `n${nodeId} of ${name} has taken the place of n${replaces}, at ${address}.`);
  }
}

async function remove(context: CommandContext, names: readonly string[], options: MembersOptions): Promise<void> {
  const local = options.endpoints === undefined ? await localNode(context, names, 'remove') : null;
  const nodeId = local?.nodeId ?? nodeIdOf(onlyName(names, 'prkdb node remove --endpoints URLS n3'));
  const targetNow = local === null ? fixed(context, options) : () => localTarget(local.supervisor, local.name);
  await atAnyNode(await targetNow(), (client) => client.removeMember({ id: nodeId, force: options.force ?? false }));
  const deleteData = options.deleteData === true;
  await local?.supervisor.leaveNode(local.name, nodeId, { deleteData });
  if (options.wait) {
    await waitForMembers(context, targetNow, (m) => m.fromLeader && m.members.every((member) => member.id !== nodeId));
    if (local !== null) {
      await local.supervisor.forgetNode(local.name, nodeId, { deleteData });
    }
  }
  const where = local === null ? 'the cluster' : local.name;
  if (options.json === true) printJson(context.io, { name: local?.name ?? null, removed: nodeId, done: options.wait });
  else if (options.wait)
    printLine(context.io, `n${nodeId} is removed from ${where}; its process has ended or is about to.`);
  else printLine(context.io, `n${nodeId} of ${where} gives away what it holds, and is then removed.`);
}

async function replace(context: CommandContext, names: readonly string[], options: MembersOptions): Promise<void> {
  if (options.endpoints === undefined) {
    const { name, nodeId } = await localNode(context, names, 'replace');
    return add(context, name, nodeId, options);
  }
  const [oldName, newName, more] = names;
  if (oldName === undefined || newName === undefined || more !== undefined) {
    throw new UsageError(
      'Name the old node and the one that takes its place: prkdb node replace --endpoints URLS n3 n4',
    );
  }
  const [oldId, newId] = [nodeIdOf(oldName), nodeIdOf(newName)];
  const targetNow = fixed(context, options);
  await atAnyNode(await targetNow(), (client) => client.replaceMember({ oldId, newId }));
  if (options.wait) {
    await waitForMembers(context, targetNow, (m) => m.fromLeader && m.members.every((member) => member.id !== oldId));
  }
  if (options.json === true) printJson(context.io, { removed: oldId, successor: newId, done: options.wait });
  else printLine(context.io, `n${newId} ${options.wait ? 'has taken' : 'takes'} the place of n${oldId}.`);
}

async function rebalance(context: CommandContext, name: string | undefined, options: MembersOptions): Promise<void> {
  const targetNow = fixed(context, name === undefined ? options : { ...options, cluster: name });
  const before = await atAnyNode(await targetNow(), (client) => client.rebalance());
  const after = options.wait ? await waitForMembers(context, targetNow, isAtRest) : before;
  const load = after.members.map(({ id }) => ({
    node: id,
    replicas: after.partitions.filter((p) => p.replicas.includes(id)).length,
    leads: after.partitions.filter((p) => p.replicas[0] === id).length,
  }));
  if (options.json === true) {
    printJson(context.io, { done: options.wait, load });
    return;
  }
  const words = load.map((l) => `n${l.node} ${l.replicas} (leads ${l.leads})`).join(', ');
  printLine(context.io, options.wait ? `Replicas on each node: ${words}.` : 'The partitions are being spread.');
}

interface LocalNode {
  readonly supervisor: Supervisor;
  readonly name: string;
  readonly nodeId: number;
}

async function localNode(context: CommandContext, names: readonly string[], what: string): Promise<LocalNode> {
  const [name, node, more] = names;
  if (name === undefined || node === undefined || more !== undefined) {
    throw new UsageError(`Name the cluster and the node: prkdb node ${what} dev n3`);
  }
  const nodeId = nodeIdOf(node);
  const supervisor = await context.supervisor();
  const { record } = await supervisor.get(name);
  if (record.members.some((m) => m.id === nodeId)) return { supervisor, name, nodeId };
  throw new UsageError(
    `${name} has no node n${nodeId}. Its nodes are ${record.members.map((m) => `n${m.id}`).join(', ')}.`,
  );
}

function onlyName(names: readonly string[], example: string): string {
  const [only, more] = names;
  if (only === undefined || more !== undefined)
    throw new UsageError(`With --endpoints, name the node alone: ${example}`);
  return only;
}

function fixed(context: CommandContext, options: TargetOptions): () => Promise<Target> {
  let target: Promise<Target> | null = null;
  return () => (target ??= connectionTarget(context, options));
}

/** The nodes that run now: members come and go while one waits. */
async function localTarget(supervisor: Supervisor, name: string): Promise<Target> {
  const cluster = await supervisor.get(name);
  const endpoints = endpointsOf(cluster).filter((_, index) => cluster.nodes[index]?.state === 'running');
  if (endpoints.length === 0) {
    throw new CommandError(`The cluster ${name} is not running.`, `Start it with: prkdb up ${name}`);
  }
  return { endpoints, connection: connectionOf(cluster.record) };
}

function processOf(cluster: LocalCluster, nodeId: number) {
  return cluster.nodes.find((node) => node.nodeId === nodeId);
}

async function mustLive(supervisor: Supervisor, name: string, nodeId: number): Promise<void> {
  const node = processOf(await supervisor.get(name), nodeId);
  if (node?.exit === null || node === undefined) return;
  const why = node.exit.detail === '' ? describeExit(node.exit) : node.exit.detail;
  throw new CommandError(
    `Node n${nodeId} of ${name} ended: ${why}`,
    `See its log with: prkdb logs ${name} n${nodeId}. If it is a member already: prkdb start ${name} n${nodeId}`,
  );
}

/** Whether the cluster has never taken the node in; then there is nothing to keep of it. */
async function neverJoined(supervisor: Supervisor, name: string, nodeId: number): Promise<boolean> {
  try {
    const target = await localTarget(supervisor, name);
    const { fromLeader, members, removed } = await atAnyNode(target, (client) => client.members());
    return fromLeader && !removed.includes(nodeId) && members.every((member) => member.id !== nodeId);
  } catch {
    // Not known: then it stays.
    return false;
  }
}
