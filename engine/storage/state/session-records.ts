import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { LogIndex } from '../../raft/types.ts';
import type { SessionTable } from './sessions.ts';

/** The table of session records. Runs inside of the caller's transaction. */
export class SessionRecords {
  readonly #insert: Database.Statement;
  readonly #deleteAll: Database.Statement;

  constructor(database: Database.Database) {
    this.#insert = database.prepare('INSERT INTO session_record (group_id, applied_index, record) VALUES (?, ?, ?)');
    this.#deleteAll = database.prepare('DELETE FROM session_record WHERE group_id = ?');
  }

  /** Adds what `SessionTable.takeRecord` gave after the batch that ends at `index`. Returns about how many bytes that wrote. */
  write(group: GroupId, index: LogIndex, record: ReturnType<SessionTable['takeRecord']>): number {
    if (record === null) return 0;
    if (record.isImage) this.#deleteAll.run(group);
    this.#insert.run(group, index, record.bytes);
    return record.bytes.length;
  }

  /** The sessions of a group are these from now on. */
  replace(group: GroupId, index: LogIndex, image: Uint8Array): void {
    this.#deleteAll.run(group);
    if (image.length > 0) this.#insert.run(group, index, image);
  }
}
