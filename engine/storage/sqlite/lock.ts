import Database from 'better-sqlite3';
import { StorageLockedError } from '../errors.ts';
import { storageErrorOf } from './sqlite-errors.ts';

/** How long to wait for a process that is just ending. */
const LOCK_WAIT_MS = 1000;

/**
 * Keeps a second process from opening the same database. An exclusive transaction on an
 * empty database beside it is the lock, because SQLite's file locks work alike on every
 * platform and the operating system frees them however a process ends; locking the
 * database itself would shut out this node's own second connection.
 */
export class FileLock {
  readonly #database: Database.Database;

  /** Takes the lock of `file`, or throws StorageLockedError. */
  constructor(file: string) {
    const lockFile = `${file}.lock`;
    const advice = 'It holds nothing: remove it and start again.';
    let database: Database.Database | undefined;
    try {
      database = new Database(lockFile, { timeout: LOCK_WAIT_MS });
      database.pragma('journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database?.close();
      const known = storageErrorOf(lockFile, error, advice);
      if (known instanceof StorageLockedError) {
        throw new StorageLockedError(
          `${file} is in use by another running node. Stop that node first, or give this one a data directory of its own.`,
          { cause: error },
        );
      }
      throw known;
    }
    this.#database = database;
  }

  release(): void {
    this.#database.close();
  }
}
