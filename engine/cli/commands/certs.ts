import path from 'node:path';
import type { Command } from 'commander';
import { MAX_NODES } from '../../config/limits.ts';
import { CertificateDirectory, LEAF_DAYS, LOCAL_NAMES } from '../../net/certificate-directory.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../errors.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { printJson, printLine } from '../output.ts';

interface CertsOptions {
  readonly clusterId?: string;
  readonly nodes?: number;
  readonly node: readonly string[];
  readonly client: readonly string[];
  readonly days: number;
  readonly json?: boolean;
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

export function addCerts(program: Command, context: CommandContext): void {
  program
    .command('certs')
    .summary('make certificates for nodes and clients')
    .description(
      'Make a CA for development, and certificates of it for nodes and clients. With a CA in the directory, that one issues. Nothing is overwritten.',
    )
    .argument('<dir>', 'where the files go')
    .option('--cluster-id <id>', 'the clusterId of the nodes’ configuration; needed for nodes')
    .option('--nodes <n>', 'certificates for the nodes 1 to n, on this machine', wholeNumber(1, MAX_NODES))
    .option('--node <id=host,...>', 'one for a node that is reached by these names or addresses', collect, [])
    .option('--client <name>', 'one for a client', collect, [])
    .option('--days <n>', 'how long certificates are good', wholeNumber(1, 3650), LEAF_DAYS)
    .addOption(jsonOption())
    .action((dir: string, options: CertsOptions) => certs(context, dir, options));
}

async function certs(context: CommandContext, dir: string, options: CertsOptions): Promise<void> {
  const nodes = nodesOf(options);
  const clients = options.client.map(clientName);
  if (nodes.size === 0 && clients.length === 0) {
    throw new UsageError('Say for whom: --nodes N, --node ID=HOST or --client NAME.');
  }
  const clusterId = nodes.size === 0 ? '' : checkedClusterId(options.clusterId);
  const directory = new CertificateDirectory(path.resolve(dir));
  // Before anything is made: a second run with the same names changes nothing.
  for (const name of [...[...nodes.keys()].map((id) => `n${id}`), ...clients]) await directory.refuseExisting(name);
  const authority = await directory.authority('PrkDB development CA');
  const issuing = { days: options.days, replace: false };
  const made: { name: string; cert: string; key: string }[] = [];
  for (const [id, hosts] of nodes) {
    made.push({ name: `n${id}`, ...(await directory.issueNode(authority, clusterId, id, { ...issuing, hosts })) });
  }
  for (const name of clients) made.push({ name, ...(await directory.issueClient(authority, name, issuing)) });
  if (options.json === true) {
    printJson(context.io, { ca: directory.caFile, certificates: made });
    return;
  }
  printLine(context.io, `CA          ${directory.caFile}`);
  for (const { name, cert, key } of made) printLine(context.io, `${name.padEnd(11)} ${cert} ${key}`);
  printLine(context.io, 'Keep the .key files to yourself; nodes and clients need ca.crt and their own two.');
}

/** Hosts by node id. */
function nodesOf(options: CertsOptions): Map<number, readonly string[]> {
  const nodes = new Map<number, readonly string[]>();
  for (let id = 1; id <= (options.nodes ?? 0); id++) nodes.set(id, LOCAL_NAMES);
  for (const text of options.node) {
    const match = /^n?([1-9][0-9]{0,14})=([A-Za-z0-9.:,-]+)$/.exec(text);
    if (match === null) throw new UsageError(`"${text}" is not a node. Write it like 1=db1.example.com,10.0.0.1.`);
    nodes.set(
      Number(match[1]),
      match[2]!.split(',').filter((host) => host !== ''),
    );
  }
  return nodes;
}

function clientName(name: string): string {
  // Names of files; those of the CA and of nodes are taken.
  if (/^[a-z][a-z0-9_-]{0,31}$/.test(name) && name !== 'ca' && !/^n[0-9]+$/.test(name)) return name;
  throw new UsageError(`"${name}" is no name for a client. Use a-z, 0-9, hyphen and underscore, not ca or n1.`);
}

function checkedClusterId(clusterId: string | undefined): string {
  if (clusterId === undefined) {
    throw new UsageError('Certificates of nodes carry the id of their cluster: give it with --cluster-id.');
  }
  if (/^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(clusterId)) return clusterId;
  throw new UsageError('A cluster id with TLS is made of letters, digits, dots and hyphens, at most 64.');
}
