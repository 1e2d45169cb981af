import { writtenValue, type Operation } from './operation.ts';

/** Whether the write took effect for certain, so that what was before it is gone after it. */
export function replaces(operation: Operation): boolean {
  return operation.kind !== 'get' && operation.outcome === 'ok';
}

/** Whether the answer depends on what is there. */
export function observes(operation: Operation): boolean {
  return operation.kind === 'get' || operation.kind === 'cas';
}

/** Whether the answer of `observer` could come from `writer`, as far as values and revisions go. */
export function couldTell(observer: Operation, writer: Operation): boolean {
  const value = writtenValue(writer);
  if (value === undefined || writer.outcome === 'conflict') return false;
  const revision = writer.kind === 'delete' || writer.outcome !== 'ok' ? undefined : writer.revision;
  const tells = (told: number): boolean =>
    told === 0 || value === null ? told === 0 && value === null : revision === undefined || revision === told;
  if (observer.kind === 'get') {
    return observer.value === value && (value === null || observer.revision === undefined || tells(observer.revision));
  }
  if (observer.kind !== 'cas') return false;
  if (observer.outcome !== 'conflict') return tells(observer.expectedRevision);
  if (observer.revision !== undefined) return tells(observer.revision);
  return revision === undefined || revision !== observer.expectedRevision;
}

/** Whether the answer of `observer` could be that of a key that was never written. */
function couldTellNothing(observer: Operation): boolean {
  if (observer.kind === 'get') return observer.value === null;
  if (observer.kind !== 'cas') return true;
  if (observer.outcome !== 'conflict') return observer.expectedRevision === 0;
  return observer.revision === undefined ? observer.expectedRevision !== 0 : observer.revision === 0;
}

/**
 * Whether the order in time allows `observer` to see `writer`: it must not begin after the
 * answer, and what returned before `replacedBefore` was replaced by another write which had
 * itself returned when the observer began.
 */
export function inTime(observer: Operation, writer: Operation, replacedBefore: number): boolean {
  const gone = writer.outcome !== 'unknown' && writer.returnedAt < replacedBefore;
  const afterwards = observer.outcome !== 'unknown' && writer.invokedAt > observer.returnedAt;
  return !gone && !afterwards;
}

/**
 * The first answer that no write can have given, with the write that replaced the last one
 * that could, if any: the plainest violations, among them every stale read of a value that
 * was written once. Much faster than a search, and found before it.
 */
export function impossibleAnswer(operations: readonly Operation[]): readonly Operation[] | undefined {
  const writes = operations.filter((one) => one.kind !== 'get').sort((a, b) => a.invokedAt - b.invokedAt);
  const replacing = writes.filter(replaces).sort((a, b) => a.returnedAt - b.returnedAt);
  const observers = operations.filter((one) => observes(one) && one.outcome !== 'unknown');
  observers.sort((a, b) => a.invokedAt - b.invokedAt);

  let replacer: Operation | undefined;
  let returned = 0;
  let first: { readonly observer: Operation; readonly replacer: Operation | undefined } | undefined;
  for (const observer of observers) {
    for (; returned < replacing.length; returned++) {
      const write = replacing[returned] as Operation;
      if (write.returnedAt >= observer.invokedAt) break;
      if (replacer === undefined || write.invokedAt > replacer.invokedAt) replacer = write;
    }
    if (first !== undefined && first.observer.returnedAt <= observer.returnedAt) continue;
    if (replacer === undefined && couldTellNothing(observer)) continue;
    if (!hasSource(observer, writes, replacer?.invokedAt ?? -Infinity)) first = { observer, replacer };
  }
  if (first === undefined) return undefined;
  return first.replacer === undefined ? [first.observer] : [first.replacer, first.observer];
}

/** Looks from the latest write backwards, since most answers come from a recent one. */
function hasSource(observer: Operation, writes: readonly Operation[], replacedBefore: number): boolean {
  let [low, high] = [0, writes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((writes[middle] as Operation).invokedAt > observer.returnedAt) high = middle;
    else low = middle + 1;
  }
  for (let i = low - 1; i >= 0; i--) {
    const writer = writes[i] as Operation;
    if (writer !== observer && inTime(observer, writer, replacedBefore) && couldTell(observer, writer)) return true;
  }
  return false;
}
