import { MAX_TRANSACTION_WRITES, MAX_TTL_MS } from '../config/limits.ts';
import { partitionOfKey } from '../config/seahash.ts';
import { WriteKind, type WriteOperation } from '../rpc/kv.ts';
import { keyBytes, valueBytes, type BytesInput } from './bytes.ts';
import { InvalidArgumentError } from './errors.ts';
import type { TransactWrite } from './types.ts';

const NO_BYTES = new Uint8Array(0);

/** A write as it is sent, without its place in a session. Throws InvalidArgumentError, InvalidKeyError or InvalidValueError. */
export function writeOf(write: TransactWrite, clientId: number): WriteOperation {
  if ('put' in write) return putOf(keyBytes(write.put), write.value, write, clientId);
  if ('delete' in write) return operationOf(WriteKind.Delete, keyBytes(write.delete), NO_BYTES, write, clientId, 0);
  return operationOf(WriteKind.Check, keyBytes(write.check), NO_BYTES, write, clientId, 0);
}

/** A put of a key that `keyBytes` has made. Throws like `writeOf`. */
export function putOf(key: Uint8Array, value: BytesInput, options: PutConditions, clientId: number): WriteOperation {
  const { ttlMs } = options;
  if (ttlMs !== undefined && (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > MAX_TTL_MS)) {
    throw new InvalidArgumentError(`ttlMs is a whole number of milliseconds from 1 to ${MAX_TTL_MS} (ten years).`);
  }
  return operationOf(WriteKind.Put, key, valueBytes(value), options, clientId, ttlMs ?? 0);
}

interface PutConditions {
  readonly expectedRevision?: number | undefined;
  readonly ttlMs?: number | undefined;
}

function operationOf(
  kind: WriteKind,
  key: Uint8Array,
  value: Uint8Array,
  { expectedRevision }: PutConditions,
  clientId: number,
  ttlMs: number,
): WriteOperation {
  if (expectedRevision !== undefined && (!Number.isSafeInteger(expectedRevision) || expectedRevision < 0)) {
    throw new InvalidArgumentError('expectedRevision is a revision as get() gives it, or 0 for "no such key".');
  }
  return {
    kind,
    key,
    value,
    hasExpectedRevision: expectedRevision !== undefined,
    expectedRevision: expectedRevision ?? 0,
    clientId,
    sequence: 0,
    session: 0,
    acknowledged: 0,
    ttlMs,
  };
}

/** The one partition of all these writes. Throws InvalidArgumentError when there is no such. */
export function partitionOfAll(writes: readonly WriteOperation[], partitionCount: number): number {
  if (writes.length === 0 || writes.length > MAX_TRANSACTION_WRITES) {
    throw new InvalidArgumentError(`A transaction has 1 to ${MAX_TRANSACTION_WRITES} writes.`);
  }
  const partitions = new Set(writes.map(({ key }) => partitionOfKey(key, partitionCount)));
  const [partition, another] = partitions;
  if (partition === undefined || another !== undefined) {
    throw new InvalidArgumentError(
      `A transaction is of one partition; these keys are of ${[...partitions].sort((a, b) => a - b).join(', ')}.`,
    );
  }
  return partition;
}
