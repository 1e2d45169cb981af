import { setTimeout as sleep } from 'node:timers/promises';
import { groupOfPartition, SYSTEM_GROUP } from '../config/ids.ts';
import type { TransferRequest } from '../rpc/cluster.ts';
import type { Store } from '../store/index.ts';

const POLL_MS = 5;

/** A transfer that cannot begin; the message says why and what to do. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** Begins to hand one group to another replica. Throws a TransferError when that cannot be. */
export function transferLeadership(store: Store, { partition, toNodeId }: TransferRequest): void {
  const group = partition === undefined ? SYSTEM_GROUP : groupOfPartition(partition);
  const what = partition === undefined ? 'the system group' : `partition ${partition}`;
  const refusal = store.transferLeadership(group, toNodeId);
  if (refusal === null) return;
  throw new TransferError(words(refusal, store, group, what, toNodeId));
}

function words(
  refusal: NonNullable<ReturnType<Store['transferLeadership']>>,
  store: Store,
  group: number,
  what: string,
  to: number,
): string {
  const self = `n${store.nodeId}`;
  switch (refusal) {
    case 'notReplica':
      return `${self} holds no replica of ${what}.`;
    case 'notLeader': {
      const leader = store.groups.get(group)?.core.leader ?? 0;
      return leader === 0
        ? `${self} does not lead ${what}, and knows no leader now.`
        : `${self} does not lead ${what}; ask n${leader}.`;
    }
    case 'notVoter':
      return `n${to} is no voter of ${what}: only a voter can lead.`;
    case 'notHeardFrom':
      return `n${to} has not been heard from, so it cannot take over ${what}. Check that it runs.`;
    case 'transferring':
      return `${self} is handing ${what} to another replica at this moment. Try again.`;
  }
}

/**
 * Hands over whatever the node leads, for `forMs` at most; a group that nobody can take stays.
 * Resolves with the number of groups that are still to go. The store goes on handing over
 * what it comes to lead until `endHandOver`.
 */
export async function handOverAll(store: Store, forMs: number): Promise<number> {
  const endMs = performance.now() + forMs;
  for (;;) {
    const open = store.handOver();
    if (open === 0 || performance.now() >= endMs) return open;
    await sleep(POLL_MS);
  }
}
