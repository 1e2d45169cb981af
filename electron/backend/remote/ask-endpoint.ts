import { AnyNode } from '../../../engine/client/metadata.ts';
import { AccessError } from '../../../engine/client/errors.ts';
import { ClusterClient, credentialsFor } from '../../../engine/client/index.ts';
import { EtcdClient, EtcdError, listMembers, readKey } from '../../../engine/etcd/index.ts';
import type { RemoteKind } from '../../contract/model.ts';
import type { ConnectionStep } from '../../contract/remote.ts';
import { toApiError } from '../api-error.ts';
import type { Connection } from './connection.ts';
import { speaksTls } from './endpoint-probe.ts';
import type { Problem } from './problem.ts';

const TIMEOUT_MS = 3_000;
/** Nobody's key: only whether it may be asked for is of interest. */
const PROBE_KEY = Buffer.from('prkdb-desktop/probe');

/** What one endpoint said of itself, up to the step that failed. */
export interface EndpointAnswer {
  readonly kind: RemoteKind | null;
  readonly clusterId: string | null;
  readonly version: string;
  /** "follower", "leads". */
  readonly words: string;
  /** "3 members: m1, m2 and m3". */
  readonly memberWords: string;
  readonly failedAt: ConnectionStep['step'] | null;
  readonly problem: Problem | null;
  /** It takes connections and says nothing. */
  readonly isSilent: boolean;
}

/** Nothing that is known here answers. */
const unknown: EndpointAnswer = {
  kind: null,
  clusterId: null,
  version: '',
  words: '',
  memberWords: '',
  failedAt: 'version',
  problem: null,
  isSilent: false,
};

/** Finds out what answers at an address, unless `kind` says it. Never rejects. */
export async function askEndpoint(
  address: string,
  connection: Connection,
  kind: RemoteKind | null,
): Promise<EndpointAnswer> {
  const asks: Promise<EndpointAnswer>[] = [
    ...(kind === 'prkdb' ? [] : [askEtcd(address, connection)]),
    ...(kind === 'etcd' ? [] : [askPrkDb(address, connection)]),
  ];
  const answers = await Promise.all(asks);
  const known = answers.find((answer) => answer.kind !== null) ?? neither(address, answers);
  if (known.kind !== null || connection.tls !== undefined || known.isSilent) return known;
  if (!(await speaksTls(address))) return known;
  return {
    ...known,
    problem: { message: `${address} speaks TLS.`, hint: 'Write the endpoint as https://, and choose its CA.' },
  };
}

/** Both protocols failed; only silence and broken connections say more than that. */
function neither(address: string, answers: readonly EndpointAnswer[]): EndpointAnswer {
  const [first = unknown] = answers;
  if (answers.length === 1 || first.problem === null || !first.problem.message.includes('not an etcd')) return first;
  const message = `What answers at ${address} is neither etcd nor PrkDB.`;
  return { ...first, problem: { message, hint: 'Check the port.' } };
}

async function askEtcd(address: string, { tls, user }: Connection): Promise<EndpointAnswer> {
  const client = new EtcdClient({ endpoints: [urlOf(address, tls !== undefined)], tls, user });
  let said = unknown;
  try {
    const status = await client.status(address, TIMEOUT_MS);
    said = {
      ...unknown,
      kind: 'etcd',
      clusterId: status.clusterId,
      version: status.version,
      words: status.leaderId === status.memberId ? 'leader' : status.isLearner ? 'learner' : 'follower',
      failedAt: 'authenticate',
      problem: null,
    };
    await mayRead(client);
    said = { ...said, failedAt: 'members' };
    const members = await listMembers(client, TIMEOUT_MS);
    const names = members
      .map((member) => member.name || 'one not started')
      .sort()
      .join(', ');
    return { ...said, memberWords: `${members.length}: ${names}`, failedAt: null };
  } catch (error) {
    return { ...said, ...failureOf(error, address) };
  } finally {
    client.close();
  }
}

/** A user that may not read this key is signed in all the same. */
async function mayRead(client: EtcdClient): Promise<void> {
  try {
    await readKey(client, PROBE_KEY, { serializable: true, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof EtcdError) || error.code !== 'permissionDenied') throw error;
  }
}

async function askPrkDb(address: string, { tls, token }: Connection): Promise<EndpointAnswer> {
  const url = urlOf(address, tls !== undefined);
  const anyNode = new AnyNode(credentialsFor([url], { tls, token }));
  const cluster = new ClusterClient(url, { tls, token });
  try {
    const metadata = await anyNode.metadata([address], TIMEOUT_MS, '');
    // The original server has no such service.
    const status = await cluster.status({ timeoutMs: TIMEOUT_MS }).catch(() => null);
    const leads = metadata.partitions.filter(
      ({ leaderId }) => metadata.nodes.find((node) => node.nodeId === leaderId)?.address === address,
    ).length;
    return {
      kind: 'prkdb',
      clusterId: metadata.clusterId === '' ? null : metadata.clusterId,
      version: status?.version ?? '(API v1)',
      words: `leader of ${leads}`,
      memberWords: `${metadata.nodes.length} nodes, ${metadata.partitions.length} partitions`,
      failedAt: null,
      problem: null,
      isSilent: false,
    };
  } catch (error) {
    const said: Partial<EndpointAnswer> =
      error instanceof AccessError ? { kind: 'prkdb', version: '', failedAt: 'authenticate' } : {};
    return { ...unknown, ...said, ...failureOf(error, address) };
  } finally {
    anyNode.close();
    cluster.close();
  }
}

function urlOf(address: string, isSecure: boolean): string {
  return `${isSecure ? 'https' : 'http'}://${address}`;
}

function failureOf(error: unknown, address: string): Pick<EndpointAnswer, 'problem' | 'isSilent'> {
  const isSilent =
    error instanceof EtcdError ? error.code === 'deadline' : /no answer in time/.test((error as Error).message);
  if (isSilent) {
    return {
      problem: {
        message: `${address} accepts connections and never answers.`,
        hint: 'The node hangs, or something else listens there.',
      },
      isSilent,
    };
  }
  const { message, hint } = toApiError(error);
  return { problem: { message, hint }, isSilent };
}
