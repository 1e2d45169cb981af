import fs from 'node:fs';
import path from 'node:path';

/**
 * Makes commits of the log durable. The SQLite that we get was built without fdatasync: its own
 * sync of a commit also writes the file's time stamps, which takes the file system's journal, and
 * on a disk that others use this is several times as long as the data take. The write-ahead log
 * is overwritten in place most of the time, so that its data are all there is to sync.
 *
 * The other syncs stay SQLite's: of a new header of the write-ahead log before the frames that
 * follow it, of the log before a checkpoint and of the database after it.
 */
export class WalSync {
  readonly #descriptor: number;

  /** The log's write-ahead log must exist, and stays as long as a connection is open. */
  constructor(logFile: string) {
    // A descriptor of its own: SQLite holds no lock on this file that closing it could end.
    this.#descriptor = fs.openSync(`${logFile}-wal`, 'r+');
    // The file may be new, and a file is only there after a power failure when its directory was synced.
    const directory = fs.openSync(path.dirname(logFile), 'r');
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  }

  /** Returns when everything committed is on disk. Throws when that is not certain: it never is again then. */
  sync(): void {
    fs.fdatasyncSync(this.#descriptor);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}
