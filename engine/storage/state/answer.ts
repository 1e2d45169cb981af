import type { Mutation } from '../codec/command.ts';
import { CorruptDataError } from '../errors.ts';
import { Gone, type KvRowMeta, type MutationResult, type PlainResult } from '../types.ts';
import type { StoredAnswer } from './session-codec.ts';

/** The first number of a stored answer. */
const PUT = 0;
const DELETED = 1;
const CONFLICT = 2;
const CHECKED = 3;
const TRANSACTION = 4;

/** A result as it is kept for a client that may ask again. Without keys and values: the client names the key, and values are large. */
export function storedAnswer(result: MutationResult): StoredAnswer {
  switch (result.kind) {
    case 'put':
      return metaNumbers(PUT, result.row);
    case 'deleted':
      return [DELETED, result.found ? 1 : 0, result.revision];
    case 'checked':
      return [CHECKED];
    case 'conflict':
      return result.current === null
        ? [CONFLICT, result.at]
        : [CONFLICT, result.at, ...metaNumbers(CONFLICT, result.current).slice(1)];
    case 'transaction':
      // Each part behind the number of its numbers.
      return [TRANSACTION, ...result.results.map(storedAnswer).flatMap((numbers) => [numbers.length, ...numbers])];
    case 'session':
    case 'refused':
      throw new TypeError(`a result of kind ${result.kind} is not kept`);
  }
}

/** The result of the write that was applied before. */
export function answerAgain(answer: StoredAnswer, { key, parts = [] }: Mutation): MutationResult {
  if (answer[0] === TRANSACTION) {
    let at = 1;
    const results = parts.map((part) => {
      const end = at + 1 + (answer[at] ?? 0);
      const result = plainAgain(answer.slice(at + 1, end), part.key);
      at = end;
      return result;
    });
    return { kind: 'transaction', results };
  }
  if (answer[0] !== CONFLICT) return plainAgain(answer, key);
  const at = answer[1] ?? 0;
  if (answer.length <= 2) return { kind: 'conflict', at, current: null };
  return { kind: 'conflict', at, current: metaOf(parts[at]?.key ?? key, answer.slice(2)) };
}

function plainAgain([kind, ...numbers]: StoredAnswer, key: Uint8Array): PlainResult {
  switch (kind) {
    case PUT:
      return { kind: 'put', row: metaOf(key, numbers) };
    case DELETED:
      return { kind: 'deleted', found: numbers[0] === 1, revision: numbers[1] ?? 0 };
    case CHECKED:
      return { kind: 'checked' };
    case undefined:
    default:
      throw new CorruptDataError(`a stored answer has the unknown kind ${kind}`);
  }
}

function metaNumbers(kind: number, row: KvRowMeta): number[] {
  return [kind, row.revision, row.version, row.createdAtMs, row.updatedAtMs, row.valueSizeBytes, row.expiresAtMs];
}

function metaOf(key: Uint8Array, numbers: readonly number[]): KvRowMeta {
  const [revision = 0, version = 0, createdAtMs = 0, updatedAtMs = 0, valueSizeBytes = 0, expiresAtMs = 0] = numbers;
  return { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs, expiresAtMs, gone: Gone.No };
}
