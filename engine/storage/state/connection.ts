import Database from 'better-sqlite3';

/** As for the log: larger pages make small changes write more. */
const PAGE_BYTES = 4096;
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;
const CACHE_KIB = 16_384;

/** A connection to the state machine's database, the applying one or the checkpointing one. */
export function connectState(file: string): Database.Database {
  const database = new Database(file, { timeout: 1000 });
  try {
    database.pragma(`page_size = ${PAGE_BYTES}`);
    database.pragma('journal_mode = WAL');
    // No fsync per batch: after a power failure the database is as it was some batches
    // ago, with the applied index of that time, and the log, which is synced before
    // anything is applied, is applied again from there. Checkpoints still sync the
    // write-ahead log before they change the database, so it is never half of a batch.
    database.pragma('synchronous = NORMAL');
    // Checkpoints wait for the disk, so they do not happen in a commit: see checkpointer.ts.
    database.pragma('wal_autocheckpoint = 0');
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma('cell_size_check = ON');
    database.pragma('trusted_schema = OFF');
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
