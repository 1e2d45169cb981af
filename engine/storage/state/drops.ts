import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import { kvTableName, restoringTableName, TRASH_PREFIX } from './rows.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS dropped_replica (
    group_id INTEGER PRIMARY KEY,
    finished INTEGER NOT NULL
  ) STRICT;
`;

/**
 * Replicas that this node gave up. A mark comes first and is durable, then the log goes, then the
 * rows: a crash in between leaves the mark, and whoever starts next goes on from there. What is
 * finished keeps its mark, so that the replica never comes back as what it was founded as.
 */
export class Drops {
  readonly #database: Database.Database;
  readonly #finished = new Map<GroupId, boolean>();

  constructor(database: Database.Database) {
    this.#database = database;
    database.exec(SCHEMA);
    const rows = database.prepare('SELECT group_id, finished FROM dropped_replica').raw().all() as [number, number][];
    for (const [group, finished] of rows) this.#finished.set(group, finished === 1);
  }

  /** Begun and not finished. */
  begun(): GroupId[] {
    return [...this.#finished].filter(([, finished]) => !finished).map(([group]) => group);
  }

  wasDropped(group: GroupId): boolean {
    return this.#finished.has(group);
  }

  /** Durable when it returns. */
  begin(group: GroupId): void {
    this.#database.pragma('synchronous = FULL');
    try {
      this.#database.prepare('INSERT OR REPLACE INTO dropped_replica VALUES (?, 0)').run(group);
    } finally {
      this.#database.pragma('synchronous = NORMAL');
    }
    this.#finished.set(group, false);
  }

  /** Takes the rows away, into a table of trash. */
  finish(group: GroupId, trashNumber: number): void {
    const table = kvTableName(group);
    this.#database.transaction(() => {
      this.#database.exec(`DROP TABLE IF EXISTS ${restoringTableName(group)}`);
      const isThere = this.#database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(table) !== undefined;
      if (isThere) this.#database.exec(`ALTER TABLE ${table} RENAME TO ${TRASH_PREFIX}${trashNumber}`);
      else this.#database.exec(`CREATE TABLE ${TRASH_PREFIX}${trashNumber} (id INTEGER PRIMARY KEY) STRICT`);
      for (const facts of ['partition_state', 'partition_membership', 'restored_point', 'session_record']) {
        this.#database.prepare(`DELETE FROM ${facts} WHERE group_id = ?`).run(group);
      }
      this.#database.prepare('INSERT OR REPLACE INTO dropped_replica VALUES (?, 1)').run(group);
    })();
    this.#finished.set(group, true);
  }
}
