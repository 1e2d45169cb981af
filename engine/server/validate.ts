import { MAX_KEY_BYTES, MAX_SCAN_LIMIT, MAX_VALUE_BYTES } from '../config/limits.ts';
import { ReadMode, WriteKind, type KvRequest } from '../rpc/kv.ts';

/** What is wrong with a key, in a sentence, or null. */
export function keyProblem(key: Uint8Array): string | null {
  if (key.length === 0) return 'The key is empty. A key has 1 to 4096 bytes.';
  if (key.length > MAX_KEY_BYTES) {
    return `The key has ${key.length} bytes; at most ${MAX_KEY_BYTES} are allowed. Shorten it, or put part of it into the value.`;
  }
  return null;
}

/** What is wrong with a value, in a sentence, or null. */
export function valueProblem(value: Uint8Array): string | null {
  if (value.length <= MAX_VALUE_BYTES) return null;
  return `The value has ${value.length} bytes; at most ${MAX_VALUE_BYTES} (1 MiB) are allowed. Split it over several keys.`;
}

/** A uint64 that is held exactly. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function partitionProblem(partition: number, partitionCount: number): string | null {
  if (partition < partitionCount) return null;
  return `There is no partition ${partition}; they are numbered 0 to ${partitionCount - 1}.`;
}

const readModes: readonly number[] = Object.values(ReadMode);
const writeKinds: readonly number[] = Object.values(WriteKind);

/** What is wrong with a request from outside, in a sentence, or null. */
export function requestProblem(request: KvRequest, partitionCount: number): string | null {
  if (request.get) {
    if (!readModes.includes(request.get.readMode)) return `${request.get.readMode} is no read mode.`;
    return keyProblem(request.get.key);
  }
  if (request.write) {
    if (!writeKinds.includes(request.write.kind)) return `${request.write.kind} is no kind of write.`;
    // Every replica decodes these: a number that one leader let through would stop them all.
    if (!isCount(request.write.expectedRevision)) return 'The expected revision is too large.';
    const { clientId, sequence, session, acknowledged } = request.write;
    if (![clientId, sequence, session, acknowledged].every(isCount)) {
      return 'A client id, a session, a sequence and what is acknowledged are below 2^53.';
    }
    if (session !== 0 && sequence === 0) return 'The writes of a session are numbered from 1.';
    return keyProblem(request.write.key) ?? valueProblem(request.write.value);
  }
  if (request.scan) {
    const { scan } = request;
    if (!readModes.includes(scan.readMode)) return `${scan.readMode} is no read mode.`;
    const problem = partitionProblem(scan.partition, partitionCount);
    if (problem !== null) return problem;
    if (scan.prefix.length > MAX_KEY_BYTES || scan.after.length > MAX_KEY_BYTES) {
      return `A prefix or cursor has at most ${MAX_KEY_BYTES} bytes.`;
    }
    if (scan.limit < 1 || scan.limit > MAX_SCAN_LIMIT) return `A scan returns 1 to ${MAX_SCAN_LIMIT} keys a page.`;
    return null;
  }
  if (request.openSession) return partitionProblem(request.openSession.partition, partitionCount);
  return 'The request names no operation (get, write, scan or open_session).';
}
