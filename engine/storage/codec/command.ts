import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../../config/limits.ts';
import { CorruptDataError } from '../errors.ts';
import {
  bytesFieldSize,
  varintFieldSize,
  varintSize,
  WireReader,
  writeBytesField,
  writeVarint,
  writeVarintField,
} from './wire.ts';

/** One change of one key, as it is replicated. */
export interface Mutation {
  /** `session` opens one; `check` only has a condition; `transaction` has parts. Neither session nor transaction has a key. */
  readonly kind: MutationKind;
  /** 1 to MAX_KEY_BYTES bytes. */
  readonly key: Uint8Array;
  /** Empty for a delete. */
  readonly value: Uint8Array;
  /** null: unconditional. 0: the key must not exist. Otherwise: the key's revision must be this one. */
  readonly expectedRevision: number | null;
  /** Who wrote it, for those who look at the log; 0 when the client does not say. Decides nothing. */
  readonly clientId: number;
  /** With a session: the how-manieth write of it this is, from 1. A write is applied once, however often it is in the log. */
  readonly sequence: number;
  /** The session that the write belongs to; 0 or absent: none, and each copy in the log is a write of its own. */
  readonly session?: number;
  /** All writes of the session up to this one are answered or given up: their answers can be forgotten. */
  readonly acknowledged?: number;
  /** Of a put: the key goes by itself so long after the command's time; 0 or absent: never. */
  readonly ttlMs?: number;
  /** Of a transaction: its writes, which have no sessions of their own. */
  readonly parts?: readonly Mutation[];
}

const KINDS = ['put', 'delete', 'session', 'check', 'transaction'] as const;
export type MutationKind = (typeof KINDS)[number];

/** The data of a normal entry. Mutations apply in order, each on its own. */
export interface Command {
  readonly mutations: readonly Mutation[];
  /** The proposing leader's wall clock in milliseconds since 1970. */
  readonly timeMs: number;
}

/** `Mutation.parts`. */
const PART_TAG = (11 << 3) | 2;

const EMPTY: Uint8Array = new Uint8Array(0);

function mutationSize(mutation: Mutation): number {
  const expected = mutation.expectedRevision;
  return (
    varintFieldSize(KINDS.indexOf(mutation.kind)) +
    (mutation.key.length === 0 ? 0 : bytesFieldSize(mutation.key.length)) +
    (mutation.value.length === 0 ? 0 : bytesFieldSize(mutation.value.length)) +
    (expected === null ? 0 : 2 + varintFieldSize(expected)) +
    varintFieldSize(mutation.clientId) +
    varintFieldSize(mutation.sequence) +
    varintFieldSize(mutation.session ?? 0) +
    varintFieldSize(mutation.acknowledged ?? 0) +
    varintFieldSize(mutation.ttlMs ?? 0) +
    (mutation.parts === undefined
      ? 0
      : mutation.parts.reduce((sum, part) => sum + bytesFieldSize(mutationSize(part)), 0))
  );
}

function writeMutation(target: Uint8Array, at: number, mutation: Mutation): number {
  let position = writeVarintField(target, at, 1, KINDS.indexOf(mutation.kind));
  if (mutation.key.length > 0) position = writeBytesField(target, position, 2, mutation.key);
  if (mutation.value.length > 0) position = writeBytesField(target, position, 3, mutation.value);
  if (mutation.expectedRevision !== null) {
    position = writeVarintField(target, position, 4, 1);
    position = writeVarintField(target, position, 5, mutation.expectedRevision);
  }
  position = writeVarintField(target, position, 6, mutation.clientId);
  position = writeVarintField(target, position, 7, mutation.sequence);
  position = writeVarintField(target, position, 8, mutation.session ?? 0);
  position = writeVarintField(target, position, 9, mutation.acknowledged ?? 0);
  position = writeVarintField(target, position, 10, mutation.ttlMs ?? 0);
  for (const part of mutation.parts ?? []) {
    target[position] = PART_TAG;
    position = writeMutation(target, writeVarint(target, position + 1, mutationSize(part)), part);
  }
  return position;
}

