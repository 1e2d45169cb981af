import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdError } from '../etcd/index.ts';
import type { KeyChange, KeyStore } from './store.ts';

export interface FollowCounts {
  readonly puts: number;
  readonly deletes: number;
}

export interface FollowOptions {
  readonly from: KeyStore;
  readonly to: KeyStore;
  readonly prefix: Buffer;
  /** As a store gave it: what came later is followed. */
  readonly position: string;
  /** Called when all up to a position is in the target. */
  readonly checkpoint: (position: string) => Promise<void>;
  readonly progress: (counts: FollowCounts) => void;
  readonly signal: AbortSignal;
}

const RETRY_MS = 1_000;

/**
 * Writes every later change of the source into the target, in its order, whatever is there,
 * until the signal. A broken connection is taken up again where it broke. Rejects with
 * EtcdError `compacted` when changes were lost meanwhile, and when the target refuses one.
 */
export async function followChanges(options: FollowOptions): Promise<FollowCounts> {
  const { from, to, prefix, signal } = options;
  let { position } = options;
  let counts: FollowCounts = { puts: 0, deletes: 0 };
  while (!signal.aborted) {
    try {
      for await (const batch of from.follow(prefix, position, signal)) {
        const last = lastOfEach(batch.changes);
        await Promise.all(last.map(({ key, value }) => (value === null ? to.remove(key) : to.overwrite(key, value))));
        const deletes = batch.changes.filter(({ value }) => value === null).length;
        counts = { puts: counts.puts + batch.changes.length - deletes, deletes: counts.deletes + deletes };
        position = batch.position;
        await options.checkpoint(position);
        options.progress(counts);
      }
    } catch (error) {
      if (!(error instanceof EtcdError) || !['unavailable', 'deadline', 'noLeader'].includes(error.code)) throw error;
    }
    if (!signal.aborted) await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return counts;
}

/** Changes of one key keep their order by leaving only the last; those of different keys may happen at once. */
function lastOfEach(changes: readonly KeyChange[]): KeyChange[] {
  return [...new Map(changes.map((change) => [change.key.toString('latin1'), change])).values()];
}
