import type { GroupStatus } from '../../engine/rpc/cluster.ts';
import { eventually } from '../support/node-cluster.ts';
import { membersAtRest } from './members.ts';
import { hashReplicas, type ReplicaHash } from './replicas.ts';
import type { World } from './world.ts';

const HEAL_TIMEOUT_MS = 120_000;

/**
 * Waits until the members are who they shall be, and every group has one leader that all know
 * and every replica, none of which is left elsewhere, has applied all of one log.
 */
export async function inStep(world: World): Promise<void> {
  await membersAtRest(world, HEAL_TIMEOUT_MS);
  await eventually(
    'after all faults have ended, every group has one leader and equal replicas',
    async () => {
      const statuses = await Promise.all(world.nodes.map((node) => node.status(5_000)));
      const byGroup = Map.groupBy(
        statuses.flatMap((s) => s.groups),
        (g) => g.group,
      );
      for (const [group, replicas] of byGroup) {
        const problem = groupProblem(replicas);
        if (problem !== null) throw new Error(`group ${group}: ${problem}`);
      }
      return true;
    },
    HEAL_TIMEOUT_MS,
  ).catch((error: unknown) => {
    const { cause, message } = error as Error;
    throw new Error(`${message} (${cause instanceof Error ? cause.message : String(cause)})`);
  });
}

function groupProblem(replicas: readonly GroupStatus[]): string | null {
  const first = replicas[0]!;
  if (replicas.filter((r) => r.role === 'leader').length !== 1) return 'it has not one leader';
  const leader = replicas.find((r) => r.role === 'leader')!;
  const others = leader.voters.length + leader.learners.length + (leader.votersOutgoing ?? []).length;
  if (others !== replicas.length) return `it has ${others} members and ${replicas.length} replicas`;
  for (const replica of replicas) {
    if (replica.leader === 0 || replica.leader !== first.leader) return 'its replicas do not agree who leads';
    if (replica.term !== first.term) return `its replicas are in the terms ${first.term} and ${replica.term}`;
    const { appliedIndex, commitIndex, lastLogIndex } = replica;
    if (appliedIndex !== first.appliedIndex || appliedIndex !== commitIndex || commitIndex !== lastLogIndex) {
      return `a replica has applied ${appliedIndex}, committed ${commitIndex} and holds ${lastLogIndex}`;
    }
  }
  return null;
}

/** The hash of each partition, the same on all of its replicas; a violation where it is not. */
export async function equalReplicas(world: World): Promise<Map<number, ReplicaHash>> {
  const all: ReplicaHash[] = [];
  for (const node of world.nodes) {
    const { groups } = await node.status(5_000);
    const partitions = groups.flatMap((g) => (g.partition === undefined ? [] : [g.partition]));
    all.push(...(await hashReplicas(node, partitions)));
  }
  const hashes = new Map<number, ReplicaHash>();
  for (const one of all) {
    const first = hashes.get(one.partition);
    if (first === undefined) hashes.set(one.partition, one);
    else if (first.hash !== one.hash) {
      world.violation(
        `partition ${one.partition} differs: node ${first.node} has ${first.rows} rows (${first.hash.slice(0, 12)}), ` +
          `node ${one.node} ${one.rows} (${one.hash.slice(0, 12)})`,
      );
    }
  }
  return hashes;
}
