import type { Operation } from '../../engine/check/index.ts';
import type { Mutation } from '../../engine/storage/codec.ts';
import type { PlainResult } from '../../engine/storage/types.ts';
import type { Key } from './clients.ts';
import type { Random } from './random.ts';

const MAX_PARTS = 4;

/** One write of a transaction, or a condition alone. */
export interface TransactionPart {
  readonly kind: 'put' | 'delete' | 'check';
  readonly key: Key;
  /** What a put writes. */
  readonly value: string | null;
  /** Null: unconditional. A check always has one. */
  readonly expectedRevision: number | null;
  readonly ttlMs: number;
}

/** What the client that makes a transaction knows and decides besides chance. */
export interface TransactionSource {
  readonly random: Random;
  /** The keys that share a partition with the first one. */
  readonly neighbours: readonly Key[];
  knownRevision(key: Key): number;
  nextValue(): string;
  nextTtlMs(): number;
}

/** A transaction about this key and some of its neighbours, each once. */
export function makeParts(first: Key, source: TransactionSource): TransactionPart[] {
  const { random, neighbours } = source;
  const others = random.shuffled(neighbours).slice(0, random.below(MAX_PARTS));
  return random.shuffled([first, ...others]).map((key) => {
    if (key !== first) key.operations++;
    const kind = random.pick(['put', 'put', 'put', 'delete', 'check'] as const);
    const isPut = kind === 'put';
    return {
      kind,
      key,
      value: isPut ? source.nextValue() : null,
      expectedRevision: kind === 'check' || random.chance(0.3) ? source.knownRevision(key) : null,
      ttlMs: isPut ? source.nextTtlMs() : 0,
    };
  });
}

export function partMutation({ kind, key, value, expectedRevision, ttlMs }: TransactionPart): Mutation {
  const bytes = Buffer.from(value ?? '');
  return { kind, key: key.bytes, value: bytes, expectedRevision, clientId: 0, sequence: 0, ttlMs };
}

export function partWords({ kind, key, value, expectedRevision }: TransactionPart): string {
  const what = value === null ? key.name : `${key.name}=${value}`;
  return `${kind} ${what}${expectedRevision === null ? '' : ` if revision ${expectedRevision}`}`;
}

/** What a transaction came to, as its client was told, or was not. */
export type TransactionOutcome =
  | { readonly kind: 'ok'; readonly results: readonly PlainResult[] }
  /** The first condition that did not hold, and the revision found instead; 0: no key. */
  | { readonly kind: 'conflict'; readonly at: number; readonly revision: number }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unknown' };

interface Recorded {
  readonly clientId: number;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

/**
 * A transaction in a history that knows one key at a time: an operation for each key that it
 * wrote or looked at, all of them over its whole time. An order of whole transactions gives one of
 * these, so that nothing right is taken for wrong; that each takes effect as a whole is for
 * `invariants/applied-once.ts`.
 */
export function recordedParts(
  parts: readonly TransactionPart[],
  outcome: TransactionOutcome,
  recorded: Recorded,
): Operation[] {
  return parts.flatMap((part, i): Operation[] => {
    const { key, expectedRevision } = part;
    const base = { ...recorded, key: key.name };
    if (outcome.kind === 'conflict') {
      // Conditions before that place held, and nobody looked at those after it.
      if (expectedRevision === null || i > outcome.at) return [];
      return [observation(base, i === outcome.at ? outcome.revision : expectedRevision)];
    }
    if (part.kind === 'check') return outcome.kind === 'ok' ? [observation(base, expectedRevision ?? 0)] : [];
    const result = outcome.kind === 'ok' ? outcome.results[i] : undefined;
    const told = result?.kind === 'put' ? { revision: result.row.revision } : {};
    if (expectedRevision !== null) {
      return [{ ...base, kind: 'cas', outcome: outcome.kind, expectedRevision, value: part.value, ...told }];
    }
    if (part.value === null) return [{ ...base, kind: 'delete', outcome: outcome.kind }];
    return [{ ...base, kind: 'put', outcome: outcome.kind, value: part.value, ...told }];
  });
}

/** A look at the revision of a key, which is what a compare-and-swap on any other revision comes to. */
function observation(base: Recorded & { readonly key: string }, revision: number): Operation {
  return { ...base, kind: 'cas', outcome: 'conflict', expectedRevision: revision + 1, value: null, revision };
}