/** Encodes `prkdb.raft.Command` of proto/raft.proto. Numbers must be safe integers of at least 0. */
export function encodeCommand(mutations: readonly Mutation[], timeMs: number): Uint8Array {
  let size = varintFieldSize(timeMs);
  const sizes: number[] = [];
  for (const mutation of mutations) {
    const bytes = mutationSize(mutation);
    sizes.push(bytes);
    size += 1 + varintSize(bytes) + bytes;
  }
  // Not from Buffer's pool: the log caches this for long, and would keep a whole slab of the pool alive with it.
  const target = Buffer.allocUnsafeSlow(size);
  let position = 0;
  for (let i = 0; i < mutations.length; i++) {
    target[position] = 0x0a;
    position = writeVarint(target, position + 1, sizes[i] as number);
    position = writeMutation(target, position, mutations[i] as Mutation);
  }
  writeVarintField(target, position, 2, timeMs);
  return target;
}

function decodeMutation(reader: WireReader, isPart: boolean): Mutation {
  let kind = 0;
  let key = EMPTY;
  let value = EMPTY;
  let hasExpected = false;
  let expected = 0;
  let clientId = 0;
  let sequence = 0;
  let session = 0;
  let acknowledged = 0;
  let ttlMs = 0;
  let parts: Mutation[] | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
      case 0x08:
        kind = reader.varint();
        break;
      case 0x12:
        key = reader.view();
        break;
      case 0x1a:
        value = reader.view();
        break;
      case 0x20:
        hasExpected = reader.varint() !== 0;
        break;
      case 0x28:
        expected = reader.varint();
        break;
      case 0x30:
        clientId = reader.varint();
        break;
      case 0x38:
        sequence = reader.varint();
        break;
      case 0x40:
        session = reader.varint();
        break;
      case 0x48:
        acknowledged = reader.varint();
        break;
      case 0x50:
        ttlMs = reader.varint();
        break;
      case PART_TAG: {
        const length = reader.length();
        const end = reader.position + length;
        parts ??= [];
        parts.push(decodePart(reader, end, true));
        break;
      }
      default:
        throw new CorruptDataError(`a mutation has an unknown field (tag ${tag})`);
    }
  }
  const known = KINDS[kind];
  if (known === undefined) throw new CorruptDataError(`a mutation has the unknown kind ${kind}`);
  const hasKey = known !== 'session' && known !== 'transaction';
  if (isPart && (!hasKey || parts !== undefined))
    throw new CorruptDataError(`a transaction has a part of kind ${known}`);
  if (parts !== undefined && known !== 'transaction')
    throw new CorruptDataError(`a mutation of kind ${known} has parts`);
  if (key.length === 0 && hasKey) throw new CorruptDataError('a mutation has no key');
  if (key.length > MAX_KEY_BYTES) throw new CorruptDataError(`a key has ${key.length} bytes`);
  if (value.length > MAX_VALUE_BYTES) throw new CorruptDataError(`a value has ${value.length} bytes`);
  return {
    kind: known,
    key,
    value,
    expectedRevision: hasExpected ? expected : null,
    clientId,
    sequence,
    session,
    acknowledged,
    ttlMs,
    parts,
  };
}

/** The mutation that the reader is at, which ends at `end`. */
function decodePart(reader: WireReader, end: number, isPart: boolean): Mutation {
  const outer = reader.end;
  reader.end = end;
  const mutation = decodeMutation(reader, isPart);
  reader.end = outer;
  return mutation;
}

/**
 * Decodes `prkdb.raft.Command`. Keys and values are views of `bytes`. Throws
 * CorruptDataError for anything that `encodeCommand` cannot have made out of a valid
 * request. A field that this version does not know is refused too: replicas of two
 * versions that each understood it differently would part ways in silence.
 */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new WireReader(bytes, 0, bytes.length);
  const mutations: Mutation[] = [];
  let timeMs = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) {
      const length = reader.length();
      const end = reader.position + length;
      mutations.push(decodePart(reader, end, false));
    } else if (tag === 0x10) {
      timeMs = reader.varint();
    } else {
      throw new CorruptDataError(`a command has an unknown field (tag ${tag})`);
    }
  }
  return { mutations, timeMs };
}
