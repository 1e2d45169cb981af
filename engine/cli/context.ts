import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, TlsOptions } from '../client/index.ts';
import { ReportStore } from '../drill/index.ts';
import {
  childProcessLauncher,
  createSupervisor,
  defaultHome,
  connectionOf,
  endpointOf,
  SupervisorError,
  type LocalCluster,
  type Supervisor,
} from '../supervisor/index.ts';
import { CommandError, UsageError } from './errors.ts';

/** What a command reads and writes; tests give their own. */
export interface CommandIo {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
}

export interface CommandContext {
  readonly io: CommandIo;
  /** The directory that clusters, reports and checkpoints are in. */
  readonly home: string;
  /** Opened on first use, closed when the command ends. */
  supervisor(): Promise<Supervisor>;
  /** The reports of drills, which the app sees too. */
  reports(): ReportStore;
  close(): Promise<void>;
}

export function createContext(io: CommandIo): CommandContext {
  let opened: Promise<Supervisor> | null = null;
  const named = io.env['PRKDB_HOME'];
  const home = named === undefined || named === '' ? defaultHome() : named;
  return {
    io,
    home,
    supervisor: () => {
      opened ??= createSupervisor({
        home,
        launcher: childProcessLauncher(),
        actor: 'command',
      });
      return opened;
    },
    reports: () => new ReportStore(home),
    close: async () => {
      const supervisor = await opened?.catch(() => null);
      await supervisor?.close();
    },
  };
}

export function isUp(cluster: LocalCluster): boolean {
  return cluster.nodes.some((node) => node.pid !== null);
}

/** `http://host:port` of every node, https where they speak TLS. */
export function endpointsOf(cluster: LocalCluster): string[] {
  return cluster.record.members.map((member) => endpointOf(cluster.record, member));
}

/** Where to connect to, and with what. */
export interface Target {
  readonly endpoints: readonly string[];
  readonly connection: ConnectionOptions;
}

function targetOf(cluster: LocalCluster): Target {
  return { endpoints: endpointsOf(cluster), connection: connectionOf(cluster.record) };
}

/** `n1` or `1`. */
export function nodeIdOf(text: string): number {
  const match = /^n?([1-9][0-9]{0,14})$/.exec(text);
  if (match === null) throw new UsageError(`"${text}" is not a node. Write it like n1 or 1.`);
  return Number(match[1]);
}

/** The cluster of that name; without one, the only running one, or the only one there is. */
export async function clusterNamedOrOnly(supervisor: Supervisor, name: string | undefined): Promise<LocalCluster> {
  if (name !== undefined) return supervisor.get(name);
  const all = await supervisor.list();
  const running = all.filter(isUp);
  const only = running.length === 1 ? running[0] : all.length === 1 ? all[0] : undefined;
  if (only !== undefined) return only;
  if (all.length === 0) throw new CommandError('There is no cluster yet.', 'Start one with: prkdb up');
  throw new UsageError(`There are several clusters: ${namesOf(running.length > 0 ? running : all)}. Name one.`);
}

export interface TargetOptions {
  readonly endpoints?: string;
  readonly cluster?: string;
  /** Files, for endpoints that speak TLS. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Where a data command goes: the endpoints given, the cluster named, or the only one that runs. */
export async function connectionTarget(context: CommandContext, options: TargetOptions): Promise<Target> {
  if (options.endpoints !== undefined) {
    if (options.cluster !== undefined) throw new UsageError('Give either --endpoints or --cluster, not both.');
    const endpoints = options.endpoints
      .split(',')
      .map((e) => e.trim())
      .filter((e) => e !== '');
    const token = await tokenGiven(context.io, options);
    if (token !== undefined) warnOfPlaintext(context.io, endpoints);
    return { endpoints, connection: { tls: await tlsOptions(options), token } };
  }
  for (const name of ['ca', 'cert', 'key', 'serverName'] as const) {
    if (options[name] === undefined) continue;
    const option = name === 'serverName' ? 'server-name' : name;
    throw new UsageError(`--${option} goes with --endpoints: a local cluster has certificates of its own.`);
  }
  const given = await tokenGiven({ env: {} }, options);
  const localTarget = (cluster: LocalCluster): Target => {
    const target = targetOf(cluster);
    return given === undefined ? target : { ...target, connection: { ...target.connection, token: given } };
  };
  const supervisor = await context.supervisor();
  if (options.cluster !== undefined) {
    const cluster = await supervisor.get(options.cluster);
    if (isUp(cluster)) return localTarget(cluster);
    const { name } = cluster.record;
    throw new SupervisorError('notRunning', `The cluster ${name} is not running.`, `Start it with: prkdb up ${name}`);
  }
  const running = (await supervisor.list()).filter(isUp);
  const [only, another] = running;
  if (only === undefined) {
    throw new CommandError('No local cluster is running.', 'Start one with "prkdb up", or name one with --endpoints.');
  }
  if (another !== undefined) {
    throw new UsageError(`Several clusters are running: ${namesOf(running)}. Name one with --cluster.`);
  }
  return localTarget(only);
}

async function tlsOptions({ ca, cert, key, serverName }: TargetOptions): Promise<TlsOptions | undefined> {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together.');
  if (ca === undefined && cert === undefined && serverName === undefined) return undefined;
  const read = async (file: string | undefined): Promise<string | undefined> => {
    if (file === undefined) return undefined;
    return readFile(file, 'utf8').catch((error: unknown) => {
      throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
    });
  };
  return { ca: await read(ca), cert: await read(cert), key: await read(key), serverName };
}

/** Of a token that everybody on the way can read. */
function warnOfPlaintext(io: CommandIo, endpoints: readonly string[]): void {
  const inClear = endpoints.find((endpoint) => {
    const match = /^(?:(https?):\/\/)?(.*):\d+\/?$/.exec(endpoint);
    return match !== null && match[1] !== 'https' && !/^(127\.|localhost$|\[::1\]$)/.test(match[2]!);
  });
  if (inClear === undefined) return;
  io.stderr.write(
    `prkdb: The token goes to ${inClear} in plaintext: whoever is on the way can use it. Dial https:// where you can.\n`,
  );
}

/** The environment's token is for a cluster elsewhere: local ones have their own. */
async function tokenGiven(
  { env }: Pick<CommandIo, 'env'>,
  { token, tokenFile }: TargetOptions,
): Promise<string | undefined> {
  if (token !== undefined && tokenFile !== undefined) throw new UsageError('Give --token or --token-file, not both.');
  if (tokenFile === undefined) return token ?? (env['PRKDB_TOKEN'] === '' ? undefined : env['PRKDB_TOKEN']);
  const text = await readFile(tokenFile, 'utf8').catch((error: unknown) => {
    throw new CommandError(`${tokenFile} cannot be read: ${(error as Error).message}`);
  });
  return text.trim();
}

function namesOf(clusters: readonly LocalCluster[]): string {
  return clusters.map((c) => c.record.name).join(', ');
}
