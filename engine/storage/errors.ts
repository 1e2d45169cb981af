/** What storage can fail with. Every message says what it is and what to do; none needs a stack trace. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';
}

/** Bytes that should be one of our encodings and are not: from a disk, a peer or a committed entry. */
export class CorruptDataError extends StorageError {
  override readonly name = 'CorruptDataError';
}

/** A database file that no longer holds what was written to it. */
export class CorruptStorageError extends StorageError {
  override readonly name = 'CorruptStorageError';
  readonly file: string;

  constructor(file: string, found: string, advice: string, options?: ErrorOptions) {
    super(`${file} is damaged: ${found}. ${advice}`, options);
    this.file = file;
  }
}

/** The directory belongs to another cluster or another node. */
export class WrongOwnerError extends StorageError {
  override readonly name = 'WrongOwnerError';
}

/** The files were written by a version that this one does not understand. */
export class UnknownFormatError extends StorageError {
  override readonly name = 'UnknownFormatError';
}

/** Another process, or another part of this one, has the file open. */
export class StorageLockedError extends StorageError {
  override readonly name = 'StorageLockedError';
}

/** The file cannot be opened or created: a missing directory, a permission, a full disk. */
export class StorageUnavailableError extends StorageError {
  override readonly name = 'StorageUnavailableError';
}

/** A write did not reach the disk. Nothing is written after it until the node has been restarted. */
export class StorageWriteError extends StorageError {
  override readonly name = 'StorageWriteError';
  /** SQLite's name for the cause, such as SQLITE_FULL. */
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The caller broke the contract of the log or the state machine; nothing was written. */
export class StorageUsageError extends StorageError {
  override readonly name = 'StorageUsageError';
}
