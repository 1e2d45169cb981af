import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { ExportedRow } from '../rpc/cluster.ts';
import { BackupError } from './errors.ts';
import {
  frame,
  FrameKind,
  jsonFrame,
  MAGIC,
  rowBytes,
  rowsFrame,
  type BackedUpPartition,
  type Manifest,
} from './format.ts';

interface Mark {
  readonly position: number;
  readonly hash: Hash;
  readonly keys: number;
  readonly bytes: number;
}

/**
 * Writes a backup under another name, and gives it its own when it is whole and on disk: what
 * was interrupted never looks like a backup.
 */
export class BackupWriter {
  readonly #file: string;
  readonly #partial: string;
  readonly #handle: FileHandle;
  #position = 0;
  #hash = createHash('sha256');
  #keys = 0;
  #bytes = 0;
  #mark: Mark | null = null;
  readonly #partitions: BackedUpPartition[] = [];

  private constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#partial = partialName(file);
    this.#handle = handle;
  }

  /** Rejects with a BackupError when there is such a file already, or it cannot be made. */
  static async create(file: string): Promise<BackupWriter> {
    const exists = await open(file, constants.O_RDONLY).then(
      (handle) => handle.close().then(() => true),
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    if (exists) throw new BackupError(`${file} is there already. Nothing is overwritten: name another file.`);
    const { O_CREAT, O_EXCL, O_RDWR } = constants;
    const partial = partialName(file);
    // One that was interrupted before is of no use to anybody.
    await rm(partial, { force: true });
    // All keys and values of the cluster are in it: it is for its user alone.
    const handle = await open(partial, O_CREAT | O_EXCL | O_RDWR, 0o600).catch((error: unknown) => {
      throw new BackupError(`${partial} cannot be written: ${(error as Error).message}.`);
    });
    const writer = new BackupWriter(file, handle);
    await writer.#write(MAGIC);
    return writer;
  }

  async beginPartition(partition: BackedUpPartition): Promise<void> {
    this.#mark = { position: this.#position, hash: this.#hash.copy(), keys: this.#keys, bytes: this.#bytes };
    this.#partitions.push(partition);
    await this.#write(jsonFrame(FrameKind.Partition, partition));
  }

  async rows(rows: readonly ExportedRow[]): Promise<void> {
    if (rows.length === 0) return;
    this.#keys += rows.length;
    for (const row of rows) this.#bytes += rowBytes(row);
    await this.#write(await rowsFrame(rows));
  }

  /** Takes back the partition that was begun last. */
  async takeBack(): Promise<void> {
    if (this.#mark === null) return;
    const { position, hash, keys, bytes } = this.#mark;
    this.#mark = null;
    this.#partitions.pop();
    await this.#handle.truncate(position);
    this.#position = position;
    this.#hash = hash;
    this.#keys = keys;
    this.#bytes = bytes;
  }

  endPartition(): void {
    this.#mark = null;
  }

  /** Seals the backup. Resolves when it is on disk under its name. */
  async finish(facts: Omit<Manifest, 'partitions' | 'keys' | 'bytes'>): Promise<Manifest> {
    const manifest = { ...facts, partitions: this.#partitions, keys: this.#keys, bytes: this.#bytes };
    await this.#write(jsonFrame(FrameKind.Manifest, manifest));
    await this.#write(frame(FrameKind.Seal, this.#hash.copy().digest()));
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#partial, this.#file);
    await syncDirectory(path.dirname(this.#file));
    return manifest;
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#partial, { force: true });
  }

  get sizeBytes(): number {
    return this.#position;
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#position);
        at += bytesWritten;
        this.#position += bytesWritten;
      }
    } catch (error) {
      throw new BackupError(`${this.#partial} cannot be written: ${(error as Error).message}.`);
    }
  }
}

function partialName(file: string): string {
  return `${file}.partial`;
}

/** So that the name survives a power failure too; not every system can do that. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY).catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
