import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { nodeConfigSchema } from '../../config/node-config.ts';
import { writeJson } from '../../supervisor/files.ts';
import type { MembersResponse } from '../../rpc/cluster.ts';
import { connectionTarget, nodeIdOf, type CommandContext, type TargetOptions } from '../context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { atAnyNode } from '../members.ts';
import { addOptions, connectionOptions, wholeNumber } from '../options.ts';
import { note } from '../output.ts';

interface JoinOptions extends TargetOptions {
  readonly endpoints: string;
  readonly id?: string;
  readonly host: string;
  readonly basePort: number;
  readonly dataDir: string;
  readonly replaces?: string;
}

/** `run` runs a node by its configuration until it is stopped. */
export function addNodeJoin(node: Command, context: CommandContext, run: (config: string) => Promise<void>): void {
  addOptions(
    node
      .command('join')
      .summary('make a node on this host a member of a cluster elsewhere, and run it')
      .description(
        'Make a node on this host a member of a cluster elsewhere, and run it until it is stopped. Its configuration is kept in its data directory: start it again with prkdb node run.',
      )
      .requiredOption('--endpoints <urls>', 'nodes of the cluster, separated by commas')
      .requiredOption('--data-dir <dir>', 'where it keeps its data; new or empty')
      .option('--id <node>', 'n4 or 4 (default: the next one)')
      .option('--host <host>', 'the address where the others dial it', '127.0.0.1')
      .option('--replaces <node>', 'the node whose place it takes')
      .option(
        '--base-port <port>',
        'node i serves clients on this plus i, its peers on 100 more, metrics on 200 more',
        wholeNumber(1024, 65_000),
        7100,
      ),
    connectionOptions(),
  ).action(async (options: JoinOptions) => {
    const { endpoints, connection } = await connectionTarget(context, options);
    if (endpoints.some((endpoint) => endpoint.startsWith('https:'))) {
      throw new UsageError(
        'A node of a cluster with TLS needs certificates of its own: write its configuration, with tls and join in it, and start it with prkdb node run.',
      );
    }
    const members = await atAnyNode({ endpoints, connection }, (client) => client.members());
    const dataDir = path.resolve(options.dataDir);
    const file = path.join(dataDir, 'node.json');
    if (existsSync(path.join(dataDir, 'genesis.json'))) {
      throw new CommandError(
        `${dataDir} holds the data of a node already.`,
        `Start that one with: prkdb node run ${file}`,
      );
    }
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await writeJson(file, configOf(options, members, endpoints, dataDir));
    note(context.io, `Joining ${members.clusterName}. Its configuration is ${file}.`);
    await run(file);
  });
}

function configOf(options: JoinOptions, members: MembersResponse, join: readonly string[], dataDir: string): object {
  const taken = [...members.members.map((m) => m.id), ...members.removed];
  const id = options.id === undefined ? Math.max(0, ...taken) + 1 : nodeIdOf(options.id);
  const base = options.basePort + id;
  const config = nodeConfigSchema.safeParse({
    clusterId: members.clusterId,
    clusterName: members.clusterName,
    nodeId: id,
    dataDir,
    bindHost: options.host,
    members: [{ id, host: options.host, clientPort: base, raftPort: base + 100, metricsPort: base + 200 }],
    join,
    ...(options.tokenFile === undefined ? {} : { joinTokenFile: path.resolve(options.tokenFile) }),
    ...(options.replaces === undefined ? {} : { replaces: nodeIdOf(options.replaces) }),
  });
  if (!config.success)
    throw new CommandError(`It cannot join: ${config.error.issues[0]?.message ?? 'the options do not fit'}.`);
  if (options.token !== undefined) {
    throw new UsageError('Give the token in a file, with --token-file: the node reads it whenever it has to join.');
  }
  return config.data;
}
