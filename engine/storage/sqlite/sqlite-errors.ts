import Database from 'better-sqlite3';
import {
  CorruptDataError,
  CorruptStorageError,
  StorageError,
  StorageLockedError,
  StorageUnavailableError,
  StorageWriteError,
} from '../errors.ts';

function startsWithAny(code: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => code.startsWith(prefix));
}

/**
 * What an error that came out of opening or reading `file` means to the one who runs the
 * node. `advice` is the sentence for a damaged file.
 */
export function storageErrorOf(file: string, error: unknown, advice: string): Error {
  if (error instanceof CorruptDataError) {
    return new CorruptStorageError(file, error.message, advice, { cause: error });
  }
  if (error instanceof StorageError) return error;
  if (error instanceof Database.SqliteError) {
    const { code } = error;
    if (startsWithAny(code, ['SQLITE_BUSY', 'SQLITE_LOCKED'])) {
      return new StorageLockedError(`${file} is locked by another process. Stop that process first.`, { cause: error });
    }
    // SQLITE_ERROR is what a damaged schema gives ("no such column"): our SQL is fixed text.
    const damaged = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_IOERR_SHORT_READ', 'SQLITE_IOERR_CORRUPTFS'];
    if (startsWithAny(code, [...damaged, 'SQLITE_CONSTRAINT', 'SQLITE_MISMATCH']) || code === 'SQLITE_ERROR') {
      return new CorruptStorageError(file, error.message, advice, { cause: error });
    }
    return new StorageUnavailableError(
      `${file} cannot be used (${code}: ${error.message}). Check that the disk has room and works, and that the directory may be written.`,
      { cause: error },
    );
  }
  // better-sqlite3 reports a missing directory as a TypeError; the file system's errors have a code.
  if (error instanceof TypeError || (error instanceof Error && 'code' in error)) {
    return new StorageUnavailableError(
      `${file} cannot be opened (${error.message}). Check that its directory exists and may be written.`,
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** What an error of a write means. `code` is SQLite's or the system's name for the cause. */
export function writeErrorOf(file: string, code: string, message: string): StorageWriteError {
  const full = code.startsWith('SQLITE_FULL') || code === 'ENOSPC';
  const advice = full
    ? 'The disk is full: make room, then restart the node.'
    : 'Check the disk, then restart the node.';
  return new StorageWriteError(`${file} cannot be written (${code}: ${message}). ${advice}`, code);
}
