import { z } from 'zod';
import { SYSTEM_GROUP, partitionOfGroup, type GroupId } from '../config/ids.ts';
import type { NodeConfig } from '../config/node-config.ts';
import type { NodeId } from '../raft/types.ts';

const nodeId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const port = z.number().int().min(0).max(65_535);

const partitionSchema = z.object({
  partition: z.number().int().min(0),
  /** Who shall hold it, the preferred leader first. Who does is in the group's own membership. */
  replicas: z.array(nodeId).min(1),
});

/**
 * joining: it gets replicas once it follows the system group. leaving: it gives away what it
 * holds and is then removed.
 */
const memberStateSchema = z.enum(['joining', 'active', 'leaving']);
export type MemberState = z.infer<typeof memberStateSchema>;

const memberSchema = z.object({
  id: nodeId,
  host: z.string().min(1),
  clientPort: port,
  raftPort: port,
  metricsPort: port,
  state: memberStateSchema.default('active'),
  /** The data directory it is known by; empty while none is known. */
  incarnation: z.string().default(''),
});
export type RoutingMember = z.infer<typeof memberSchema>;

const routingSchema = z
  .object({
    clusterId: z.string(),
    clusterName: z.string(),
    epoch: z.number().int().min(1),
    /** The epoch in which it last changed which keys a partition holds. */
    layoutEpoch: z.number().int().min(1).default(1),
    /** 0 in what an older version wrote. */
    replicationFactor: z.number().int().min(0).default(0),
    members: z.array(memberSchema),
    /** Ids that were members once: they are told so, and not given to new nodes by themselves. */
    removed: z.array(nodeId).default([]),
    /** How far the cluster is with spreading replicas, and then leaders, over its members. */
    balance: z.enum(['replicas', 'leaders', 'settled']).default('settled'),
    partitions: z.array(partitionSchema),
  })
  .transform((table) => ({
    ...table,
    replicationFactor: table.replicationFactor || Math.max(1, ...table.partitions.map((p) => p.replicas.length)),
  }));

/**
 * Who serves what. Kept in the system group under `ROUTING_KEY` and versioned by its
 * epoch; a node that has not heard of a newer one uses the genesis, which every
 * node of a cluster derives alike from its configuration.
 */
export type RoutingTable = z.output<typeof routingSchema>;

/** The key of the system group that holds the routing table as JSON. */
export const ROUTING_KEY = new TextEncoder().encode('routing');

export function encodeRouting(table: RoutingTable): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(table));
}

/** Throws a ZodError or SyntaxError when the bytes are no routing table. */
export function decodeRouting(bytes: Uint8Array): RoutingTable {
  return routingSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/** What another node or a file says the routing table is. Throws a ZodError when it is none. */
export function parseRouting(value: unknown): RoutingTable {
  return routingSchema.parse(value);
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

/** What a cluster is founded with: the part of a node's configuration that all must be given alike. */
export type Founding = Pick<NodeConfig, 'clusterId' | 'clusterName' | 'members' | 'partitions' | 'replicationFactor'>;

/** The routing table that a cluster is founded with. */
export function genesisRouting(founding: Founding): RoutingTable {
  const ids = founding.members.map((m) => m.id).sort((a, b) => a - b);
  return {
    clusterId: founding.clusterId,
    clusterName: founding.clusterName,
    epoch: 1,
    layoutEpoch: 1,
    replicationFactor: founding.replicationFactor,
    members: founding.members
      .map((member): RoutingMember => ({ ...member, state: 'active', incarnation: '' }))
      .sort((a, b) => a.id - b.id),
    removed: [],
    balance: 'settled',
    partitions: Array.from({ length: founding.partitions }, (_, partition) => ({
      partition,
      replicas: placeReplicas(ids, partition, founding.replicationFactor),
    })),
  };
}

/** More voters than this make the system group slower without making it safer. */
const MAX_SYSTEM_VOTERS = 5;
/** As many go on deciding when one of them fails. */
const SAFE_VOTERS = 3;

/** Who takes part in a group, in which way. Sorted. */
export interface WantedMembers {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/**
 * The members of group 0: every node has the routing table, a few of them decide on it. A node
 * that joins only listens. One that leaves decides as long as one that joins may take its place
 * and the others are too few to bear a failure.
 */
export function systemMembership(table: RoutingTable): { voters: NodeId[]; learners: NodeId[] } {
  const idsOf = (members: readonly RoutingMember[]) => members.map((m) => m.id).sort((a, b) => a - b);
  const inState = (state: MemberState) => idsOf(table.members.filter((m) => m.state === state));
  const active = inState('active');
  const keepsLeaving = active.length === 0 || (active.length < SAFE_VOTERS && inState('joining').length > 0);
  const room = Math.max(0, MAX_SYSTEM_VOTERS - active.length);
  const leaving = keepsLeaving ? inState('leaving').slice(0, room) : [];
  const voters = [...active.slice(0, MAX_SYSTEM_VOTERS), ...leaving].sort((a, b) => a - b);
  return { voters, learners: idsOf(table.members).filter((id) => !voters.includes(id)) };
}

/** What the table wants of a group's membership; null for a group that it does not know. */
export function wantedMembers(table: RoutingTable, group: GroupId): WantedMembers | null {
  if (group === SYSTEM_GROUP) return systemMembership(table);
  const replicas = table.partitions[partitionOfGroup(group) ?? -1]?.replicas;
  return replicas === undefined ? null : { voters: [...replicas].sort((a, b) => a - b), learners: [] };
}

/** Who should lead a group while everything is well; null for a group that the table does not know. */
export function preferredLeader(table: RoutingTable, group: GroupId): NodeId | null {
  if (group === SYSTEM_GROUP) return systemMembership(table).voters[0] ?? null;
  return table.partitions[partitionOfGroup(group) ?? -1]?.replicas[0] ?? null;
}
