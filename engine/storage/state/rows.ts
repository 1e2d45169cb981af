import type Database from 'better-sqlite3';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { LogPoint } from '../../raft/types.ts';
import { encodeMembership } from '../codec/membership.ts';
import { CorruptDataError } from '../errors.ts';
import { Gone, type KvRow, type KvRowMeta, type StateFacts } from '../types.ts';

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
  if (fromVersion === 1) {
    database.exec(`
      ALTER TABLE partition_state ADD COLUMN sessions_opened INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE partition_state ADD COLUMN sessions_checksum INTEGER NOT NULL DEFAULT 0;
      ${SESSION_SCHEMA}
    `);
  } else if (fromVersion === 2) {
    const names = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'kv_*'")
      .pluck()
      .all() as string[];
    for (const table of names) {
      database.exec(`
        ALTER TABLE ${table} ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE ${table} ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE ${table} ADD COLUMN past_checksum INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE ${table} ADD COLUMN past BLOB NOT NULL DEFAULT x'';
        ${dueIndexes(table)}
      `);
    }
  }
}

/** A table is renamed and its indexes are not, so their names belong to no group. */
function dueIndexes(table: string): string {
  const name = randomBytes(8).toString('hex');
  return `
    CREATE INDEX expires_${name} ON ${table} (expires_at_ms, revision) WHERE expires_at_ms > 0 AND gone = 0;
    CREATE INDEX gone_${name} ON ${table} (expires_at_ms, revision) WHERE gone > 0;
  `;
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
 * Value and past are the last columns, so that reading the others leaves their pages alone.
 */
export function createKvTable(database: Database.Database, table: string): void {
  const exists = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table);
  if (exists !== undefined) return;
  database.exec(`CREATE TABLE ${table} (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    value_size INTEGER NOT NULL,
    value_checksum INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    past_checksum INTEGER NOT NULL DEFAULT 0,
    value BLOB NOT NULL,
    past BLOB NOT NULL DEFAULT x''
  ) STRICT;
  ${dueIndexes(table)}`);
}

export const INSERT_COLUMNS =
  'key, revision, version, created_at_ms, updated_at_ms, value_size, value_checksum, checksum, expires_at_ms, gone, past_checksum, value, past';
const ROW_COLUMNS = INSERT_COLUMNS.split(', ').slice(1);
export const INSERT_VALUES = `(${INSERT_COLUMNS.split(', ')
  .map(() => '?')
  .join(', ')})`;
export const UPDATE_SET = ROW_COLUMNS.map((column) => `${column} = ?`).join(', ');

export const META_COLUMNS =
  'id, key, revision, version, created_at_ms, updated_at_ms, value_size, value_checksum, checksum, expires_at_ms, gone, past_checksum';

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
  expiresAtMs: number,
  gone: Gone,
  pastChecksum: number,
];
/** A row whose value is left out when it is large. */
export type RawSlot = [...RawMeta, value: Buffer | null, past: Buffer];
export type RawRow = [...RawMeta, value: Buffer, past: Buffer];

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

/** One call of crc32 costs more than what it reads here, so all numbers go into one buffer. */
const longScratch = Buffer.alloc(9 * 8);
const scratch = longScratch.subarray(0, 6 * 8);

function writeNumbers(a: number, b: number, c: number, d: number, e: number, f: number): void {
  scratch.writeDoubleLE(a, 0);
  scratch.writeDoubleLE(b, 8);
  scratch.writeDoubleLE(c, 16);
  scratch.writeDoubleLE(d, 24);
  scratch.writeDoubleLE(e, 32);
  scratch.writeDoubleLE(f, 40);
}

function checksumOfNumbers(a: number, b: number, c: number, d: number, e: number, f: number): number {
  writeNumbers(a, b, c, d, e, f);
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

/** Over everything of a row but value and past, and over their own checksums. */
export function metaChecksum(row: KvRowMeta, valueChecksum: number, pastChecksum: number): number {
  const { revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs, gone } = row;
  // Rows as there were before keys expired and had a past keep their checksum.
  if (expiresAtMs === 0 && gone === Gone.No && pastChecksum === 0) {
    return crc32(
      row.key,
      checksumOfNumbers(revision, version, createdAtMs, updatedAtMs, valueSizeBytes, valueChecksum),
    );
  }
  longScratch.writeDoubleLE(expiresAtMs, 6 * 8);
  longScratch.writeDoubleLE(gone, 7 * 8);
  longScratch.writeDoubleLE(pastChecksum, 8 * 8);
  writeNumbers(revision, version, createdAtMs, updatedAtMs, valueSizeBytes, valueChecksum);
  return crc32(row.key, crc32(longScratch));
}

/** The columns after the key, with the row's checksum. */
export function rowValues(row: KvRow): { readonly checksum: number; readonly values: (number | Uint8Array)[] } {
  const { revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs, gone, value, past } = row;
  const valueChecksum = crc32(value);
  const pastChecksum = past.length === 0 ? 0 : crc32(past);
  const checksum = metaChecksum(row, valueChecksum, pastChecksum);
  const facts = [revision, version, createdAtMs, updatedAtMs, valueSizeBytes, valueChecksum, checksum];
  return { checksum, values: [...facts, expiresAtMs, gone, pastChecksum, value, past] };
}

/** Throws CorruptDataError when the row is not what was written. */
export function checkedMeta(raw: RawMeta | RawSlot): KvRowMeta {
  const [, key, revision, version, createdAtMs, updatedAtMs, valueSizeBytes, valueChecksum, checksum] = raw;
  const meta: KvRowMeta = {
    key,
    valueSizeBytes,
    revision,
    version,
    createdAtMs,
    updatedAtMs,
    expiresAtMs: raw[9],
    gone: raw[10],
  };
  if (metaChecksum(meta, valueChecksum, raw[11]) !== checksum) {
    throw new CorruptDataError('the checksum of a row is wrong');
  }
  return meta;
}

/** The same, with the value and the past. */
export function checkedRow(raw: RawRow): KvRow {
  const meta = checkedMeta(raw);
  return { ...meta, value: checkedValue(raw, raw[12]), past: checkedPast(raw, raw[13]) };
}

export function checkedValue(raw: RawMeta | RawSlot, value: Buffer): Buffer {
  if (value.length !== raw[6] || crc32(value) !== raw[7]) {
    throw new CorruptDataError('the checksum of a value is wrong');
  }
  return value;
}

export function checkedPast(raw: RawMeta | RawSlot, past: Buffer): Buffer {
  if ((past.length === 0 ? 0 : crc32(past)) !== raw[11]) {
    throw new CorruptDataError('the checksum of a history is wrong');
  }
  return past;
}
