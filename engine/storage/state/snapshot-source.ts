import type { GroupId } from '../../config/ids.ts';
import type { ScanPage, SnapshotSource, StateFacts } from '../types.ts';
import { connectState } from './connection.ts';
import { GroupTable } from './group-table.ts';
import { EMPTY_PARTITION, kvTableName } from './rows.ts';

const MAX_ROWS = 10_000;

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
    const applied = database.prepare('SELECT applied_index FROM partition_state WHERE group_id = ?').pluck();
    const found = (applied.get(group) as number | undefined) ?? 0;
    if (found !== facts.appliedIndex) throw new Error(`group ${group} is at ${found}, not at ${facts.appliedIndex}`);
    if (facts !== EMPTY_PARTITION) table = new GroupTable(database, kvTableName(group));
  } catch (error) {
    database.close();
    throw describe(error);
  }
  return {
    facts,
    sessions,
    rows(after, maxBytes): ScanPage {
      try {
        return table?.scanAll(after, MAX_ROWS, maxBytes) ?? { rows: [], more: false };
      } catch (error) {
        throw describe(error);
      }
    },
    close() {
      database.close();
    },
  };
}
