import type { RoutingTable, Store } from '../../store/index.ts';

export type ChangeOutcome =
  /** 'same': there was nothing to do. 'lost': another leader, or another change, came first. */
  | { readonly kind: 'written' | 'same' | 'lost' }
  /** It may have been written all the same. */
  | { readonly kind: 'failed'; readonly why: string };

/** Applies a change to the routing table in force. What `change` throws is passed on. */
export function changeRouting(
  store: Store,
  change: (table: RoutingTable) => RoutingTable,
  deadlineMs: number,
): Promise<ChangeOutcome> {
  return new Promise((resolve, reject) => {
    let next: RoutingTable;
    try {
      next = change(store.routing);
    } catch (error) {
      reject(error as Error);
      return;
    }
    if (next === store.routing) {
      resolve({ kind: 'same' });
      return;
    }
    store.replaceRouting(next, deadlineMs, (answer) => {
      if (answer.ok) resolve({ kind: answer.result.kind === 'put' ? 'written' : 'lost' });
      else if (answer.reason === 'notLeader' || answer.reason === 'noLeader') resolve({ kind: 'lost' });
      else if (answer.reason === 'unavailable') resolve({ kind: 'failed', why: answer.detail });
      else resolve({ kind: 'failed', why: 'The voters of the system group did not confirm it in time.' });
    });
  });
}
