import type { RoutingTable, Store } from '../../store/index.ts';

export type ChangeOutcome =
  /** 'same': there was nothing to do. 'lost': another leader, or another change, came first. */
  | { readonly kind: 'written' | 'same' | 'lost' }
  /** It may have been written all the same. */
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Applies a change to the routing table in force; `done` is called once. Throws what `change` throws,
 * and then nothing was done.
 */
export function putChange(
  store: Store,
  change: (table: RoutingTable) => RoutingTable,
  deadlineMs: number,
  done: (outcome: ChangeOutcome) => void,
): void {
  const next = change(store.routing);
  if (next === store.routing) return done({ kind: 'same' });
  store.replaceRouting(next, deadlineMs, (answer) => {
    if (answer.ok) done({ kind: answer.result.kind === 'put' ? 'written' : 'lost' });
    else if (answer.reason === 'notLeader' || answer.reason === 'noLeader') done({ kind: 'lost' });
    else if (answer.reason === 'unavailable') done({ kind: 'failed', why: answer.detail });
    else done({ kind: 'failed', why: 'The voters of the system group did not confirm it in time.' });
  });
}

/** The same as a promise, which rejects with what `change` throws. */
export function changeRouting(
  store: Store,
  change: (table: RoutingTable) => RoutingTable,
  deadlineMs: number,
): Promise<ChangeOutcome> {
  return new Promise((resolve) => putChange(store, change, deadlineMs, resolve));
}
