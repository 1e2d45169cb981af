import { crc32 } from 'node:zlib';
import type { Entry, HardState, LogIndex, Term } from '../../raft/types.ts';
import { visitEntries } from '../codec/entries.ts';
import { CorruptDataError } from '../errors.ts';

/**
 * Row ids are `group << 48 | first index`: one integer b-tree holds the rows of every
 * group in order, without a second index to write. The bounds are 32,767 groups and
 * 2.8e14 entries.
 */
export const MAX_GROUP = 2 ** 15 - 1;
export const MAX_INDEX = 2 ** 48 - 1;

/**
 * A batch is stored as one row up to about this size. Larger rows would make reading
 * one entry of a batch expensive, smaller ones cost a b-tree insert each.
 */
export const ROW_TARGET_BYTES = 256 * 1024;

export const LOG_SCHEMA = `
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    last_index INTEGER NOT NULL,
    last_term INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    entries BLOB NOT NULL
  ) STRICT;
  CREATE TABLE hard_state (
    group_id INTEGER PRIMARY KEY,
    term INTEGER NOT NULL,
    voted_for INTEGER NOT NULL,
    commit_index INTEGER NOT NULL,
    snapshot_index INTEGER NOT NULL,
    snapshot_term INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
`;

/** Contiguous entries of one group as they are stored. */
export interface LogRow {
  readonly group: number;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** The transaction that wrote the row, counted from 1 over the life of the file. */
  readonly sequence: number;
  /** See codec/entries.ts. */
  readonly entries: Uint8Array;
}

export interface HardStateRow {
  readonly group: number;
  readonly hardState: HardState;
  /** The log begins after this entry; 0 and 0 while nothing was compacted. */
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
  readonly sequence: number;
}

const scratch = Buffer.alloc(7 * 8);

function checksumOfNumbers(a: number, b: number, c: number, d: number, e: number, f: number, g: number): number {
  scratch.writeDoubleLE(a, 0);
  scratch.writeDoubleLE(b, 8);
  scratch.writeDoubleLE(c, 16);
  scratch.writeDoubleLE(d, 24);
  scratch.writeDoubleLE(e, 32);
  scratch.writeDoubleLE(f, 40);
  scratch.writeDoubleLE(g, 48);
  return crc32(scratch);
}

/** CRC-32 over everything a row says, so that a row moved, relabelled or changed is found out. */
export function logRowChecksum(row: LogRow): number {
  const numbers = checksumOfNumbers(row.group, row.firstIndex, row.lastIndex, row.lastTerm, row.sequence, 0, 0);
  return crc32(row.entries, numbers);
}

export function hardStateChecksum(row: HardStateRow): number {
  const { term, votedFor, commitIndex } = row.hardState;
  return checksumOfNumbers(row.group, term, votedFor, commitIndex, row.snapshotIndex, row.snapshotTerm, row.sequence);
}

/** Columns in the order of `LOG_COLUMNS`, as better-sqlite3's raw mode gives them. */
export type RawLogRow = [
  group: number,
  firstIndex: number,
  lastIndex: number,
  lastTerm: number,
  sequence: number,
  checksum: number,
  entries: Buffer,
];
export const LOG_COLUMNS = `id >> 48, id & ${MAX_INDEX}, last_index, last_term, sequence, checksum, entries`;

/** Throws CorruptDataError when the row is not what was written. */
export function checkedLogRow(raw: RawLogRow): LogRow {
  const [group, firstIndex, lastIndex, lastTerm, sequence, checksum, entries] = raw;
  const row: LogRow = { group, firstIndex, lastIndex, lastTerm, sequence, entries };
  if (logRowChecksum(row) !== checksum) {
    throw new CorruptDataError(`the checksum of entries ${firstIndex} to ${lastIndex} of group ${group} is wrong`);
  }
  return row;
}

/** The part of a row before `from`, or undefined when nothing of it is before. */
export function cutRow(row: LogRow, from: LogIndex): LogRow | undefined {
  let last: Entry | undefined;
  let end = 0;
  visitEntries(row.entries, (entry, start) => {
    end = start;
    if (entry.index >= from) return false;
    last = entry;
    return true;
  });
  if (last === undefined) return undefined;
  return { ...row, lastIndex: last.index, lastTerm: last.term, entries: row.entries.subarray(0, end) };
}
