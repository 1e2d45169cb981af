import type Database from 'better-sqlite3';
import { CorruptDataError } from '../errors.ts';
import type { RecoveredLog } from '../types.ts';
import {
  checkedLogRow,
  hardStateChecksum,
  LOG_COLUMNS,
  type HardStateRow,
  type LogRow,
  type RawLogRow,
} from './rows.ts';

export interface Recovery {
  /** By group id. */
  readonly groups: Map<number, RecoveredLog>;
  /** The last transaction found. */
  readonly sequence: number;
}

type RawHardStateRow = [
  group: number,
  term: number,
  votedFor: number,
  commitIndex: number,
  snapshotIndex: number,
  snapshotTerm: number,
  sequence: number,
  checksum: number,
];

function checkedHardState(raw: RawHardStateRow): HardStateRow {
  const [group, term, votedFor, commitIndex, snapshotIndex, snapshotTerm, sequence, checksum] = raw;
  const row: HardStateRow = {
    group,
    hardState: { term, votedFor, commitIndex },
    snapshotIndex,
    snapshotTerm,
    sequence,
  };
  if (hardStateChecksum(row) !== checksum) {
    throw new CorruptDataError(`the checksum of the term and vote of group ${group} is wrong`);
  }
  return row;
}

function checkStructure(database: Database.Database): void {
  const found = database.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw new CorruptDataError(String(found).split('\n')[0] ?? 'its structure is broken');
}

/** The log of a group is contiguous from its snapshot on, and its terms never fall. */
function checkFollows(group: number, before: RecoveredLog, row: LogRow): void {
  const isFirst = before.lastIndex === before.snapshotIndex;
  // Compaction drops whole rows, so the first one may begin before the snapshot's end.
  const follows = isFirst ? row.firstIndex <= before.lastIndex + 1 : row.firstIndex === before.lastIndex + 1;
  if (!follows || row.lastIndex < row.firstIndex || row.lastTerm < before.lastTerm) {
    throw new CorruptDataError(
      `group ${group} has entries ${row.firstIndex} to ${row.lastIndex} of term ${row.lastTerm} ` +
        `after entry ${before.lastIndex} of term ${before.lastTerm}`,
    );
  }
}

/**
 * Reads the whole log once and checks all of it: SQLite's own structure, every checksum,
 * that each group's entries are contiguous, and that nothing newer than what is there was
 * ever reported as synced (`marked`). Throws CorruptDataError or what SQLite throws.
 */
export function recoverLog(database: Database.Database, marked: number): Recovery {
  checkStructure(database);
  const groups = new Map<number, RecoveredLog>();
  let sequence = 0;
  const hardStates = database
    .prepare(
      'SELECT group_id, term, voted_for, commit_index, snapshot_index, snapshot_term, sequence, checksum FROM hard_state',
    )
    .raw();
  for (const raw of hardStates.iterate() as IterableIterator<RawHardStateRow>) {
    const { group, hardState, snapshotIndex, snapshotTerm, sequence: written } = checkedHardState(raw);
    groups.set(group, { hardState, snapshotIndex, snapshotTerm, lastIndex: snapshotIndex, lastTerm: snapshotTerm });
    sequence = Math.max(sequence, written);
  }
  const rows = database.prepare(`SELECT ${LOG_COLUMNS} FROM log ORDER BY id`).raw();
  for (const raw of rows.iterate() as IterableIterator<RawLogRow>) {
    const row = checkedLogRow(raw);
    const before = groups.get(row.group);
    if (before === undefined) throw new CorruptDataError(`group ${row.group} has entries but no term and vote`);
    sequence = Math.max(sequence, row.sequence);
    // The rows of dropped entries are deleted a few at a time.
    if (row.lastIndex <= before.snapshotIndex) continue;
    checkFollows(row.group, before, row);
    groups.set(row.group, { ...before, lastIndex: row.lastIndex, lastTerm: row.lastTerm });
  }
  if (sequence < marked) {
    throw new CorruptDataError(`it ends with write ${sequence}, but write ${marked} was already on disk`);
  }
  return { groups, sequence };
}
