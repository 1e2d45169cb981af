import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { Entry, LogIndex, LogPoint, LogReader } from '../../raft/types.ts';
import { visitEntries } from '../codec/entries.ts';
import { StorageUsageError } from '../errors.ts';
import { checkedLogRow, LOG_COLUMNS, type RawLogRow } from './rows.ts';

/** Reads of all groups over one connection; each group has a view of its own. */
export class RowReader {
  /** Rows of a group that hold or follow entry `from` and begin before `to`. */
  readonly #rows: Database.Statement<[number, number, number, number, number]>;

  constructor(database: Database.Database) {
    this.#rows = database
      .prepare<[number, number, number, number, number]>(
        `SELECT ${LOG_COLUMNS} FROM log
          WHERE id >= (SELECT max(id) FROM log WHERE id > ? << 48 AND id <= (? << 48 | ?)) AND id < (? << 48 | ?)
          ORDER BY id`,
      )
      .raw();
  }

  entries(group: GroupId, from: LogIndex, to: LogIndex, maxBytes: number): Entry[] {
    const found: Entry[] = [];
    let size = 0;
    let full = false;
    const take = (entry: Entry): boolean => {
      if (entry.index < from) return true;
      size += entry.data.length;
      full = entry.index >= to || (found.length > 0 && size > maxBytes);
      if (!full) found.push(entry);
      return !full;
    };
    for (const raw of this.#rows.iterate(group, group, from, group, to) as IterableIterator<RawLogRow>) {
      visitEntries(checkedLogRow(raw).entries, take);
      if (full) break;
    }
    return found;
  }
}

/** A group's LogReader. `beginsAfter` is asked at each read, since logs are cut. */
export function groupReader(
  rows: RowReader,
  group: GroupId,
  beginsAfter: () => LogPoint | undefined,
  describe: (error: unknown) => Error,
): LogReader {
  function read(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] {
    try {
      return rows.entries(group, from, to, maxBytes);
    } catch (error) {
      throw describe(error);
    }
  }
  return {
    entries(from, to, maxBytes) {
      if (to <= from) return [];
      const found = read(from, to, maxBytes);
      if (found[0]?.index !== from) {
        throw new StorageUsageError(`entry ${from} of group ${group} is not in the log`);
      }
      return found;
    },
    term(index) {
      const begin = beginsAfter();
      if (index < 1 || (begin !== undefined && index < begin.index)) return undefined;
      if (begin !== undefined && index === begin.index && index > 0) return begin.term;
      const entry = read(index, index + 1, 0)[0];
      return entry?.index === index ? entry.term : undefined;
    },
  };
}
