import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ClusterClient } from '../client/cluster-client.ts';
import type { Credentials } from '../client/credentials.ts';
import { PrkDbError } from '../client/errors.ts';
import type { Member, NodeConfig } from '../config/node-config.ts';
import { parseRouting, type RoutingTable } from '../store/index.ts';
import { NodeStartError } from './errors.ts';

const RETRY_MS = 500;
/** Asking again would be answered the same. */
const FINAL: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED']);
/** An operator who has started the cluster a moment too late need not start the node again. */
const GIVE_UP_MS = 60_000;

/**
 * Makes this node a member of the cluster at `config.join` and resolves with the routing table
 * from then on. Asked again with the same data directory, the cluster answers as before. Rejects
 * with a NodeStartError, in the cluster's own words when it refuses.
 */
export async function joinCluster(
  config: NodeConfig,
  self: Member,
  incarnation: string,
  credentials: Credentials,
  log: Logger,
): Promise<RoutingTable> {
  const endpoints = config.join ?? [];
  const endMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const problems: string[] = [];
    for (const endpoint of endpoints) {
      const answer = await ask(endpoint, config, self, incarnation, credentials);
      if (typeof answer !== 'string') return answer;
      problems.push(`${endpoint}: ${answer}`);
    }
    if (performance.now() >= endMs) {
      throw new NodeStartError(
        `None of the nodes to join at has taken this one in (${problems.join('; ')}). Check that they run and that the addresses are right.`,
      );
    }
    log.warn({ problems }, 'not a member yet; trying again');
    await sleep(RETRY_MS);
  }
}

/** The routing table, or why there is none yet. */
async function ask(
  endpoint: string,
  config: NodeConfig,
  self: Member,
  incarnation: string,
  credentials: Credentials,
): Promise<RoutingTable | string> {
  let client: ClusterClient | null = null;
  try {
    client = new ClusterClient(endpoint, { credentials });
    const { clusterId } = config;
    const answer = await client.addMember({
      clusterId,
      member: { ...self, state: '', incarnation },
      replaces: config.replaces ?? 0,
    });
    const table = parseRouting(answer);
    if (table.clusterId !== clusterId) return `it belongs to the cluster ${table.clusterName} (${table.clusterId})`;
    if (!table.members.some((m) => m.id === config.nodeId)) return 'it does not know of this node yet';
    return table;
  } catch (error) {
    if (!(error instanceof PrkDbError)) return error instanceof Error ? error.message : String(error);
    if (!FINAL.has(error.code)) return error.message;
    throw new NodeStartError(`The cluster at ${endpoint} does not take in node ${config.nodeId}: ${error.message}`);
  } finally {
    client?.close();
  }
}
