import type Database from 'better-sqlite3';
import { CorruptDataError } from '../errors.ts';
import { checkIdentity, createIdentity, isNewDatabase, type StorageIdentity } from '../sqlite/identity.ts';
import { connectLog } from './connection.ts';
import { readMark } from './mark.ts';
import { recoverLog, type Recovery } from './recovery.ts';
import { LOG_SCHEMA } from './rows.ts';

/**
 * For a damaged log. A majority of intact nodes would not be enough to come back empty: an
 * entry that this node had acknowledged may be on one other alone, and this node's vote
 * could then help one that lacks it into office.
 */
export const LOG_ADVICE =
  'Its entries may be lost, and a node that votes without them can lose acknowledged writes. Keep a copy of the data ' +
  'directory. Restore the log if you have it; else let a new node take the place of this one, with: prkdb node replace.';

/**
 * Opens or creates the database and checks all of it. The connection that it returns only
 * reads. Throws what SQLite throws, or an error of errors.ts.
 */
export function openLogDatabase(
  file: string,
  identity: StorageIdentity,
): { database: Database.Database; recovery: Recovery } {
  const marked = readMark(file);
  const database = connectLog(file);
  try {
    if (isNewDatabase(database)) {
      if (marked > 0) throw new CorruptDataError(`it is empty, but ${marked} writes were already on disk`);
      database.transaction(() => {
        createIdentity(database, 'log', identity);
        database.exec(LOG_SCHEMA);
      })();
    }
    checkIdentity(database, file, 'log', identity, LOG_ADVICE);
    const recovery = recoverLog(database, marked);
    database.pragma('wal_checkpoint(TRUNCATE)');
    // From here on this connection only reads; the worker's is the one that writes.
    database.pragma('query_only = ON');
    return { database, recovery };
  } catch (error) {
    database.close();
    throw error;
  }
}
