import type Database from 'better-sqlite3';
import { TRASH_PREFIX } from './rows.ts';

/** Rows deleted at once: some milliseconds of work. */
const ROWS_AT_ONCE = 500;

/**
 * Tables whose rows nobody needs any more. Dropping a large one at once would hold up
 * everything else for as long, so its rows go a few at a time.
 */
export class Trash {
  readonly #database: Database.Database;
  #tables: string[] = [];
  #nextNumber = 1;

  /** Drops what an earlier process left, before anything waits. */
  constructor(database: Database.Database) {
    this.#database = database;
    const names = database
      .prepare(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND (name GLOB '${TRASH_PREFIX}*' OR name GLOB 'restoring_*')`,
      )
      .pluck()
      .all() as string[];
    for (const name of names) database.exec(`DROP TABLE ${name}`);
  }

  /** For a table to come. */
  nextNumber(): number {
    return this.#nextNumber++;
  }

  add(trashNumber: number): void {
    this.#tables.push(`${TRASH_PREFIX}${trashNumber}`);
  }

  /** Deletes a few rows. Returns about how many. */
  empty(): number {
    const table = this.#tables[0];
    if (table === undefined) return 0;
    const { changes } = this.#database
      .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} LIMIT ${ROWS_AT_ONCE})`)
      .run();
    if (changes === 0) {
      this.#database.exec(`DROP TABLE ${table}`);
      this.#tables.shift();
    }
    return changes;
  }
}
