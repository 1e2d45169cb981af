/**
 * The specification of one key, as a state and what operations do to it. Every write gives
 * the key a revision greater than all that it had before; a revision that no answer has
 * told yet is kept as what is known about it.
 */
export interface Register {
  /** Null: there is no key. */
  readonly value: string | null;
  /**
   * The revision of the last write when `exact`, else the least it can be. Without a key it
   * is the least that the last write had, below which no later one can be.
   */
  readonly revision: number;
  readonly exact: boolean;
  /** Revisions that it is known not to be; only while not exact. Sorted. */
  readonly excluded: readonly number[];
}

const NONE: readonly number[] = [];

/** Every key begins without a value. */
export const EMPTY_REGISTER: Register = { value: null, revision: 0, exact: true, excluded: NONE };

/** Which value each revision stands for, as far as answers have told. */
export type KnownRevisions = ReadonlyMap<number, string>;

function leastRevision(register: Register): number {
  let least = register.revision;
  for (const excluded of register.excluded) if (excluded === least) least++;
  return least;
}

/** After a write; undefined when the revision that it was given is too low for this place. */
export function write(register: Register, value: string | null, revision: number | undefined): Register | undefined {
  const least = leastRevision(register);
  if (value === null) return { value, revision: least, exact: true, excluded: NONE };
  if (revision === undefined) return { value, revision: least + 1, exact: false, excluded: NONE };
  return revision > least ? { value, revision, exact: true, excluded: NONE } : undefined;
}

/** After an answer that told the revision (0: no key); undefined when it cannot be that one. */
export function observeRevision(register: Register, revision: number, known: KnownRevisions): Register | undefined {
  if (register.value === null || revision === 0) {
    return register.value === null && revision === 0 ? register : undefined;
  }
  if (register.exact) return register.revision === revision ? register : undefined;
  if (revision < register.revision || register.excluded.includes(revision)) return undefined;
  // A revision belongs to one write: one that is told with another value is not this one.
  const value = known.get(revision);
  if (value !== undefined && value !== register.value) return undefined;
  return { value: register.value, revision, exact: true, excluded: NONE };
}

/** After an answer that says only which revision it is not; undefined when it is that one. */
export function excludeRevision(register: Register, revision: number): Register | undefined {
  if (register.value === null || revision === 0) {
    return (register.value === null) === (revision === 0) ? undefined : register;
  }
  if (register.exact) return register.revision === revision ? undefined : register;
  if (revision < register.revision || register.excluded.includes(revision)) return register;
  return { ...register, excluded: [...register.excluded, revision].sort((a, b) => a - b) };
}

/** Equal for equal states. */
export function registerKey(register: Register): string {
  const value = register.value === null ? '-' : `=${register.value}`;
  return `${register.revision}${register.exact ? '!' : '+'}${register.excluded.join(',')}${value}`;
}
