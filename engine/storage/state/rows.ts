import { crc32 } from 'node:zlib';
import type { LogPoint } from '../../raft/types.ts';
import { encodeMembership } from '../codec/membership.ts';
import { CorruptDataError } from '../errors.ts';
import type { KvRow, KvRowMeta, StateFacts } from '../types.ts';

export const STATE_SCHEMA = `
  CREATE TABLE partition_state (
    group_id INTEGER PRIMARY KEY,
    applied_index INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    key_count INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    rows_checksum INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE restored_point (
    group_id INTEGER PRIMARY KEY,
    log_index INTEGER NOT NULL,
    log_term INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
`;

/** A row is guarded by the checksum of its partition's: each without the other is found out. */
export const MEMBERSHIP_SCHEMA = `
  CREATE TABLE IF NOT EXISTS partition_membership (
    group_id INTEGER PRIMARY KEY,
    membership BLOB NOT NULL
  ) STRICT;
`;
export const PUT_MEMBERSHIP = 'INSERT OR REPLACE INTO partition_membership (group_id, membership) VALUES (?, ?)';

export function kvTableName(group: number): string {
  return `kv_${group}`;
}

/** Where a snapshot's rows gather before they become the group's. */
export function restoringTableName(group: number): string {
  return `restoring_${group}`;
}

/** Begins the names of tables whose rows nobody needs any more. */
export const TRASH_PREFIX = 'trash_';

/**
 * Each group has a table of its own: dropping one frees its pages without visiting rows.
 * Rows are found through the unique index on the key, which holds keys alone and stays
 * small; that measured a quarter faster to write than one tree keyed by (group, key).
 * The value is the last column, so that reading the others leaves its pages alone.
 */
export function kvTableSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    value_size INTEGER NOT NULL,
    value_checksum INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    value BLOB NOT NULL
  ) STRICT`;
}

export const META_COLUMNS =
  'id, key, revision, version, created_at_ms, updated_at_ms, value_size, value_checksum, checksum';

export type RawMeta = [
  id: number,
  key: Buffer,
  revision: number,
  version: number,
  createdAtMs: number,
  updatedAtMs: number,
  valueSize: number,
  valueChecksum: number,
  checksum: number,
];
export type RawRow = [...RawMeta, value: Buffer];

export const EMPTY_PARTITION: StateFacts = {
  appliedIndex: 0,
  revision: 0,
  keyCount: 0,
  timeMs: 0,
  rowsChecksum: 0,
  membership: null,
};

const scratch = Buffer.alloc(6 * 8);

function checksumOfNumbers(a: number, b: number, c: number, d: number, e: number, f: number): number {
  scratch.writeDoubleLE(a, 0);
  scratch.writeDoubleLE(b, 8);
  scratch.writeDoubleLE(c, 16);
  scratch.writeDoubleLE(d, 24);
  scratch.writeDoubleLE(e, 32);
  scratch.writeDoubleLE(f, 40);
  return crc32(scratch);
}

export function partitionChecksum(group: number, state: StateFacts): number {
  const { appliedIndex, revision, keyCount, timeMs, rowsChecksum, membership } = state;
  const checksum = checksumOfNumbers(group, appliedIndex, revision, keyCount, timeMs, rowsChecksum);
  // Without a membership as it was when there were none.
  return membership === null ? checksum : crc32(encodeMembership(membership), checksum);
}

export function pointChecksum(group: number, { index, term }: LogPoint): number {
  return checksumOfNumbers(group, index, term, 0, 0, 0);
}

/** Over everything of a row but the value, and over the value's own checksum. */
export function metaChecksum(row: KvRowMeta, valueChecksum: number): number {
  const { revision, version, createdAtMs, updatedAtMs, valueSizeBytes } = row;
  return crc32(row.key, checksumOfNumbers(revision, version, createdAtMs, updatedAtMs, valueSizeBytes, valueChecksum));
}

/** Throws CorruptDataError when the row is not what was written. */
export function checkedMeta(raw: RawMeta | RawRow): KvRowMeta {
  const [, key, revision, version, createdAtMs, updatedAtMs, valueSizeBytes, valueChecksum, checksum] = raw;
  const meta: KvRowMeta = { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs };
  if (metaChecksum(meta, valueChecksum) !== checksum) throw new CorruptDataError('the checksum of a row is wrong');
  return meta;
}

/** The same, with the value. */
export function checkedRow(raw: RawRow): KvRow {
  const { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs } = checkedMeta(raw);
  const value = raw[9];
  if (value.length !== valueSizeBytes || crc32(value) !== raw[7]) {
    throw new CorruptDataError('the checksum of a value is wrong');
  }
  return { key, value, valueSizeBytes, revision, version, createdAtMs, updatedAtMs };
}
