import { writtenValue, type CasOperation, type GetOperation, type Operation } from './operation.ts';

/** More lines than this are no longer read. */
const MAX_LINES = 40;

function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}

function milliseconds(time: number): string {
  return String(Math.round(time * 1000) / 1000);
}

function name(operation: Operation): string {
  switch (operation.kind) {
    case 'get':
      return 'get';
    case 'put':
      return `put ${quoted(operation.value)}`;
    case 'delete':
      return 'delete';
    case 'cas': {
      const write = operation.value === null ? 'delete' : `put ${quoted(operation.value)}`;
      const { expectedRevision } = operation;
      return expectedRevision === 0 ? `${write} if there is no key` : `${write} if the revision is ${expectedRevision}`;
    }
  }
}

function result(operation: Operation): string {
  const { outcome } = operation;
  if (outcome === 'unknown') return 'outcome unknown';
  if (outcome === 'failed') return 'failed, nothing written';
  const revision = operation.kind === 'delete' ? undefined : operation.revision;
  if (outcome === 'conflict') {
    if (revision === undefined) return 'conflict';
    return revision === 0 ? 'conflict: there was no key' : `conflict: the revision was ${revision}`;
  }
  const suffix = revision === undefined || revision === 0 ? '' : `, revision ${revision}`;
  if (operation.kind !== 'get') return `acknowledged${suffix}`;
  return operation.value === null ? 'not found' : `${quoted(operation.value)}${suffix}`;
}

function read(get: GetOperation): string {
  return get.value === null ? 'no key' : quoted(get.value);
}

/** One operation in one line. */
function describe(operation: Operation): string {
  const end = operation.outcome === 'unknown' ? 'on' : `to ${milliseconds(operation.returnedAt)}`;
  const when = `from ${milliseconds(operation.invokedAt)} ${end} ms`;
  return `client ${operation.clientId}: ${name(operation)}: ${result(operation)} (${when})`;
}

function before(first: Operation, second: Operation): boolean {
  return first.outcome !== 'unknown' && first.returnedAt < second.invokedAt;
}

function sameSwap(window: readonly Operation[]): string | undefined {
  const swaps = window.filter((one): one is CasOperation => one.kind === 'cas' && one.outcome === 'ok');
  const deletes = window.filter((one) => one.outcome !== 'conflict' && writtenValue(one) === null);
  for (const [at, first] of swaps.entries()) {
    const second = swaps.slice(at + 1).find((other) => other.expectedRevision === first.expectedRevision);
    if (second === undefined) continue;
    if (first.expectedRevision > 0) {
      return `two compare-and-swaps both succeeded on revision ${first.expectedRevision}`;
    }
    const deletedBetween = deletes.some((one) => !before(one, first) || !before(one, second));
    if (!deletedBetween) return 'two compare-and-swaps both succeeded in creating the key';
  }
  return undefined;
}

/** Why this get could not return what it did, when that can be said of it alone. */
function impossibleRead(
  get: GetOperation,
  window: readonly Operation[],
  all: readonly Operation[],
): string | undefined {
  const { value } = get;
  const answer = value === null ? 'found no key' : `returned ${quoted(value)}`;
  const writers = all.filter((one) => writtenValue(one) === value && one.outcome !== 'conflict');
  const possible = writers.filter((one) => one.outcome !== 'failed');
  if (value !== null && possible.length === 0) {
    return writers.length > 0
      ? `a get ${answer}, the value of a write that definitely failed`
      : `a get ${answer}, which nobody had written`;
  }
  if (value !== null && possible.every((one) => one.invokedAt > get.returnedAt)) {
    return `a get ${answer} before that was written`;
  }
  const newer = window.find(
    (one) =>
      one.outcome === 'ok' &&
      one.kind !== 'get' &&
      writtenValue(one) !== value &&
      before(one, get) &&
      possible.every((writer) => before(writer, one) || writer.invokedAt > get.returnedAt),
  );
  if (newer === undefined) return undefined;
  const lost = `${name(newer)} was acknowledged before a get began, yet the get ${answer}`;
  if (value !== null) return `stale read: ${lost}, which is older`;
  return `lost write: ${lost}, and nobody had deleted it since`;
}

