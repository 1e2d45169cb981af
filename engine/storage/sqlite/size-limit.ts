import type Database from 'better-sqlite3';

/** SQLite's own bound, which stands for none. */
const MAX_PAGES = 4_294_967_294;

/**
 * A full disk, for drills and tests: what a write needs beyond the limit fails with
 * SQLITE_FULL in the middle of its transaction, as it would on a disk of that size.
 */
export class SizeLimit {
  readonly #database: Database.Database;
  #bytes = 0;

  /** `database` is the writing connection: the limit belongs to it and not to the file. */
  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** 0: none. A limit below what the file has means that it may not grow. Not within a transaction. */
  set(bytes: number): void {
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    const pageBytes = this.#database.pragma('page_size', { simple: true }) as number;
    const pages = bytes === 0 ? MAX_PAGES : Math.min(MAX_PAGES, Math.max(1, Math.floor(bytes / pageBytes)));
    this.#database.pragma(`max_page_count = ${pages}`);
  }
}
