import { MAX_KEY_BYTES, MAX_PAST_BYTES, MAX_VALUE_BYTES } from '../../config/limits.ts';
import type { Membership } from '../../raft/types.ts';
import { CorruptDataError } from '../errors.ts';
import { Gone, type KvRow, type StateFacts } from '../types.ts';
import { decodeMembership, encodeMembership } from './membership.ts';
import {
  bytesFieldSize,
  varintFieldSize,
  varintSize,
  WIRE_BYTES,
  WireReader,
  writeBytesField,
  writeVarint,
  writeVarintField,
} from './wire.ts';

/** `SnapshotRows.rows` of proto/raft.proto. */
const ROW_TAG = (1 << 3) | 2;
/** `SnapshotRows.sessions`. */
const SESSIONS_TAG = (2 << 3) | 2;
const EMPTY: Uint8Array = new Uint8Array(0);

function rowBodySize(row: KvRow): number {
  return (
    bytesFieldSize(row.key.length) +
    (row.value.length === 0 ? 0 : bytesFieldSize(row.value.length)) +
    varintFieldSize(row.revision) +
    varintFieldSize(row.version) +
    varintFieldSize(row.createdAtMs) +
    varintFieldSize(row.updatedAtMs) +
    varintFieldSize(row.expiresAtMs) +
    varintFieldSize(row.gone) +
    (row.past.length === 0 ? 0 : bytesFieldSize(row.past.length))
  );
}

/** Encodes `prkdb.raft.SnapshotRows`. */
export function encodeRows(rows: readonly KvRow[]): Uint8Array {
  let size = 0;
  for (const row of rows) {
    const body = rowBodySize(row);
    size += 1 + varintSize(body) + body;
  }
  const target = Buffer.allocUnsafe(size);
  let position = 0;
  for (const row of rows) {
    target[position] = ROW_TAG;
    position = writeVarint(target, position + 1, rowBodySize(row));
    position = writeBytesField(target, position, 1, row.key);
    if (row.value.length > 0) position = writeBytesField(target, position, 2, row.value);
    position = writeVarintField(target, position, 3, row.revision);
    position = writeVarintField(target, position, 4, row.version);
    position = writeVarintField(target, position, 5, row.createdAtMs);
    position = writeVarintField(target, position, 6, row.updatedAtMs);
    position = writeVarintField(target, position, 7, row.expiresAtMs);
    position = writeVarintField(target, position, 8, row.gone);
    if (row.past.length > 0) position = writeBytesField(target, position, 9, row.past);
  }
  return target;
}

function decodeRow(reader: WireReader): KvRow {
  let key = EMPTY;
  let value = EMPTY;
  let revision = 0;
  let version = 0;
  let createdAtMs = 0;
  let updatedAtMs = 0;
  let expiresAtMs = 0;
  let gone = 0;
  let past = EMPTY;
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
      case 0x0a:
        key = reader.view();
        break;
      case 0x12:
        value = reader.view();
        break;
      case 0x18:
        revision = reader.varint();
        break;
      case 0x20:
        version = reader.varint();
        break;
      case 0x28:
        createdAtMs = reader.varint();
        break;
      case 0x30:
        updatedAtMs = reader.varint();
        break;
      case 0x38:
        expiresAtMs = reader.varint();
        break;
      case 0x40:
        gone = reader.varint();
        break;
      case 0x4a:
        past = reader.view();
        break;
      default:
        throw new CorruptDataError(`a row of a snapshot has an unknown field (tag ${tag})`);
    }
  }
  if (key.length === 0 || key.length > MAX_KEY_BYTES) throw new CorruptDataError(`a key has ${key.length} bytes`);
  if (value.length > MAX_VALUE_BYTES) throw new CorruptDataError(`a value has ${value.length} bytes`);
  if (gone !== Gone.No && gone !== Gone.Deleted && gone !== Gone.Expired) {
    throw new CorruptDataError(`a row of a snapshot is gone for the unknown reason ${gone}`);
  }
  if (past.length > MAX_PAST_BYTES) throw new CorruptDataError(`the history of a key has ${past.length} bytes`);
  const valueSizeBytes = value.length;
  return { key, value, valueSizeBytes, revision, version, createdAtMs, updatedAtMs, expiresAtMs, gone, past };
}

