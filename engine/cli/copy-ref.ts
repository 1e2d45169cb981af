import { readFile } from 'node:fs/promises';
import { PrkDbClient, type TlsOptions } from '../client/index.ts';
import { EtcdStore, PrkDbStore, type KeyStore } from '../copy/index.ts';
import { EtcdClient } from '../etcd/index.ts';
import { connectionOf, SupervisorError } from '../supervisor/index.ts';
import { endpointsOf, isUp, type CommandContext } from './context.ts';
import { CommandError, UsageError } from './errors.ts';

export interface RefOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Of etcd. */
  readonly user?: string | undefined;
  /** The password of the user, or the token of a PrkDB cluster. */
  readonly secret?: string | undefined;
}

const REF = /^(prkdbs?|etcds?):\/\/([^/]+)\/?$/;

/** The cluster that a text stands for: the name of a local one, or prkdb://, prkdbs://, etcd://, etcds:// and endpoints. */
export async function openStore(context: CommandContext, ref: string, options: RefOptions): Promise<KeyStore> {
  const match = REF.exec(ref);
  if (match === null) return openLocal(context, ref);
  const [, scheme = '', list = ''] = match;
  const isSecure = scheme.endsWith('s');
  const endpoints = list.split(',').map((address) => `${isSecure ? 'https' : 'http'}://${address.trim()}`);
  const tls = isSecure ? await tlsOf(options) : undefined;
  if (scheme.startsWith('prkdb')) {
    if (options.user !== undefined) throw new UsageError('A user is for etcd; a PrkDB cluster takes a token.');
    return new PrkDbStore(ref, await PrkDbClient.connect(endpoints, { tls, token: options.secret }));
  }
  if (options.user !== undefined && options.secret === undefined) {
    throw new UsageError(`The password of ${options.user} is missing: set PRKDB_FROM_SECRET or PRKDB_TO_SECRET.`);
  }
  const user = options.user === undefined ? undefined : { name: options.user, password: options.secret ?? '' };
  return new EtcdStore(ref, new EtcdClient({ endpoints, tls, user }));
}

async function openLocal(context: CommandContext, name: string): Promise<KeyStore> {
  if (name.includes('://')) {
    throw new UsageError(`"${name}" is no cluster. Write it like prkdb://host:7101, etcd://host:2379 or a local name.`);
  }
  const cluster = await (await context.supervisor()).get(name);
  if (!isUp(cluster)) {
    throw new SupervisorError('notRunning', `The cluster ${name} is not running.`, `Start it with: prkdb up ${name}`);
  }
  return new PrkDbStore(name, await PrkDbClient.connect(endpointsOf(cluster), connectionOf(cluster.record)));
}

async function tlsOf({ ca, cert, key }: RefOptions): Promise<TlsOptions> {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('A certificate and its key go together.');
  const read = async (file: string | undefined): Promise<Buffer | undefined> => {
    if (file === undefined) return undefined;
    return readFile(file).catch((error: unknown) => {
      throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
    });
  };
  const [caPem, certPem, keyPem] = await Promise.all([read(ca), read(cert), read(key)]);
  return {
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(certPem === undefined || keyPem === undefined ? {} : { cert: certPem, key: keyPem }),
  };
}