function fallingRevision(window: readonly Operation[]): string | undefined {
  for (const first of window) {
    if (first.kind === 'delete' || first.outcome !== 'ok' || first.revision === undefined) continue;
    for (const second of window) {
      if (second.kind === 'delete' || second.outcome !== 'ok' || !before(first, second)) continue;
      if (second.revision === undefined || second.revision === 0 || second.revision >= first.revision) continue;
      return `revision ${second.revision} was told after revision ${first.revision}`;
    }
  }
  return undefined;
}

/** Whether a compare-and-swap that began after this write must have found something else than it expects. */
function outdates(write: Operation, expectedRevision: number): boolean {
  if (write.kind === 'get' || write.kind === 'delete' || write.outcome !== 'ok' || write.value === null) return false;
  return expectedRevision === 0 || (write.revision !== undefined && write.revision > expectedRevision);
}

function staleSwap(window: readonly Operation[]): string | undefined {
  for (const swap of window) {
    if (swap.kind !== 'cas' || swap.outcome !== 'ok') continue;
    const newer = window.find((one) => outdates(one, swap.expectedRevision) && before(one, swap));
    if (newer === undefined) continue;
    const deletes = window.filter((one) => one !== swap && one.outcome !== 'conflict' && writtenValue(one) === null);
    if (swap.expectedRevision === 0 && deletes.some((one) => !before(one, newer))) continue;
    const on = swap.expectedRevision === 0 ? 'as if there were no key' : `on revision ${swap.expectedRevision}`;
    return `lost update: ${name(newer)} was acknowledged before a compare-and-swap began, which succeeded ${on} nevertheless`;
  }
  return undefined;
}

function readsGoBack(window: readonly Operation[], all: readonly Operation[]): string | undefined {
  const gets = window.filter((one): one is GetOperation => one.kind === 'get');
  for (const first of gets) {
    for (const second of gets) {
      if (!before(first, second) || second.value === first.value) continue;
      // Had its writes all returned when the first get began, the second value was replaced by then.
      const writers = all.filter((one) => writtenValue(one) === second.value && one.outcome !== 'conflict');
      if (!writers.every((one) => one.outcome === 'failed' || before(one, first))) continue;
      return `reads go back: a get returned ${read(first)}, and a later one ${read(second)}, which that had replaced`;
    }
  }
  return undefined;
}

/**
 * Says in words what is wrong. `window` is the smallest violation, `all` every operation of
 * the key: the reason may be an operation that a violation does not need, such as a failed one.
 */
export function explain(
  key: string,
  window: readonly Operation[],
  all: readonly Operation[],
): { explanation: string; evidence: readonly Operation[] } {
  let reason = sameSwap(window);
  const evidence: Operation[] = [];
  for (const one of window) {
    if (reason !== undefined) break;
    if (one.kind !== 'get') continue;
    reason = impossibleRead(one, window, all);
    if (reason === undefined || one.value === null) continue;
    const shown = window.some((other) => writtenValue(other) === one.value);
    const writer = all.find((other) => writtenValue(other) === one.value && other.outcome !== 'conflict');
    if (!shown && writer !== undefined) evidence.push(writer);
  }
  reason ??= fallingRevision(window) ?? staleSwap(window) ?? readsGoBack(window, all);
  reason ??= 'no order of these operations gives each of them its answer';
  const operations = [...window, ...evidence].sort((a, b) => a.invokedAt - b.invokedAt);
  const lines = operations.slice(0, MAX_LINES).map((one) => `  ${describe(one)}`);
  if (operations.length > MAX_LINES) lines.push(`  and ${operations.length - MAX_LINES} more operations`);
  return { explanation: `key ${quoted(key)}: ${reason}\n${lines.join('\n')}`, evidence: operations };
}
