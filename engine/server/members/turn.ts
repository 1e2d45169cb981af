import { SYSTEM_GROUP } from '../../config/ids.ts';
import type { GroupStatus } from '../../rpc/cluster.ts';
import {
  groupStatuses,
  movingPartitions,
  plan,
  type PeerLinkStatus,
  type RoutingTable,
  type Store,
} from '../../store/index.ts';
import { withIncarnations } from './changes.ts';
import { GroupReports } from './facts.ts';

/** How often a conductor looks whether there is something to do. */
export const TURN_MS = 300;
/** A node that has not answered by then is left out of this turn. */
export const STATUS_TIMEOUT_MS = 1_000;
export const TABLE_WRITE_TIMEOUT_MS = 5_000;

/** What a node says of its groups; of one that does not answer, nothing. */
export interface NodeReport {
  readonly node: number;
  readonly groups: readonly GroupStatus[];
}

/**
 * One turn of a conductor, without the calls and the timers that it takes: what to do first. Each
 * turn begins with nothing but the store, so that the next leader of the system group goes on
 * where this one ends.
 */
export type Turn =
  /** This node does not lead the system group, or everything is as it should be. */
  | { readonly kind: 'rest' }
  /** Members have come with data directories by which they are known from then on. */
  | { readonly kind: 'register'; readonly change: (table: RoutingTable) => RoutingTable }
  /** `planTurn` goes on with what these nodes say. */
  | { readonly kind: 'ask'; readonly table: RoutingTable; readonly nodes: readonly number[] };

/** `incarnation` is that of this node's own data directory. */
export function beginTurn(
  store: Store,
  links: readonly Pick<PeerLinkStatus, 'nodeId' | 'connected' | 'incarnation'>[],
  incarnation: string,
): Turn {
  if (store.groups.get(SYSTEM_GROUP)?.isLeader !== true || !store.hasRouting) return { kind: 'rest' };
  const table = store.routing;
  if (table.members.some((m) => m.incarnation === '')) {
    const seen = new Map(links.map((link) => [link.nodeId, link.connected ? link.incarnation : '']));
    seen.set(store.nodeId, incarnation);
    if (withIncarnations(table, seen) !== null) {
      return { kind: 'register', change: (current) => withIncarnations(current, seen) ?? current };
    }
  }
  if (table.balance === 'settled' && table.members.every((m) => m.state === 'active')) return { kind: 'rest' };
  return { kind: 'ask', table, nodes: othersToAsk(store) };
}

/** The members besides this one that can be expected to answer. */
export function othersToAsk(store: Store): number[] {
  return store.routing.members.map((m) => m.id).filter((id) => id !== store.nodeId && !store.isSilent(id));
}

/** What this node knows itself, and what the others have said. */
export function groupReports(store: Store, others: readonly NodeReport[], tickMs: number): GroupReports {
  return new GroupReports([{ node: store.nodeId, groups: groupStatuses(store, tickMs) }, ...others]);
}

export interface PlannedTurn {
  /** Partitions on their way to other nodes. */
  readonly moving: number;
  /** The table to write, and why; null when there is nothing to write now. */
  readonly next: { readonly table: RoutingTable; readonly because: string } | null;
  /** Puts it in place of the table that the turn began with: another change since then makes it void. */
  readonly change: (current: RoutingTable) => RoutingTable;
}

/** The next step from `table`, as far as `reports` tell; `node` is this one. */
export function planTurn(table: RoutingTable, reports: GroupReports, node: number): PlannedTurn {
  const facts = reports.facts(node);
  const planned = plan(table, facts);
  const next = planned.kind === 'next' ? planned : null;
  return {
    moving: movingPartitions(table, facts).length,
    next,
    change: (current) => (next !== null && current === table ? next.table : current),
  };
}
