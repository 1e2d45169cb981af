import type { Command } from 'commander';
import type { ClusterSpec, LocalCluster, Supervisor } from '../../supervisor/index.ts';
import { basePortOf, SupervisorError } from '../../supervisor/index.ts';
import { MAX_NODES, MAX_PARTITIONS } from '../../config/limits.ts';
import { endpointsOf, type CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { note, printJson, printLine } from '../output.ts';
import { deadNodes, waitForLeaders } from '../wait.ts';

interface UpOptions {
  readonly nodes?: number;
  readonly partitions?: number;
  readonly replicationFactor?: number;
  readonly basePort?: number;
  readonly dataDir?: string;
  readonly tls?: boolean;
  readonly detach?: boolean;
  readonly json?: boolean;
}

const DEFAULT_NAME = 'dev';
const DEFAULT_NODES = 3;
const DEFAULT_PARTITIONS = 8;
const LEADERS_WAIT_MS = 30_000;

export function addUp(program: Command, context: CommandContext): void {
  program
    .command('up')
    .summary('create a local cluster, or start it again')
    .description(
      'Create a local cluster, or start it again on its data. Runs until Ctrl-C, which stops its nodes in order; with --detach it stays.',
    )
    .argument('[name]', 'name of the cluster', DEFAULT_NAME)
    .option('--nodes <n>', `nodes (default ${DEFAULT_NODES})`, wholeNumber(1, MAX_NODES))
    .option('--partitions <n>', `partitions (default ${DEFAULT_PARTITIONS})`, wholeNumber(1, MAX_PARTITIONS))
    .option(
      '--replication-factor <n>',
      'copies of each partition (default: 3, or all nodes)',
      wholeNumber(1, MAX_NODES),
    )
    .option(
      '--base-port <port>',
      'node i serves clients on this plus i (default: a free block)',
      wholeNumber(1024, 65_000),
    )
    .option('--data-dir <dir>', 'where the nodes keep their data')
    .option('--tls', 'with TLS everywhere, under certificates that are made for it')
    .option('--detach', 'leave the cluster running')
    .addOption(jsonOption())
    .action((name: string, options: UpOptions) => up(context, name, options));
}

async function up(context: CommandContext, name: string, options: UpOptions): Promise<void> {
  const supervisor = await context.supervisor();
  const interrupted = options.detach === true ? null : untilInterrupted();
  await createOrCheck(supervisor, name, options);
  await supervisor.start(name, { detach: options.detach === true });
  const leaders = waitForLeaders(supervisor, name, LEADERS_WAIT_MS);
  const cluster = await (interrupted === null ? leaders : Promise.race([leaders, interrupted]));
  if (cluster === undefined) return;
  for (const dead of deadNodes(cluster)) note(context.io, `prkdb: not running: ${dead}`);
  print(context, cluster, options);
  if (cluster.owner !== 'self') return;
  if (options.json !== true) printLine(context.io, 'Press Ctrl-C to stop it.');
  await interrupted;
  note(context.io, `Stopping ${name}.`);
}

/** Makes the cluster if there is none; one that is there must be what was asked for. */
async function createOrCheck(supervisor: Supervisor, name: string, options: UpOptions): Promise<void> {
  let cluster: LocalCluster;
  try {
    cluster = await supervisor.get(name);
  } catch (error) {
    if (!(error instanceof SupervisorError) || error.code !== 'notFound') throw error;
    await supervisor.create(specOf(name, options));
    return;
  }
  const { record } = cluster;
  const differs = (what: string, asked: number | undefined, is: number) => {
    if (asked === undefined || asked === is) return;
    throw new CommandError(
      `The cluster ${name} already exists with ${is} as its ${what}, not ${asked}.`,
      `Leave the option out to start it as it is, or choose another name.`,
    );
  };
  differs('number of nodes', options.nodes, record.members.length);
  differs('number of partitions', options.partitions, record.partitions);
  differs('replication factor', options.replicationFactor, record.replicationFactor);
  if (options.tls === true && record.tls !== true) {
    throw new CommandError(
      `The cluster ${name} already exists without TLS.`,
      'Leave --tls out to start it as it is, or choose another name.',
    );
  }
  differs('base port', options.basePort, basePortOf(record));
}

function specOf(name: string, options: UpOptions): ClusterSpec {
  const nodes = options.nodes ?? DEFAULT_NODES;
  return {
    name,
    nodes,
    partitions: options.partitions ?? DEFAULT_PARTITIONS,
    replicationFactor: options.replicationFactor ?? Math.min(3, nodes),
    basePort: options.basePort ?? null,
    dataDir: options.dataDir ?? null,
    ...(options.tls === true ? { tls: true } : {}),
  };
}

function print(context: CommandContext, cluster: LocalCluster, options: UpOptions): void {
  const { record, nodes, owner } = cluster;
  const endpoints = endpointsOf(cluster);
  if (options.json === true) {
    printJson(context.io, {
      name: record.name,
      owner,
      partitions: record.partitions,
      replicationFactor: record.replicationFactor,
      dataDir: record.dataDir,
      tls: record.tls === true,
      endpoints,
      nodes: nodes.map((node, index) => ({ id: node.nodeId, pid: node.pid, address: endpoints[index] })),
    });
    return;
  }
  printLine(context.io, `${record.name} is up: ${nodes.length} nodes, ${record.partitions} partitions, all led.`);
  for (const [index, node] of nodes.entries()) printLine(context.io, `  n${node.nodeId}  ${endpoints[index]}`);
  if (owner === 'detached') printLine(context.io, `It runs detached. Stop it with: prkdb down ${record.name}`);
  if (owner === 'other') printLine(context.io, 'It belongs to another process, and stops with that one.');
}

/** Resolves at Ctrl-C or SIGTERM; a second one ends the process as usual. */
function untilInterrupted(): Promise<undefined> {
  return new Promise((resolve) => {
    const done = () => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, done);
      resolve(undefined);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, done);
  });
}
