import { SYSTEM_GROUP, type GroupId } from '../config/ids.ts';
import { removedWords } from '../config/removed.ts';
import type { GroupStatus, Member, MembersResponse } from '../rpc/cluster.ts';
import type { Store } from '../store/index.ts';

/** A node that hears no leader of the system group for this long asks whether it is a member still. */
const UNHEARD_MS = 2_000;
/** A replica that hears no leader for this long, and is wanted by nobody, is asked after. */
const FORSAKEN_MS = 5_000;

/** What a table says of its members, wherever it comes from. */
export type KnownMembers = Pick<MembersResponse, 'clusterName'> & {
  readonly members: readonly Pick<Member, 'id' | 'incarnation'>[];
};

/** Why this node is no member by this table, or not as it is, as a sentence; null when it is one. */
export function whyNoMember(node: number, incarnation: string, table: KnownMembers): string | null {
  const self = table.members.find((m) => m.id === node);
  if (self === undefined) return removedWords(node, table.clusterName);
  if (self.incarnation === '' || self.incarnation === incarnation) return null;
  return `The cluster ${table.clusterName} knows node ${node} by another data directory: its disk was wiped or exchanged, or it is an old copy. It could vote twice, so it stops. Bring its data back, or replace it: prkdb node replace`;
}

/** What a node has to ask the others that has lost touch; null when it has not. */
export type Question =
  /** Who the members are: it hears no leader of the system group. */
  | { readonly kind: 'members' }
  /** Whether these replicas are needed still: nobody wants them here, and they hear no leader. */
  | { readonly kind: 'replicas'; readonly groups: readonly GroupId[] };

export function whatToAsk(store: Store, nowMs: number): Question | null {
  const system = store.groups.get(SYSTEM_GROUP);
  if (system?.isLeader === false && nowMs - system.leaderHeardAtMs > UNHEARD_MS) return { kind: 'members' };
  const groups = store.forsaken(FORSAKEN_MS);
  return groups.length > 0 ? { kind: 'replicas', groups } : null;
}

/**
 * What another node said of its groups when asked at `askedAtMs` about a replica here, which goes
 * when its leader has let it go. Returns whether that node leads the group.
 */
export function hearOfReplica(
  store: Store,
  id: GroupId,
  askedAtMs: number,
  groups: readonly GroupStatus[] | undefined,
): boolean {
  const led = groups?.find((g) => g.group === id && g.role === 'leader');
  if (led === undefined) return false;
  const members = [...led.voters, ...(led.votersOutgoing ?? []), ...led.learners];
  // Before a majority knows durably of the removal, what this replica has may decide an election.
  const isSettled = led.membershipSettled === true;
  if (isSettled && !members.includes(store.nodeId)) store.forget(id, askedAtMs, led.term);
  return true;
}
