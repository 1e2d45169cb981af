import type { ChangeFeed } from './change-feed.ts';
import { CopyError } from './errors.ts';
import { isPassing, patiently } from './patience.ts';
import type { ChangeBatch, KeyChange, KeyStore } from './store.ts';

export interface FollowCounts {
  readonly puts: number;
  readonly deletes: number;
  /** When the last one was written, by this computer's clock; null before the first. */
  readonly lastAtMs: number | null;
}

export const noFollowCounts: FollowCounts = { puts: 0, deletes: 0, lastAtMs: null };

const CONCURRENCY = 64;

/**
 * Writes changes into the target, whatever is there, and of each key only the last: those of
 * different keys may then happen at once. `covers` leaves out keys whose turn is yet to come.
 */
export async function applyChanges(
  batches: readonly ChangeBatch[],
  to: KeyStore,
  covers: (key: Buffer) => boolean,
  signal: AbortSignal,
): Promise<FollowCounts> {
  const all = batches.flatMap((batch) => batch.changes).filter(({ key }) => covers(key));
  const last = new Map(all.map((change) => [change.key.toString('latin1'), change])).values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const change of last) {
      if (failures.length > 0 || signal.aborted) return;
      try {
        await patiently(() => apply(change, to), signal);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, all.length) }, worker));
  if (failures.length > 0 && !signal.aborted) throw failures[0] as Error;
  const deletes = all.filter(({ value }) => value === null).length;
  return { puts: all.length - deletes, deletes, lastAtMs: all.length > 0 ? Date.now() : null };
}

async function apply({ key, value, expiresAtMs }: KeyChange, to: KeyStore): Promise<void> {
  if (value === null) return to.remove(key);
  const pair = { key, value, expiresAtMs };
  // Its deletion comes too, but there is no need to write what is over.
  if (expiresAtMs !== null && expiresAtMs <= Date.now()) return to.remove(key);
  const refusal = to.refusal(pair);
  if (refusal !== null) throw new CopyError(key, `was not followed: ${refusal}`);
  try {
    await to.overwrite(pair);
  } catch (error) {
    if (isPassing(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CopyError(key, `was not followed: ${why}`, { cause: error });
  }
}

export interface FollowOptions {
  readonly feed: ChangeFeed;
  readonly to: KeyStore;
  /** Called when all up to a position is in the target. */
  readonly checkpoint: (position: string) => Promise<void>;
  readonly progress: (counts: FollowCounts) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes every later change of the source into the target until the signal. Rejects with
 * ChangesLostError, and with CopyError when the target refuses one.
 */
export async function followChanges(options: FollowOptions): Promise<FollowCounts> {
  const { feed, to, signal } = options;
  let counts = noFollowCounts;
  while (!signal.aborted) {
    await feed.wait();
    const batches = feed.take();
    const last = batches.at(-1);
    if (last === undefined) continue;
    const done = await applyChanges(batches, to, () => true, signal);
    if (signal.aborted) break;
    counts = addFollowCounts(counts, done);
    await options.checkpoint(last.position);
    options.progress(counts);
  }
  return counts;
}

export function addFollowCounts(a: FollowCounts, b: FollowCounts): FollowCounts {
  return { puts: a.puts + b.puts, deletes: a.deletes + b.deletes, lastAtMs: b.lastAtMs ?? a.lastAtMs };
}
