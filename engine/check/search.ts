import type { Operation } from './operation.ts';
import {
  EMPTY_REGISTER,
  excludeRevision,
  observeRevision,
  registerKey,
  write,
  type KnownRevisions,
  type Register,
} from './register.ts';
import { observes } from './sources.ts';

/** Whether the history could be decided before the search took too many steps. */
export type Verdict = 'linearizable' | 'violation' | 'undecided';

/** The register after the operation took effect on it, or undefined when its answer forbids it here. */
function step(operation: Operation, register: Register, known: KnownRevisions): Register | undefined {
  switch (operation.kind) {
    case 'get':
      if (operation.value !== register.value) return undefined;
      return operation.revision === undefined ? register : observeRevision(register, operation.revision, known);
    case 'put':
      return write(register, operation.value, operation.revision);
    case 'delete':
      return write(register, null, undefined);
    case 'cas': {
      const { expectedRevision, revision } = operation;
      if (operation.outcome === 'conflict') {
        if (revision === undefined) return excludeRevision(register, expectedRevision);
        return revision === expectedRevision ? undefined : observeRevision(register, revision, known);
      }
      const matched = observeRevision(register, expectedRevision, known);
      return matched === undefined ? undefined : write(matched, operation.value, revision);
    }
  }
}

/** Writes of unknown outcome that do the same, by their invocation: any of them stands for any other. */
interface OptionalClass {
  readonly sample: Operation;
  readonly value: string | null;
  readonly invokedAt: number[];
}

/** Stands for every value that nobody read: of those it makes no difference which one it is. */
const UNREAD = '\u0000unread';

function knownRevisions(operations: readonly Operation[]): KnownRevisions {
  const known = new Map<number, string>();
  for (const operation of operations) {
    if (operation.kind === 'delete' || operation.outcome !== 'ok') continue;
    const { revision, value } = operation;
    if (revision !== undefined && value !== null && !known.has(revision)) known.set(revision, value);
  }
  return known;
}

function optionalClasses(operations: readonly Operation[], read: ReadonlySet<string | null>): OptionalClass[] {
  const classes = new Map<string, OptionalClass>();
  for (const operation of operations) {
    if (operation.outcome !== 'unknown' || operation.kind === 'get') continue;
    const written = operation.kind === 'delete' ? null : operation.value;
    const value = written === null || read.has(written) ? written : UNREAD;
    const expected = operation.kind === 'cas' ? operation.expectedRevision : '';
    const name = `${expected}${value === null ? '-' : `=${value}`}`;
    const sample = operation.kind === 'delete' ? operation : ({ ...operation, value } as Operation);
    const existing = classes.get(name);
    if (existing === undefined) classes.set(name, { sample, value, invokedAt: [operation.invokedAt] });
    else existing.invokedAt.push(operation.invokedAt);
  }
  for (const one of classes.values()) one.invokedAt.sort((a, b) => a - b);
  return [...classes.values()];
}

/** A place in the search: what has been put in order so far, and the state that this gives. */
interface Place {
  /** The first required operation that is not in the order yet. */
  readonly low: number;
  /** Required operations after `low` that are. Sorted; as many as overlap `low`, at most. */
  readonly ahead: readonly number[];
  /** How many of each optional class are. */
  readonly used: readonly number[];
  readonly register: Register;
  /** The last one is an optional write, which must be observed next, or it need not be there. */
  readonly unobserved: boolean;
}

/**
 * Wing and Gong's search for an order, on the operations of one key, with Lowe's pruning:
 * a place that was reached before is not searched again. Three rules keep it short. None
 * of them loses an order:
 *
 * - An operation that the present state answers without being changed is taken at once.
 * - A write of unknown outcome is only taken where the next operation observes it: where
 *   none does, leaving it out gives an order as well.
 * - Of unknown writes that do the same, the one invoked first is taken first.
 *
 * `maxSteps` bounds the search, which is exponential at worst.
 */
export class Search {
  readonly #required: readonly Operation[];
  readonly #optional: readonly OptionalClass[];
  readonly #known: KnownRevisions;
  /** What was used of the optional classes at each place that was reached: the least of it. */
  readonly #seen = new Map<string, (readonly number[])[]>();
  /** Which of the optional classes observe something. */
  readonly #optionalSwaps: readonly number[];
  readonly #maxSteps: number;
  #stepsTaken = 0;

