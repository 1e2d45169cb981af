import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { LogIndex } from '../../raft/types.ts';
import { encodeRows } from '../codec/snapshot.ts';
import type { EncodedRows, ScanPage, SnapshotSource, StateFacts } from '../types.ts';
import { StorageUsageError } from '../errors.ts';
import { connectState } from './connection.ts';
import { GroupTable } from './group-table.ts';
import { EMPTY_PARTITION, kvTableName } from './rows.ts';
import { SnapshotReader } from './snapshot-reader.ts';

export const MAX_ROWS = 10_000;

/** As far as the group is in the database. */
export function appliedIndexOf(database: Database.Database, group: GroupId): LogIndex {
  const applied = database.prepare('SELECT applied_index FROM partition_state WHERE group_id = ?').pluck();
  return (applied.get(group) as LogIndex | undefined) ?? 0;
}

/**
 * One group's state as it is now: a read transaction on a connection of its own, so that
 * batches go on being applied beside it. The write-ahead log cannot start anew while it is
 * open, so it must not stay open for long.
 */
export function openSnapshotSource(
  file: string,
  group: GroupId,
  facts: StateFacts,
  sessions: Uint8Array,
  describe: (error: unknown) => Error,
): SnapshotSource {
  const database = connectState(file);
  let table: GroupTable | null = null;
  try {
    database.exec('BEGIN');
    // The transaction sees what is committed at its first read.
    const found = appliedIndexOf(database, group);
    if (found !== facts.appliedIndex) throw new Error(`group ${group} is at ${found}, not at ${facts.appliedIndex}`);
    if (facts !== EMPTY_PARTITION) table = new GroupTable(database, kvTableName(group));
  } catch (error) {
    database.close();
    throw describe(error);
  }
  function rows(after: Uint8Array, maxBytes: number): ScanPage {
    try {
      return table?.scanAll(after, MAX_ROWS, maxBytes) ?? { rows: [], more: false };
    } catch (error) {
      throw describe(error);
    }
  }
  let reader: SnapshotReader | null = null;
  return {
    facts,
    sessions,
    rows,
    async readAside(after, maxBytes): Promise<EncodedRows> {
      if (!database.open) throw new StorageUsageError(`the snapshot of group ${group} is closed`);
      reader ??= new SnapshotReader({ file, group, appliedIndex: facts.appliedIndex });
      const reply = await reader.read(after, maxBytes);
      if (reply !== null) return reply;
      if (!database.open) throw new StorageUsageError(`the snapshot of group ${group} is closed`);
      const page = rows(after, maxBytes);
      const last = page.rows.at(-1)?.key ?? after;
      return { bytes: encodeRows(page.rows), count: page.rows.length, last, more: page.more };
    },
    close() {
      reader?.close();
      database.close();
    },
  };
}
