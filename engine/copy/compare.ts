import type { KeyStore, Pair } from './store.ts';

/** What two clusters have under a prefix. */
export interface Comparison {
  readonly same: number;
  /** In both, with different values. */
  readonly different: number;
  /** In the source alone. */
  readonly missing: number;
  /** In the target alone. */
  readonly extra: number;
}

export type Difference = Exclude<keyof Comparison, 'same'>;

export interface CompareOptions {
  readonly from: KeyStore;
  readonly to: KeyStore;
  readonly prefix: Buffer;
  readonly progress: (comparison: Comparison) => void;
  readonly different: (key: Buffer, what: Difference) => void;
  readonly signal: AbortSignal;
}

const NO_KEY = Buffer.alloc(0);

/**
 * Reads both sides from the first key to the last and compares them byte for byte. Writes
 * nothing. What changes meanwhile may be counted as different. Resolves with null when the
 * signal ended it.
 */
export async function compareKeys(options: CompareOptions): Promise<Comparison | null> {
  const { from, to, prefix, signal } = options;
  let seen: Comparison = { same: 0, different: 0, missing: 0, extra: 0 };
  const [left, right] = [pairsOf(from, prefix, signal), pairsOf(to, prefix, signal)];
  try {
    let [source, target] = await Promise.all([next(left), next(right)]);
    while (source !== null || target !== null) {
      if (signal.aborted) return null;
      const order = source === null ? 1 : target === null ? -1 : Buffer.compare(source.key, target.key);
      const what =
        order < 0 ? 'missing' : order > 0 ? 'extra' : source!.value.equals(target!.value) ? 'same' : 'different';
      seen = { ...seen, [what]: seen[what] + 1 };
      if (what !== 'same') options.different((order > 0 ? target! : source!).key, what);
      options.progress(seen);
      if (order <= 0) source = await next(left);
      if (order >= 0) target = await next(right);
    }
    return seen;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    await Promise.all([left.return(), right.return()]);
  }
}

async function* pairsOf(store: KeyStore, prefix: Buffer, signal: AbortSignal): AsyncGenerator<Pair, void, undefined> {
  for await (const page of store.pages(prefix, { after: NO_KEY, ofOneMoment: true, signal })) yield* page;
}

async function next(pairs: AsyncGenerator<Pair, void, undefined>): Promise<Pair | null> {
  const result = await pairs.next();
  return result.done === true ? null : result.value;
}
