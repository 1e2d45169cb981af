/**
 * One operation of a history, as its client saw it. Times are of one monotonic clock, in
 * milliseconds. An operation whose outcome is unknown (a timeout, a lost connection) may
 * have taken effect at any time after its invocation, or never; its `returnedAt` counts
 * for nothing and may be Infinity.
 */
interface OperationBase {
  readonly clientId: number;
  readonly key: string;
  readonly invokedAt: number;
  readonly returnedAt: number;
}

export interface GetOperation extends OperationBase {
  readonly kind: 'get';
  /** `failed` and `unknown` say the same of a get: it returned nothing. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  /** What was read, null for "not found". Meaningful when ok. */
  readonly value: string | null;
  /** The revision that was read, when the answer told it. */
  readonly revision?: number;
}

export interface PutOperation extends OperationBase {
  readonly kind: 'put';
  /** `failed`: it certainly has not happened and never will. */
  readonly outcome: 'ok' | 'failed' | 'unknown';
  readonly value: string;
  /** The revision that the write was given, when the answer told it. */
  readonly revision?: number;
}

export interface DeleteOperation extends OperationBase {
  readonly kind: 'delete';
  readonly outcome: 'ok' | 'failed' | 'unknown';
}

/** Writes only if the key's revision is the expected one; 0 expects that there is no key. */
export interface CasOperation extends OperationBase {
  readonly kind: 'cas';
  /** `conflict`: it was tried and the revision was another one. `failed`: it was not even tried. */
  readonly outcome: 'ok' | 'conflict' | 'failed' | 'unknown';
  readonly expectedRevision: number;
  /** What to write; null deletes the key. */
  readonly value: string | null;
  /** When ok, the new revision; on a conflict the one that was found (0: no key). If told. */
  readonly revision?: number;
}

export type Operation = GetOperation | PutOperation | DeleteOperation | CasOperation;

/** The history is not one: the message names the operation and what is wrong with it. */
export class InvalidHistoryError extends Error {
  override readonly name = 'InvalidHistoryError';
}

/** The value that an operation writes when it takes effect; undefined when it writes nothing. */
export function writtenValue(operation: Operation): string | null | undefined {
  switch (operation.kind) {
    case 'get':
      return undefined;
    case 'delete':
      return null;
    case 'put':
    case 'cas':
      return operation.value;
  }
}

function problem(operation: Operation): string | undefined {
  const { invokedAt, returnedAt } = operation;
  if (!Number.isFinite(invokedAt)) return `invokedAt is ${invokedAt}`;
  if (operation.outcome !== 'unknown') {
    if (!Number.isFinite(returnedAt)) return `its outcome is known, but returnedAt is ${returnedAt}`;
    if (returnedAt < invokedAt) return 'it returned before it was invoked';
  }
  if (operation.kind === 'cas' && !isRevision(operation.expectedRevision, 0)) {
    return `expectedRevision is ${operation.expectedRevision}`;
  }
  if (operation.kind === 'delete' || operation.revision === undefined) return undefined;
  if (operation.outcome !== 'ok' && operation.outcome !== 'conflict') return 'only an answer can tell a revision';
  const absent = operation.kind === 'get' ? operation.value === null : operation.outcome === 'conflict';
  if (operation.kind === 'get' && absent && operation.revision !== 0) return 'a missing key has no revision';
  if (!isRevision(operation.revision, absent ? 0 : 1)) return `revision is ${operation.revision}`;
  return undefined;
}

function isRevision(value: number, lowest: number): boolean {
  return Number.isSafeInteger(value) && value >= lowest;
}

/** Throws InvalidHistoryError when the operations contradict themselves. */
export function validate(operations: readonly Operation[]): void {
  for (const [index, operation] of operations.entries()) {
    const found = problem(operation);
    if (found !== undefined) {
      throw new InvalidHistoryError(`operation ${index} (${operation.kind} of ${operation.key}): ${found}`);
    }
  }
}
