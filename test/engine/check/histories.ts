import type { CasOperation, GetOperation, Operation, PutOperation } from '../../../engine/check/index.ts';

/** A generator of numbers in [0, 1) that a seed replays (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Times = readonly [invokedAt: number, returnedAt: number];

/** Short ways to write operations of key "k" down; the client is the number of the operation. */
let clientId = 0;
const base = ([invokedAt, returnedAt]: Times) => ({ clientId: ++clientId, key: 'k', invokedAt, returnedAt });

export const put = (times: Times, value: string, rest: Partial<PutOperation> = {}): Operation => ({
  ...base(times),
  kind: 'put',
  outcome: 'ok',
  value,
  ...rest,
});
export const get = (times: Times, value: string | null, rest: Partial<GetOperation> = {}): Operation => ({
  ...base(times),
  kind: 'get',
  outcome: 'ok',
  value,
  ...rest,
});
export const remove = (times: Times, outcome: 'ok' | 'failed' | 'unknown' = 'ok'): Operation => ({
  ...base(times),
  kind: 'delete',
  outcome,
});
export const cas = (
  times: Times,
  expectedRevision: number,
  value: string | null,
  rest: Partial<CasOperation> = {},
): Operation => ({ ...base(times), kind: 'cas', outcome: 'ok', expectedRevision, value, ...rest });

export interface StoreHistory {
  readonly operations: number;
  readonly keys: number;
  /** At most this many operations overlap at any time. */
  readonly clients: number;
  /** The share of operations whose outcome the client never learns. */
  readonly unknown: number;
  readonly seed: number;
}

/** What clients of a correct store see: each operation takes effect at one moment within its time. */
export function storeHistory({ operations, keys, clients, unknown, seed }: StoreHistory): Operation[] {
  const random = randomFrom(seed);
  const planned = Array.from({ length: operations }, (_, i) => {
    const invokedAt = Math.floor(i / clients) * 10 + random();
    const returnedAt = invokedAt + 9 * random();
    return { client: i % clients, invokedAt, returnedAt, effectAt: invokedAt + random() * (returnedAt - invokedAt) };
  });
  planned.sort((a, b) => a.effectAt - b.effectAt);
  const store = new Map<string, { value: string; revision: number }>();
  let revision = 0;
  return planned.map(({ client, invokedAt, returnedAt }, i): Operation => {
    const key = `key-${Math.floor(random() * keys)}`;
    const there = store.get(key);
    const lost = random() < unknown;
    const happens = !lost || random() < 0.5;
    const common = { clientId: client, key, invokedAt, returnedAt: lost ? Infinity : returnedAt };
    const outcome = lost ? ('unknown' as const) : ('ok' as const);
    const kind = random();
    if (kind < 0.45) {
      return lost
        ? { ...common, kind: 'get', outcome, value: null }
        : { ...common, kind: 'get', outcome, value: there?.value ?? null, revision: there?.revision ?? 0 };
    }
    if (kind < 0.55) {
      if (happens) store.delete(key);
      return { ...common, kind: 'delete', outcome };
    }
    const value = `value-${i}`;
    const told = lost ? {} : { revision: revision + 1 };
    if (kind < 0.8) {
      if (happens) store.set(key, { value, revision: ++revision });
      return { ...common, kind: 'put', value, outcome, ...told };
    }
    const expectedRevision = random() < 0.3 ? Math.floor(random() * revision) : (there?.revision ?? 0);
    if (expectedRevision !== (there?.revision ?? 0)) {
      const conflict = lost ? { outcome } : { outcome: 'conflict' as const, revision: there?.revision ?? 0 };
      return { ...common, kind: 'cas', expectedRevision, value, ...conflict };
    }
    if (happens) store.set(key, { value, revision: ++revision });
    return { ...common, kind: 'cas', expectedRevision, value, outcome, ...told };
  });
}

/** A few operations on one key with few values and few revisions, legal or not. */
export function smallHistory(random: () => number, count: number): Operation[] {
  const pick = (below: number): number => Math.floor(random() * below);
  return Array.from({ length: count }, (): Operation => {
    const invokedAt = pick(14);
    const fate = random();
    const outcome = fate < 0.75 ? 'ok' : fate < 0.95 ? 'unknown' : 'failed';
    const common = {
      clientId: pick(3),
      key: 'k',
      invokedAt,
      returnedAt: outcome === 'unknown' ? Infinity : invokedAt + 1 + pick(6),
      outcome,
    } as const;
    const value = ['a', 'b', 'c'][pick(3)] as string;
    const revision = outcome === 'ok' && random() < 0.4 ? 1 + pick(4) : undefined;
    const kind = random();
    if (kind < 0.35) {
      const found = random() < 0.7;
      return { ...common, kind: 'get', value: found ? value : null, revision: found ? revision : undefined };
    }
    if (kind < 0.6) return { ...common, kind: 'put', value, revision };
    if (kind < 0.7) return { ...common, kind: 'delete' };
    const expectedRevision = pick(4);
    if (outcome === 'ok' && random() < 0.4) {
      const found = random() < 0.5 ? undefined : pick(4);
      return { ...common, kind: 'cas', outcome: 'conflict', expectedRevision, value, revision: found };
    }
    return { ...common, kind: 'cas', expectedRevision, value: random() < 0.8 ? value : null, revision };
  });
}
