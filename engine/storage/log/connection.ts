import Database from 'better-sqlite3';

/** Four KiB is what file systems write at a time: larger pages only make small batches write more. */
const PAGE_BYTES = 4096;
/** After a checkpoint the write-ahead log is cut back to this. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;
/** Pages in the write-ahead log that start a checkpoint: about 4 MiB, some milliseconds of writing. */
const CHECKPOINT_PAGES = 1000;
const CACHE_KIB = 4096;

/**
 * A connection to the log. Both the writer's and the reader's use it, so that the
 * settings that belong to the file agree.
 */
export function connectLog(file: string): Database.Database {
  const database = new Database(file, { timeout: 1000 });
  try {
    database.pragma(`page_size = ${PAGE_BYTES}`);
    // With a write-ahead log, readers and the writer do not wait for each other, and a
    // commit is one sequential write and one sync.
    database.pragma('journal_mode = WAL');
    // An acknowledged entry must survive a power failure. With NORMAL a commit is all or nothing
    // whatever happens, and durable once the writer has synced it: see wal-sync.ts.
    database.pragma('synchronous = NORMAL');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    database.pragma(`cache_size = -${CACHE_KIB}`);
    // A damaged page is an error, not something to be read as well as possible.
    database.pragma('cell_size_check = ON');
    database.pragma('trusted_schema = OFF');
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}
