import { z } from 'zod';
import type { NodeConfig } from '../config/node-config.ts';
import type { NodeId } from '../raft/types.ts';

const partitionSchema = z.object({
  partition: z.number().int().min(0),
  /** The preferred leader first. */
  replicas: z.array(z.number().int().min(1)).min(1),
});

const routingSchema = z.object({
  clusterId: z.string(),
  clusterName: z.string(),
  epoch: z.number().int().min(1),
  members: z.array(
    z.object({
      id: z.number().int().min(1),
      host: z.string(),
      clientPort: z.number().int(),
      raftPort: z.number().int(),
      metricsPort: z.number().int(),
    }),
  ),
  partitions: z.array(partitionSchema),
});

/**
 * Who serves what. Kept in the system group under `ROUTING_KEY` and versioned by its
 * epoch; a node that has not heard of a newer one uses the genesis, which every
 * node of a cluster derives alike from its configuration.
 */
export type RoutingTable = z.infer<typeof routingSchema>;

/** The key of the system group that holds the routing table as JSON. */
export const ROUTING_KEY = new TextEncoder().encode('routing');

export function encodeRouting(table: RoutingTable): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(table));
}

/** Throws a ZodError or SyntaxError when the bytes are no routing table. */
export function decodeRouting(bytes: Uint8Array): RoutingTable {
  return routingSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/**
 * Spreads replicas round the members: partition p lives on members p, p+1, ...
 * p+factor-1 (modulo their number), and the first of them leads while it can.
 */
export function placeReplicas(members: readonly NodeId[], partition: number, factor: number): NodeId[] {
  const replicas: NodeId[] = [];
  for (let i = 0; i < factor; i++) {
    const member = members[(partition + i) % members.length];
    if (member !== undefined) replicas.push(member);
  }
  return replicas;
}

/** The routing table that a cluster is founded with. */
export function genesisRouting(config: NodeConfig): RoutingTable {
  const ids = config.members.map((m) => m.id).sort((a, b) => a - b);
  return {
    clusterId: config.clusterId,
    clusterName: config.clusterName,
    epoch: 1,
    members: [...config.members].sort((a, b) => a.id - b.id),
    partitions: Array.from({ length: config.partitions }, (_, partition) => ({
      partition,
      replicas: placeReplicas(ids, partition, config.replicationFactor),
    })),
  };
}

/** More voters than this make the system group slower without making it safer. */
const MAX_SYSTEM_VOTERS = 5;

/** The members of group 0: every node has the routing table, a few of them decide on it. */
export function systemMembership(table: RoutingTable): { voters: NodeId[]; learners: NodeId[] } {
  const ids = table.members.map((m) => m.id).sort((a, b) => a - b);
  return { voters: ids.slice(0, MAX_SYSTEM_VOTERS), learners: ids.slice(MAX_SYSTEM_VOTERS) };
}
