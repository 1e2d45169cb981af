import {
  MAX_KEY_BYTES,
  MAX_SCAN_LIMIT,
  MAX_TRANSACTION_BYTES,
  MAX_TRANSACTION_WRITES,
  MAX_TTL_MS,
  MAX_VALUE_BYTES,
} from '../config/limits.ts';
import { partitionOfKey } from '../config/seahash.ts';
import { ReadMode, WriteKind, type KvRequest, type TransactOperation, type WriteOperation } from '../rpc/kv.ts';

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

/** Every replica decodes these numbers: one that a leader let through would stop them all. */
function writeProblem(write: WriteOperation): string | null {
  if (!writeKinds.includes(write.kind)) return `${write.kind} is no kind of write.`;
  if (!isCount(write.expectedRevision)) return 'The expected revision is too large.';
  if (!isCount(write.clientId)) return 'A client id is below 2^53.';
  if (!isCount(write.ttlMs) || write.ttlMs > MAX_TTL_MS) return 'A key expires after at most ten years.';
  return keyProblem(write.key) ?? valueProblem(write.value);
}

type Sequenced = Pick<WriteOperation, 'session' | 'sequence' | 'acknowledged'>;

function sessionProblem({ session, sequence, acknowledged }: Sequenced): string | null {
  if (!isCount(session) || !isCount(sequence) || !isCount(acknowledged)) {
    return 'A session, a sequence and what is acknowledged are below 2^53.';
  }
  return session !== 0 && sequence === 0 ? 'The writes of a session are numbered from 1.' : null;
}

function transactProblem(transact: TransactOperation, partitionCount: number): string | null {
  const { writes } = transact;
  if (writes.length === 0) return 'A transaction has at least one write.';
  if (writes.length > MAX_TRANSACTION_WRITES) {
    return `A transaction has at most ${MAX_TRANSACTION_WRITES} writes; this one has ${writes.length}.`;
  }
  let bytes = 0;
  for (const [at, write] of writes.entries()) {
    const problem = writeProblem(write);
    if (problem !== null) return `Write ${at}: ${problem}`;
    if (write.kind === WriteKind.Check && !write.hasExpectedRevision) return `Write ${at}: A check has a condition.`;
    bytes += write.key.length + write.value.length;
  }
  if (bytes > MAX_TRANSACTION_BYTES) {
    return `Keys and values of a transaction have at most ${MAX_TRANSACTION_BYTES} bytes; these have ${bytes}.`;
  }
  const partitions = new Set(writes.map((write) => partitionOfKey(write.key, partitionCount)));
  if (partitions.size > 1) {
    return `The keys of a transaction are of one partition; these are of ${[...partitions].join(', ')}.`;
  }
  return sessionProblem(transact);
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
    if (request.write.kind === WriteKind.Check) return 'A check is part of a transaction.';
    return writeProblem(request.write) ?? sessionProblem(request.write);
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
  if (request.transact) return transactProblem(request.transact, partitionCount);
  if (request.history) {
    if (!readModes.includes(request.history.readMode)) return `${request.history.readMode} is no read mode.`;
    return keyProblem(request.history.key);
  }
  if (request.openSession) return partitionProblem(request.openSession.partition, partitionCount);
  return 'The request names no operation (get, write, scan, open_session, transact or history).';
}
