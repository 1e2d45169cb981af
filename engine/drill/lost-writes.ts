import type { Operation } from '../check/index.ts';

/** What a key was read as when all was over. */
export interface FinalRead {
  readonly value: string | null;
  /** 0 for a key that is not there. */
  readonly revision: number;
}

type Write = Exclude<Operation, { kind: 'get' }>;

const MAX_EXAMPLES = 5;

/**
 * Acknowledged writes that the final reads contradict. A write may have been the last of its
 * key unless an acknowledged one began after it had returned; the final read must show one of
 * those, and no smaller revision than any that was acknowledged. Losses that a later write has
 * covered up do not show here: the linearizability check looks for them.
 */
export function lostWrites(
  operations: readonly Operation[],
  finals: ReadonlyMap<string, FinalRead>,
): { readonly count: number; readonly examples: string[] } {
  const writes = operations.filter(
    (one): one is Write => one.kind !== 'get' && (one.outcome === 'ok' || one.outcome === 'unknown'),
  );
  let count = 0;
  const examples: string[] = [];
  for (const [key, ofKey] of Map.groupBy(writes, (one) => one.key)) {
    const final = finals.get(key);
    if (final === undefined) continue;
    const lost = lostOfKey(ofKey, final);
    count += lost.length;
    for (const write of lost.slice(0, MAX_EXAMPLES - examples.length)) examples.push(describe(write, final));
  }
  return { count, examples };
}

function lostOfKey(writes: readonly Write[], final: FinalRead): Write[] {
  const acknowledged = writes.filter((one) => one.outcome === 'ok');
  const lastBegunMs = Math.max(...acknowledged.map((one) => one.invokedAt));
  const mayBeLast = (one: Write) => one.outcome === 'unknown' || one.returnedAt >= lastBegunMs;
  if (acknowledged.length > 0 && !writes.some((one) => mayBeLast(one) && valueOf(one) === final.value)) {
    return acknowledged.filter(mayBeLast);
  }
  if (final.value === null) return [];
  return acknowledged.filter((one) => one.kind !== 'delete' && (one.revision ?? 0) > final.revision);
}

function valueOf(write: Write): string | null {
  return write.kind === 'delete' ? null : write.value;
}

function describe(write: Write, final: FinalRead): string {
  const value = valueOf(write);
  const what = value === null ? 'a delete' : JSON.stringify(value);
  const revision = write.kind === 'delete' || write.revision === undefined ? '' : ` at revision ${write.revision}`;
  const now =
    final.value === null ? 'is not there' : `reads ${JSON.stringify(final.value)} at revision ${final.revision}`;
  return `${write.key}: ${what}${revision} was acknowledged to client ${write.clientId}, and the key ${now}`;
}
