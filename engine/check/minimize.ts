import type { Operation } from './operation.ts';
import { Search } from './search.ts';
import { couldTell, impossibleAnswer, inTime, observes, replaces } from './sources.ts';

/** Work that may go into making a window smaller; a window that is not the smallest is still a proof. */
const MAX_WORK = 30_000_000;

/** An operation, and as what it counts: one that had not returned yet has an unknown outcome. */
interface Counted {
  readonly original: Operation;
  readonly as: Operation;
}

/**
 * The history as it stood at a time: what was not invoked yet is not in it, what had not
 * returned yet is unknown. If the whole is linearizable, so is this.
 */
function prefix(operations: readonly Operation[], time: number): Counted[] {
  const counted: Counted[] = [];
  for (const original of operations) {
    if (original.invokedAt > time) continue;
    if (original.outcome === 'unknown' || original.returnedAt <= time) counted.push({ original, as: original });
    else if (original.kind === 'put' || original.kind === 'cas') {
      counted.push({ original, as: { ...original, outcome: 'unknown', revision: undefined, returnedAt: Infinity } });
    } else if (original.kind === 'delete') {
      counted.push({ original, as: { ...original, outcome: 'unknown', returnedAt: Infinity } });
    }
  }
  return counted;
}

class Minimizer {
  #work = 0;
  readonly #maxSteps: number;

  constructor(maxSteps: number) {
    this.#maxSteps = maxSteps;
  }

  violates(counted: readonly Counted[]): boolean {
    const operations = counted.map((one) => one.as);
    const search = new Search(operations, Math.min(this.#maxSteps, 20_000 + 20 * counted.length));
    const verdict = search.run();
    this.#work += (counted.length + search.stepsTaken) * 10;
    return verdict === 'violation';
  }

  /** The shortest history, in time, that is not linearizable. */
  shortestPrefix(operations: readonly Operation[]): Counted[] {
    const times = [...new Set(operations.filter((one) => one.outcome !== 'unknown').map((one) => one.returnedAt))];
    times.sort((a, b) => a - b);
    let shortest = operations.map((original) => ({ original, as: original }));
    let [low, high] = [0, times.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      const candidate = prefix(operations, times[middle] as number);
      if (this.violates(candidate)) {
        shortest = candidate;
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return shortest;
  }

  /** Leaves out, in ever smaller chunks, whatever is not needed for the violation. */
  shrink(all: readonly Counted[], start: readonly Counted[] = all): readonly Counted[] {
    let current = start;
    let chunk = Math.max(1, current.length >> 1);
    for (;;) {
      let removedAny = false;
      for (let from = 0; from < current.length && this.#work < MAX_WORK;) {
        const kept = this.#withSources(all, new Set([...current.slice(0, from), ...current.slice(from + chunk)]));
        if (kept.length < current.length && this.violates(kept)) {
          current = kept;
          removedAny = true;
        } else {
          from += chunk;
        }
      }
      if (this.#work >= MAX_WORK || (chunk === 1 && !removedAny)) return current;
      if (chunk > 1) chunk = Math.max(1, Math.min(chunk >> 1, current.length >> 1));
    }
  }

  /**
   * These operations, and every other one that an answer among them may come from. Leaving
   * out the rest takes no order away, so that a violation without it is one with it; and
   * the reader of the window has every write before his eyes that could excuse an answer.
   */
  #withSources(all: readonly Counted[], kept: Set<Counted>): readonly Counted[] {
    const observers: { operation: Operation; replacedBefore: number }[] = [];
    const observe = ({ as }: Counted): void => {
      if (!observes(as)) return;
      observers.push({ operation: as, replacedBefore: this.#replacedBefore(kept, as) });
    };
    for (const one of kept) observe(one);
    // A write that comes back may be a compare-and-swap, which has observed something itself.
    for (let next = 0; next < observers.length; next++) {
      const { operation: observer, replacedBefore } = observers[next] as (typeof observers)[number];
      for (const one of all) {
        const { as } = one;
        if (!couldTell(observer, as) || kept.has(one) || !inTime(observer, as, replacedBefore)) continue;
        kept.add(one);
        observe(one);
      }
      this.#work += all.length;
    }
    return all.filter((one) => kept.has(one));
  }

  /** Writes that returned before this time were replaced by a kept one before the observer began. */
  #replacedBefore(kept: ReadonlySet<Counted>, observer: Operation): number {
    let latest = -Infinity;
    for (const { as } of kept) {
      if (replaces(as) && as.returnedAt < observer.invokedAt) latest = Math.max(latest, as.invokedAt);
    }
    this.#work += kept.size;
    return latest;
  }
}

/**
 * Of the operations of one key that are not linearizable, a few that are not either, none
 * of which can be left out. Ordered by invocation.
 */
export function smallestWindow(operations: readonly Operation[], maxSteps: number): Operation[] {
  const minimizer = new Minimizer(maxSteps);
  const plain = impossibleAnswer(operations);
  let window: readonly Counted[];
  if (plain === undefined) {
    window = minimizer.shrink(minimizer.shortestPrefix(operations));
  } else {
    const all = operations.map((original) => ({ original, as: original }));
    window = minimizer.shrink(
      all,
      all.filter((one) => plain.includes(one.original)),
    );
  }
  return window.map((one) => one.original).sort((a, b) => a.invokedAt - b.invokedAt);
}
