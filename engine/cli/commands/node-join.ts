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
import { joinCertificates, joinTls, type JoinCertificateOptions, type JoinCertificates } from '../join-certificates.ts';
import { addOptions, connectionOptions, wholeNumber } from '../options.ts';
import { note } from '../output.ts';

interface JoinOptions extends TargetOptions, JoinCertificateOptions {
  readonly endpoints: string;
  readonly id?: string;
  readonly host: string;
  readonly basePort: number;
  readonly dataDir: string;
  readonly replaces?: string;
}

const HELP = `
A cluster with TLS and tokens, from another host:

  where the key of the CA is, with the clusterId that the configurations of the nodes have:
    prkdb certs certs --cluster-id ID --node 4=db4.example.com
    prkdb token create --endpoints URLS --rights admin
  on the other host, with certs/ca.crt, certs/n4.crt, certs/n4.key, and the token in a file:
    prkdb node join --endpoints https://db1.example.com:7101 --certs certs --token-file token \\
      --host db4.example.com --data-dir /var/lib/prkdb

The node speaks mutual TLS with the others, and with its clients too unless --any-client is given. It reads
the files again when they change, so a certificate is renewed by putting a new one in its place.`;

/** `run` runs a node by its configuration until it is stopped. */
export function addNodeJoin(node: Command, context: CommandContext, run: (config: string) => Promise<void>): void {
  addOptions(
    node
      .command('join')
      .summary('make a node on this host a member of a cluster elsewhere, and run it')
      .description(
        'Make a node on this host a member of a cluster elsewhere, and run it until it is stopped. Its configuration is kept in its data directory: start it again with prkdb node run.',
      )
      .addHelpText('after', HELP)
      .requiredOption('--endpoints <urls>', 'nodes of the cluster, separated by commas')
      .requiredOption('--data-dir <dir>', 'where it keeps its data; new or empty')
      .option('--id <node>', 'n4 or 4 (default: the next one)')
      .option('--host <host>', 'the address where the others dial it', '127.0.0.1')
      .option('--replaces <node>', 'the node whose place it takes')
      .option('--certs <dir>', 'ca.crt and the certificate and key of this node, as prkdb certs names them')
      .option('--any-client', 'with certificates: let in clients that show none; without, only those of the CA')
      .option(
        '--base-port <port>',
        'node i serves clients on this plus i, its peers on 100 more, metrics on 200 more',
        wholeNumber(1024, 65_000),
        7100,
      ),
    connectionOptions(),
  ).action(async (options: JoinOptions) => {
    const certificates = joinCertificates(options, options.id === undefined ? null : nodeIdOf(options.id));
    if (certificates === null && /(^|,)\s*https:/.test(options.endpoints)) {
      throw new UsageError(
        'A node of a cluster with TLS needs a certificate of its own: give the directory where it is, --certs, or --ca, --cert and --key.',
      );
    }
    const { ca, cert, key } = certificates ?? options;
    const shown = { ...options, ca, cert, key } as TargetOptions;
    const { endpoints, connection } = await connectionTarget(context, shown);
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
    await writeJson(file, configOf(options, members, endpoints, dataDir, certificates));
    note(context.io, `Joining ${members.clusterName}. Its configuration is ${file}.`);
    await run(file);
  });
}

function configOf(
  options: JoinOptions,
  members: MembersResponse,
  join: readonly string[],
  dataDir: string,
  certificates: JoinCertificates | null,
): object {
  const taken = [...members.members.map((m) => m.id), ...members.removed];
  const nextId = Math.max(0, ...taken) + 1;
  const id = options.id === undefined ? (certificates?.nodeId ?? nextId) : nodeIdOf(options.id);
  const base = options.basePort + id;
  const config = nodeConfigSchema.safeParse({
    clusterId: members.clusterId,
    clusterName: members.clusterName,
    nodeId: id,
    dataDir,
    bindHost: options.host,
    members: [{ id, host: options.host, clientPort: base, raftPort: base + 100, metricsPort: base + 200 }],
    join,
    ...(certificates === null ? {} : { tls: joinTls(certificates, options.anyClient === true) }),
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
