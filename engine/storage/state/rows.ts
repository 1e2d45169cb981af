import type Database from 'better-sqlite3';
import { crc32 } from 'node:zlib';
import type { LogPoint } from '../../raft/types.ts';
import { encodeMembership } from '../codec/membership.ts';
import { CorruptDataError } from '../errors.ts';
import type { KvRow, KvRowMeta, StateFacts } from '../types.ts';

/** The records of a group, in the order of their index, are its sessions: see sessions.ts. */
export const SESSION_SCHEMA = `
  CREATE TABLE session_record (
    group_id INTEGER NOT NULL,
    applied_index INTEGER NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (group_id, applied_index)
  ) STRICT, WITHOUT ROWID;
`;

export const STATE_SCHEMA = `
  CREATE TABLE partition_state (
    group_id INTEGER PRIMARY KEY,
    applied_index INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    key_count INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    rows_checksum INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    sessions_opened INTEGER NOT NULL DEFAULT 0,
    sessions_checksum INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  ${SESSION_SCHEMA}
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
/** Brings the database of an older version up to the format after `fromVersion`. */
export function migrateState(database: Database.Database, fromVersion: number): void {
  if (fromVersion !== 1) return;
  database.exec(`
    ALTER TABLE partition_state ADD COLUMN sessions_opened INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE partition_state ADD COLUMN sessions_checksum INTEGER NOT NULL DEFAULT 0;
    ${SESSION_SCHEMA}
  `);
}

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
  sessionsOpened: 0,
  sessionsChecksum: 0,
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
  const { appliedIndex, revision, keyCount, timeMs, rowsChecksum, sessionsOpened, sessionsChecksum, membership } =
    state;
  let checksum = checksumOfNumbers(group, appliedIndex, revision, keyCount, timeMs, rowsChecksum);
  // Rows of format 1, which had no sessions, keep their checksum.
  if (sessionsOpened > 0) checksum = checksumOfNumbers(checksum, sessionsOpened, sessionsChecksum, 0, 0, 0);
  // Without a membership as it was when there were none.
  return membership === null ? checksum : crc32(encodeMembership(membership), checksum);
}

export const PUT_PARTITION = `INSERT OR REPLACE INTO partition_state (group_id, applied_index, revision, key_count,
  time_ms, rows_checksum, checksum, sessions_opened, sessions_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** What PUT_PARTITION is run with. */
export function partitionValues(group: number, state: StateFacts): number[] {
  const { appliedIndex, revision, keyCount, timeMs, rowsChecksum, sessionsOpened, sessionsChecksum } = state;
  const checksum = partitionChecksum(group, state);
  return [group, appliedIndex, revision, keyCount, timeMs, rowsChecksum, checksum, sessionsOpened, sessionsChecksum];
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
