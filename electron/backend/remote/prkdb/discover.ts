import { AnyNode } from '../../../../engine/client/metadata.ts';
import { ClusterClient, ConnectionError, credentialsFor } from '../../../../engine/client/index.ts';
import { parseEndpoint } from '../../../../engine/client/endpoint.ts';
import type { NodeStatus } from '../../../../engine/rpc/cluster.ts';
import type { PartitionInfo } from '../../../../engine/rpc/kv.ts';
import type { RemoteSummary } from '../../../contract/model.ts';
import { toApiError } from '../../api-error.ts';
import type { Connection } from '../connection.ts';
import type { Problem } from '../problem.ts';

const TIMEOUT_MS = 3_000;

export interface FoundNode {
  readonly id: number;
  /** `host:port`, where it answers from here. */
  readonly address: string;
  readonly metricsUrl: string;
}

/** What a PrkDB cluster says of itself at first. */
export interface Found {
  readonly clusterId: string;
  readonly nodes: readonly FoundNode[];
  readonly partitions: readonly PartitionInfo[];
  /** Null where the nodes have no ClusterService: the original server. */
  readonly status: NodeStatus | null;
  /** Endpoints that are of no use now, and why. */
  readonly problems: RemoteSummary['endpointProblems'];
}

/**
 * Asks the endpoints; clusterId null takes any cluster. What was found before still counts of nodes that
 * say nothing now. Rejects in words when none answers as a PrkDB node.
 */
export async function discover(connection: Connection, clusterId: string | null, before: Found | null): Promise<Found> {
  const { endpoints, tls, token } = connection;
  const addresses = endpoints.map((endpoint) => parseEndpoint(endpoint).address);
  const anyNode = new AnyNode(credentialsFor(endpoints, { tls, token }));
  try {
    const metadata = await anyNode.metadata(addresses, TIMEOUT_MS, clusterId ?? '');
    const asked = await Promise.all(
      endpoints.map(async (endpoint, i) => {
        const address = addresses[i]!;
        const problem = await problemOf(anyNode, address, metadata.clusterId);
        return { address, problem, status: problem === null ? await statusOf(endpoint, connection) : null };
      }),
    );
    const heard = asked.flatMap(({ address, status }) => (status === null ? [] : [{ address, status }]));
    // Of several addresses of one node, the first counts.
    const given = new Map(heard.toReversed().map(({ address, status }) => [status.nodeId, address]));
    const same = before?.clusterId === metadata.clusterId ? before : null;
    const known = new Map(same?.nodes.map(({ id, address }) => [id, address]));
    return {
      clusterId: metadata.clusterId,
      nodes: metadata.nodes
        .map((node) => ({
          id: node.nodeId,
          // What a node advertises need not be reachable from here; what the profile names is.
          address: given.get(node.nodeId) ?? known.get(node.nodeId) ?? parseEndpoint(node.address).address,
          metricsUrl: node.metricsUrl,
        }))
        .sort((a, b) => a.id - b.id),
      partitions: metadata.partitions,
      problems: asked.flatMap(({ address, problem }) => (problem === null ? [] : [{ address, ...problem }])),
      status: heard.find(({ status }) => status.clusterId === metadata.clusterId)?.status ?? same?.status ?? null,
    };
  } finally {
    anyNode.close();
  }
}

/** Why an endpoint is of no use; null where it answers as a node of this cluster. */
async function problemOf(anyNode: AnyNode, address: string, clusterId: string): Promise<Problem | null> {
  try {
    const said = await anyNode.metadata([address], TIMEOUT_MS, '');
    if (said.clusterId === clusterId) return null;
    return {
      message: `${address} belongs to another PrkDB cluster.`,
      hint: 'Remove it from the profile, and make one of its own for that cluster.',
    };
  } catch (error) {
    if (!(error instanceof ConnectionError)) return toApiError(error);
    const reason = error.attempts[0]?.reason ?? error.message;
    return /no answer in time/.test(reason)
      ? { message: `${address} does not answer.`, hint: 'The node hangs, or something else listens there.' }
      : { message: `${address} cannot be reached: ${reason}.`, hint: 'Check that it runs.' };
  }
}

/** Null where it does not answer, and where it has no such service. */
async function statusOf(endpoint: string, { tls, token }: Connection): Promise<NodeStatus | null> {
  const client = new ClusterClient(endpoint, { tls, token });
  try {
    return await client.status({ timeoutMs: TIMEOUT_MS });
  } catch {
    return null;
  } finally {
    client.close();
  }
}

/** Whether another look found other nodes or partitions, so that the picture must be made anew. */
export function isSameShape(a: Found, b: Found): boolean {
  const text = (found: Found): string =>
    JSON.stringify([
      found.clusterId,
      found.status !== null,
      found.nodes,
      found.partitions.map(({ partitionId, replicas }) => [partitionId, replicas.toSorted((x, y) => x - y)]),
    ]);
  return text(a) === text(b);
}