  constructor(operations: readonly Operation[], maxSteps: number) {
    this.#required = operations
      .filter(({ outcome }) => outcome === 'ok' || outcome === 'conflict')
      .sort((a, b) => a.invokedAt - b.invokedAt);
    this.#known = knownRevisions(this.#required);
    const read = new Set(this.#required.flatMap((one) => (one.kind === 'get' ? [one.value] : [])));
    const optional = optionalClasses(operations, read);
    // Without a compare-and-swap, only a get observes a write, and only one of the same value.
    const swaps =
      this.#required.some(({ kind }) => kind === 'cas') || optional.some(({ sample }) => sample.kind === 'cas');
    this.#optional = swaps ? optional : optional.filter(({ value }) => read.has(value));
    this.#optionalSwaps = this.#optional.flatMap((one, index) => (one.sample.kind === 'cas' ? [index] : []));
    this.#maxSteps = maxSteps;
  }

  /** How many places were looked at. */
  get stepsTaken(): number {
    return this.#stepsTaken;
  }

  /** Searches once; a search is not used again. */
  run(): Verdict {
    const start: Place = {
      low: 0,
      ahead: [],
      used: this.#optional.map(() => 0),
      register: EMPTY_REGISTER,
      unobserved: false,
    };
    if (this.#required.length === 0) return 'linearizable';
    // Depth first on a stack of our own: an order is as deep as the history is long.
    const stack = [this.#next(start)];
    for (;;) {
      const choices = stack.at(-1);
      if (choices === undefined) return 'violation';
      const place = choices.pop();
      if (place === undefined) {
        stack.pop();
        continue;
      }
      if (place.low === this.#required.length) return 'linearizable';
      if (++this.#stepsTaken > this.#maxSteps) return 'undecided';
      if (!this.#wasSeen(place)) stack.push(this.#next(place));
    }
  }

  /** Whether a place that is no worse was reached before; if not, remembers this one. */
  #wasSeen(place: Place): boolean {
    const key = this.#keyOf(place);
    const seen = this.#seen.get(key);
    if (seen === undefined) {
      this.#seen.set(key, [place.used]);
      return false;
    }
    if (seen.some((less) => less.every((count, i) => count <= (place.used[i] as number)))) return true;
    seen.push(place.used);
    return false;
  }

  #keyOf(place: Place): string {
    const unobserved = place.unobserved ? '?' : '';
    return `${place.low};${place.ahead.join(',')};${unobserved}${registerKey(place.register)}`;
  }

  /** The places that one more operation leads to; the most promising last. */
  #next(place: Place): Place[] {
    const { register } = place;
    // An operation may come next if it was invoked before every other one has returned.
    const candidates: number[] = [];
    let earliestReturn = Infinity;
    for (let i = place.low; i < this.#required.length; i++) {
      const operation = this.#required[i] as Operation;
      if (operation.invokedAt > earliestReturn) break;
      if (place.ahead.includes(i)) continue;
      if (observes(operation) && step(operation, register, this.#known) === register) {
        return [this.#take(place, i, register)];
      }
      candidates.push(i);
      earliestReturn = Math.min(earliestReturn, operation.returnedAt);
    }

    const places = this.#optionalNext(place, candidates, earliestReturn);
    const required = this.#required;
    candidates.sort((a, b) => (required[b] as Operation).returnedAt - (required[a] as Operation).returnedAt);
    for (const i of candidates) {
      const operation = required[i] as Operation;
      if (place.unobserved && !observes(operation)) continue;
      const after = step(operation, register, this.#known);
      if (after !== undefined) places.push(this.#take(place, i, after));
    }
    return places;
  }

  #optionalNext(place: Place, candidates: readonly number[], earliestReturn: number): Place[] {
    const places: Place[] = [];
    for (const [index, one] of this.#optional.entries()) {
      if (place.unobserved && !observes(one.sample)) continue;
      const invokedAt = one.invokedAt[place.used[index] as number];
      if (invokedAt === undefined || invokedAt > earliestReturn) continue;
      const after = step(one.sample, place.register, this.#known);
      if (after === undefined || !this.#observable(place, index, candidates, earliestReturn)) continue;
      const used = place.used.with(index, (place.used[index] as number) + 1);
      places.push({ ...place, used, register: after, unobserved: true });
    }
    return places;
  }

  /** Whether something that may come right after an optional write could depend on its value. */
  #observable(place: Place, index: number, candidates: readonly number[], earliestReturn: number): boolean {
    const { value } = this.#optional[index] as OptionalClass;
    if (candidates.some((i) => this.#mayObserve(this.#required[i] as Operation, value))) return true;
    return this.#optionalSwaps.some((at) => {
      const other = this.#optional[at] as OptionalClass;
      const used = (place.used[at] as number) + (at === index ? 1 : 0);
      const invokedAt = other.invokedAt[used];
      return invokedAt !== undefined && invokedAt <= earliestReturn && this.#mayObserve(other.sample, value);
    });
  }

  #mayObserve(operation: Operation, value: string | null): boolean {
    if (operation.kind === 'get') return operation.value === value;
    if (operation.kind !== 'cas') return false;
    const revision = operation.outcome === 'conflict' ? operation.revision : operation.expectedRevision;
    if (revision === undefined) return true;
    if (value === null || revision === 0) return value === null && revision === 0;
    return (this.#known.get(revision) ?? value) === value;
  }

  #take(place: Place, index: number, register: Register): Place {
    let { low } = place;
    let ahead: readonly number[] = place.ahead;
    if (index === low) {
      low++;
      let passed = 0;
      while (ahead[passed] === low) {
        low++;
        passed++;
      }
      if (passed > 0) ahead = ahead.slice(passed);
    } else {
      const at = ahead.findIndex((other) => other > index);
      ahead = at === -1 ? [...ahead, index] : ahead.toSpliced(at, 0, index);
    }
    return { low, ahead, used: place.used, register, unobserved: false };
  }
}
