/** A backup cannot be made, read or restored; the message says why and what to do. */
export class BackupError extends Error {
  override readonly name: string = 'BackupError';
}

/** The file is no whole and unchanged backup. */
export class DamagedBackupError extends BackupError {
  override readonly name = 'DamagedBackupError';

  constructor(file: string, found: string) {
    super(`${file} cannot be restored: ${found}. Nothing was written. Take another copy of the backup.`);
  }
}

/** The cluster has other values under keys of the backup. */
export class KeysInTheWayError extends BackupError {
  override readonly name = 'KeysInTheWayError';
}
