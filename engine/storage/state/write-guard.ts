import Database from 'better-sqlite3';
import { storageErrorOf, writeErrorOf } from '../sqlite/sqlite-errors.ts';

/** What to do about a damaged state database. */
export function stateAdvice(file: string): string {
  return (
    `With the node stopped, move ${file} and ${file}-wal away and start the node again: it rebuilds them from its ` +
    'log. Where the log no longer reaches back so far, the node says so, and what to do then.'
  );
}

/**
 * Names the errors of the state database, and keeps the first one of a write: from then on memory
 * may be ahead of the database in part of a batch, and nothing more may be written.
 */
export class WriteGuard {
  readonly #file: string;
  readonly #database: Database.Database;
  #failure: Error | undefined;

  constructor(file: string, database: Database.Database) {
    this.#file = file;
    this.#database = database;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws why nothing may be written any more. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** A checkpoint failed: no call is there to throw it, and the next write does. */
  checkpointFailed(error: Error): void {
    this.#failure ??= writeErrorOf(this.#file, 'CHECKPOINT', error.message);
  }

  read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw this.describe(error);
    }
  }

  /** As `read`, and nothing once a write has failed. */
  write<Result>(write: () => Result): Result {
    this.check();
    try {
      return write();
    } catch (error) {
      // SQLite rolls back by itself after some errors, such as a full disk.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      this.#failure = this.describe(error);
      throw this.#failure;
    }
  }

  describe(error: unknown): Error {
    if (error instanceof Database.SqliteError && /^SQLITE_(FULL|IOERR|READONLY)/.test(error.code)) {
      return writeErrorOf(this.#file, error.code, error.message);
    }
    return storageErrorOf(this.#file, error, stateAdvice(this.#file));
  }
}
