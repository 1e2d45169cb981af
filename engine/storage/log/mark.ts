import fs from 'node:fs';
import { crc32 } from 'node:zlib';

const MARK_BYTES = 12;

/**
 * The number of the last transaction known to be on disk, in a small file beside the
 * log. SQLite takes a damaged write-ahead log for one that ends early and drops what
 * follows without a word; this file knows better. It is written after each commit and
 * needs no sync: one that lags behind (after a power failure) only notices less, one that
 * is damaged counts as absent, and none is ever ahead of the log.
 */
export class CommitMark {
  readonly #descriptor: number;
  readonly #bytes = Buffer.alloc(MARK_BYTES);

  constructor(logFile: string) {
    const file = markFile(logFile);
    this.#descriptor = fs.openSync(file, fs.existsSync(file) ? 'r+' : 'w+');
    // What a crash or a damaged disk has put behind it would make it unreadable for good.
    if (fs.fstatSync(this.#descriptor).size > MARK_BYTES) fs.ftruncateSync(this.#descriptor, MARK_BYTES);
  }

  write(sequence: number): void {
    this.#bytes.writeDoubleLE(sequence, 0);
    this.#bytes.writeUInt32LE(crc32(this.#bytes.subarray(0, 8)), 8);
    fs.writeSync(this.#descriptor, this.#bytes, 0, MARK_BYTES, 0);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

function markFile(logFile: string): string {
  return `${logFile}.mark`;
}

/** The marked transaction, or 0 when there is no readable mark. */
export function readMark(logFile: string): number {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(markFile(logFile));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  if (bytes.length !== MARK_BYTES || crc32(bytes.subarray(0, 8)) !== bytes.readUInt32LE(8)) return 0;
  return bytes.readDoubleLE(0);
}