/** Encodes `prkdb.raft.SnapshotRows` with a part of the sessions and no rows. */
export function encodeSessions(sessions: Uint8Array): Uint8Array {
  const target = Buffer.allocUnsafe(bytesFieldSize(sessions.length));
  writeBytesField(target, 0, SESSIONS_TAG >> 3, sessions);
  return target;
}

/** One piece of a snapshot. */
export interface SnapshotPiece {
  readonly rows: readonly KvRow[];
  /** A part of the sessions; empty where there is none. */
  readonly sessions: Uint8Array;
}

/** Keys and values are views of `bytes`. Throws CorruptDataError for what is no rows, or not in key order. */
export function decodePiece(bytes: Uint8Array): SnapshotPiece {
  const reader = new WireReader(bytes, 0, bytes.length);
  const rows: KvRow[] = [];
  let sessions = EMPTY;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === SESSIONS_TAG) {
      sessions = reader.view();
      continue;
    }
    if (tag !== ROW_TAG) throw new CorruptDataError(`rows of a snapshot have an unknown field (tag ${tag})`);
    const length = reader.length();
    const end = reader.position + length;
    const row = decodeRow(new WireReader(bytes, reader.position, end));
    reader.position = end;
    const before = rows.at(-1);
    if (before !== undefined && Buffer.compare(before.key, row.key) >= 0) {
      throw new CorruptDataError('the rows of a snapshot are not in the order of their keys');
    }
    rows.push(row);
  }
  return { rows, sessions };
}

/** `SnapshotFacts.membership`. */
const MEMBERSHIP_FIELD = 15;
const MEMBERSHIP_TAG = (MEMBERSHIP_FIELD << 3) | WIRE_BYTES;

/** Encodes `prkdb.raft.SnapshotFacts`; the index travels beside it. */
export function encodeFacts(facts: StateFacts): Uint8Array {
  const { revision, keyCount, timeMs, rowsChecksum, sessionsOpened, sessionsChecksum } = facts;
  const numbers = [revision, keyCount, timeMs, rowsChecksum, sessionsOpened, sessionsChecksum];
  const membership = facts.membership === null ? null : encodeMembership(facts.membership);
  const size = membership === null ? 0 : bytesFieldSize(membership.length);
  const target = Buffer.alloc(numbers.reduce((sum, number) => sum + varintFieldSize(number), size));
  const at = numbers.reduce((position, number, i) => writeVarintField(target, position, i + 1, number), 0);
  if (membership !== null) writeBytesField(target, at, MEMBERSHIP_FIELD, membership);
  return target;
}

/** Throws CorruptDataError for anything but facts. */
export function decodeFacts(bytes: Uint8Array, appliedIndex: number): StateFacts {
  const reader = new WireReader(bytes, 0, bytes.length);
  const numbers = [0, 0, 0, 0, 0, 0];
  let membership: Membership | null = null;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === MEMBERSHIP_TAG) {
      membership = decodeMembership(reader.view());
      continue;
    }
    const field = tag >> 3;
    if ((tag & 7) !== 0 || field < 1 || field > numbers.length) {
      throw new CorruptDataError(`the facts of a snapshot have an unknown field (tag ${tag})`);
    }
    numbers[field - 1] = reader.varint();
  }
  const [revision = 0, keyCount = 0, timeMs = 0, rowsChecksum = 0, sessionsOpened = 0, sessionsChecksum = 0] = numbers;
  if (Math.max(rowsChecksum, sessionsChecksum) > 0xffffffff) {
    throw new CorruptDataError('the checksum of a snapshot has more than 32 bits');
  }
  return { appliedIndex, revision, keyCount, timeMs, rowsChecksum, sessionsOpened, sessionsChecksum, membership };
}
