import { MAX_TRANSACTION_WRITES, MAX_TTL_MS } from '../config/limits.ts';
import { partitionOfKey } from '../config/seahash.ts';
import { WriteKind, type WriteOperation } from '../rpc/kv.ts';
import { keyBytes, valueBytes } from './bytes.ts';
import { InvalidArgumentError } from './errors.ts';
import type { TransactWrite } from './types.ts';

const NO_BYTES = new Uint8Array(0);

/** A write as it is sent, without its place in a session. Throws InvalidArgumentError, InvalidKeyError or InvalidValueError. */
export function writeOf(write: TransactWrite, clientId: number): WriteOperation {
  const { expectedRevision } = write;
  if (expectedRevision !== undefined && (!Number.isSafeInteger(expectedRevision) || expectedRevision < 0)) {
    throw new InvalidArgumentError('expectedRevision is a revision as get() gives it, or 0 for "no such key".');
  }
  const common = {
    value: NO_BYTES,
    hasExpectedRevision: expectedRevision !== undefined,
    expectedRevision: expectedRevision ?? 0,
    clientId,
    sequence: 0,
    session: 0,
    acknowledged: 0,
    ttlMs: 0,
  };
  if ('put' in write) {
    const { put, value, ttlMs = 0 } = write;
    const hasTtl = write.ttlMs !== undefined;
    if (hasTtl && (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > MAX_TTL_MS)) {
      throw new InvalidArgumentError(`ttlMs is a whole number of milliseconds from 1 to ${MAX_TTL_MS} (ten years).`);
    }
    return { ...common, kind: WriteKind.Put, key: keyBytes(put), value: valueBytes(value), ttlMs };
  }
  if ('delete' in write) return { ...common, kind: WriteKind.Delete, key: keyBytes(write.delete) };
  return { ...common, kind: WriteKind.Check, key: keyBytes(write.check) };
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
