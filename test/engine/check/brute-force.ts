import type { Operation } from '../../../engine/check/index.ts';

/**
 * Whether a small history of one key is linearizable, by trying every order of every choice
 * of unknown operations. As plain as possible, and without a thought in common with the
 * checker: the revisions of an order are solved for at its end.
 */
export function isLinearizable(history: readonly Operation[]): boolean {
  const certain = history.filter((one) => one.outcome === 'ok' || one.outcome === 'conflict');
  const unknown = history.filter((one) => one.outcome === 'unknown' && one.kind !== 'get');
  for (let choice = 0; choice < 2 ** unknown.length; choice++) {
    const chosen = unknown.filter((_, i) => (choice & (1 << i)) !== 0);
    if (anyOrder([], [...certain, ...chosen])) return true;
  }
  return false;
}

function anyOrder(order: readonly Operation[], rest: readonly Operation[]): boolean {
  if (rest.length === 0) return isLegal(order);
  return rest.some((next) => {
    const others = rest.filter((one) => one !== next);
    const tooEarly = others.some((one) => one.outcome !== 'unknown' && one.returnedAt < next.invokedAt);
    return !tooEarly && anyOrder([...order, next], others);
  });
}

interface Version {
  readonly value: string;
  readonly is: number[];
  readonly isNot: number[];
}

function isLegal(order: readonly Operation[]): boolean {
  const versions: Version[] = [];
  let current: Version | null = null;
  const put = (value: string | null, revision: number | undefined): Version | null => {
    if (value === null) return null;
    const version = { value, is: revision === undefined ? [] : [revision], isNot: [] };
    versions.push(version);
    return version;
  };
  for (const one of order) {
    const now: Version | null = current;
    if (one.kind === 'put') current = put(one.value, one.revision);
    else if (one.kind === 'delete') current = null;
    else if (one.kind === 'get') {
      if ((now?.value ?? null) !== one.value) return false;
      if (now !== null && one.revision !== undefined) now.is.push(one.revision);
    } else if (one.outcome === 'conflict') {
      const { expectedRevision, revision } = one;
      if (revision === undefined) {
        if (expectedRevision === 0 && now === null) return false;
        if (expectedRevision !== 0) now?.isNot.push(expectedRevision);
      } else {
        if (revision === expectedRevision || (revision === 0) !== (now === null)) return false;
        now?.is.push(revision);
      }
    } else {
      if ((one.expectedRevision === 0) !== (now === null)) return false;
      now?.is.push(one.expectedRevision);
      current = put(one.value, one.revision);
    }
  }
  let last = 0;
  for (const { is, isNot } of versions) {
    let revision = is[0];
    if (revision === undefined) {
      revision = last + 1;
      while (isNot.includes(revision)) revision++;
    }
    if (revision <= last || isNot.includes(revision) || is.some((other) => other !== revision)) return false;
    last = revision;
  }
  return true;
}
