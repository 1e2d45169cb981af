import { isMember } from '../../engine/raft/membership.ts';
import type { LogIndex } from '../../engine/raft/types.ts';
import type { Clients } from './clients.ts';
import type { ClusterRest } from './cluster-operator.ts';
import type { GroupGhost, ReplicaGhost } from './ghost.ts';
import type { SimulatedNode } from './node.ts';
import { words } from './invariants/configurations.ts';
import type { Observer } from './observer.ts';
import type { Operator } from './operator.ts';
import type { Plan } from './plan.ts';
import { Violation } from './violation.ts';

const NAME = 'Liveness (one leader, equal replicas, writes succeed)';

/**
 * How long the cluster may take, in election timeouts, until it works again. An election
 * can be lost by chance, a slow disk adds to each, and a leader that never heard of a
 * follower's log walks back one append at a time.
 */
const ELECTION_TIMEOUTS = 150;

/** A node lets the preferred leader of a group stand first for this long after its start. */
const START_GRACE_US = 2_000_000;

/** `longestLog` is what a new member may have to be sent, entry by entry. */
export function livenessLimitUs(
  { timing, network, disk, membership, cluster, clockSkew }: Plan,
  longestLog: LogIndex,
): number {
  const electionUs = timing.tickMs * timing.electionTicksMax * 1000 + disk.syncMaxUs;
  const limitUs = START_GRACE_US + (ELECTION_TIMEOUTS * electionUs) / (1 - clockSkew);
  if (membership === null && cluster === null) return limitUs;
  const roundTripUs = 2 * (network.delayMinUs + network.delaySpreadUs) + disk.syncMaxUs + timing.tickMs * 1000;
  return limitUs + 2 * longestLog * roundTripUs;
}

function wordsOf({ node, core, durable }: ReplicaGhost): string {
  if (core === null) return `node ${node} is down`;
  const { role, term, leader, commitIndex, appliedIndex, lastIndex } = core;
  const knows = leader === 0 ? 'knows no leader' : `knows leader ${leader}`;
  return `node ${node} is ${role} in term ${term}, ${knows}, log ${lastIndex} (${durable.entries.length} on disk), commit ${commitIndex}, applied ${appliedIndex}`;
}

/** Why the replicas of a group have not healed yet, or null. */
function unhealed(group: GroupGhost, nodes: readonly SimulatedNode[]): string | null {
  const { membership } = group.configurations.at(-1)!;
  const replicas = [...group.replicas.values()].filter(({ node }) => isMember(membership, node));
  const highest = Math.max(...replicas.map(({ core }) => core?.term ?? 0));
  const leaders = replicas.filter(({ core }) => core?.role === 'leader' && core.term === highest);
  if (leaders.length !== 1) return `${leaders.length} leaders in term ${highest}`;
  const leader = leaders[0]!;
  for (const { node, core } of replicas) {
    if (core === null || core.term !== highest || core.leader !== leader.node) return `node ${node} does not follow`;
    if (core.appliedIndex !== leader.core!.lastIndex) return `node ${node} has not applied all`;
    const hash = nodes[node - 1]!.state.contentHash(group.id);
    if (hash !== nodes[leader.node - 1]!.state.contentHash(group.id)) return `node ${node} holds other content`;
    if (words(core.membership) !== words(membership)) return `node ${node} counts by ${words(core.membership)}`;
  }
  return null;
}

/** The first group that has not healed, as a violation; null when all have. */
export function notHealed(
  observer: Observer,
  nodes: readonly SimulatedNode[],
  operator: Operator,
  cluster: ClusterRest,
): Violation | null {
  const unfinished = cluster.whyNot();
  if (unfinished !== null) {
    const { group, why } = unfinished;
    return new Violation(NAME, group, 0, `long after the last fault: ${why}${statesOf(observer.groups.get(group)!)}`);
  }
  for (const group of observer.groups.values()) {
    const why = operator.whyNotSettled(group) ?? unhealed(group, nodes);
    if (why === null) continue;
    return new Violation(NAME, group.id, 0, `long after the last fault: ${why}${statesOf(group)}`);
  }
  return null;
}

function statesOf({ replicas }: GroupGhost): string {
  return [...replicas.values()].map((replica) => `\n  ${wordsOf(replica)}`).join('');
}

/** A client that still waits for a write or a linearizable read. */
export function notServed(clients: Clients): Violation | null {
  const waiting = clients.clients.find((client) => !client.idle);
  const operation = waiting?.operation ?? null;
  if (operation === null) return null;
  const { kind, key, attempt } = operation;
  const message = `long after the last fault, ${kind} of ${key.name} is not answered (attempt ${attempt})`;
  return new Violation(NAME, key.partition + 1, 0, message);
}
