import type { Mutation } from '../codec/command.ts';
import { CorruptDataError } from '../errors.ts';
import type { KvRow, KvRowMeta, MutationResult } from '../types.ts';
import type { StoredAnswer } from './session-codec.ts';

/** The first number of a stored answer. */
const PUT = 0;
const DELETED = 1;
const CONFLICT = 2;

const NO_VALUE: Uint8Array = new Uint8Array(0);

/** A result as it is kept for a client that may ask again. Without keys and values: the client names the key, and values are large. */
export function storedAnswer(result: MutationResult): StoredAnswer {
  switch (result.kind) {
    case 'put':
      return metaNumbers(PUT, result.row);
    case 'deleted':
      return [DELETED, result.found ? 1 : 0, result.revision];
    case 'conflict':
      return result.current === null ? [CONFLICT] : metaNumbers(CONFLICT, result.current);
    case 'session':
    case 'refused':
      throw new TypeError(`a result of kind ${result.kind} is not kept`);
  }
}

/**
 * The result of the write that was applied before. The row that a conflict found has its
 * value while it is still what is there under that revision, and none afterwards.
 */
export function answerAgain(
  answer: StoredAnswer,
  { key }: Mutation,
  get: (key: Uint8Array) => KvRow | undefined,
): MutationResult {
  const [kind, ...numbers] = answer;
  switch (kind) {
    case PUT:
      return { kind: 'put', row: metaOf(key, numbers) };
    case DELETED:
      return { kind: 'deleted', found: numbers[0] === 1, revision: numbers[1] ?? 0 };
    case CONFLICT: {
      if (numbers.length === 0) return { kind: 'conflict', current: null };
      const meta = metaOf(key, numbers);
      const now = get(key);
      return { kind: 'conflict', current: now?.revision === meta.revision ? now : { ...meta, value: NO_VALUE } };
    }
    case undefined:
    default:
      throw new CorruptDataError(`a stored answer has the unknown kind ${kind}`);
  }
}

function metaNumbers(kind: number, row: KvRowMeta): number[] {
  return [kind, row.revision, row.version, row.createdAtMs, row.updatedAtMs, row.valueSizeBytes];
}

function metaOf(key: Uint8Array, numbers: readonly number[]): KvRowMeta {
  const [revision = 0, version = 0, createdAtMs = 0, updatedAtMs = 0, valueSizeBytes = 0] = numbers;
  return { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs };
}
