import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { z } from 'zod';
import type { ExportedRow } from '../rpc/cluster.ts';
import { BackupError, DamagedBackupError } from './errors.ts';
import {
  BACKUP_FORMAT_VERSION,
  decodeRows,
  FRAME_HEADER_BYTES,
  FrameKind,
  MAGIC,
  manifestSchema,
  MAX_PAYLOAD_BYTES,
  partitionSchema,
  rowBytes,
  type BackedUpPartition,
  type Manifest,
} from './format.ts';

interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
  /** The seal is over what is before it. */
  readonly hashBefore: Buffer;
}

/**
 * Reads a backup from its beginning and checks all of it: frames, counts, order, seal. Gives
 * out rows as they come, and returns the manifest at the end; only then is it known that the
 * file is whole. Throws DamagedBackupError.
 */
export async function* readBackup(file: string): AsyncGenerator<ExportedRow[], Manifest> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new BackupError(`${file} cannot be read: ${(error as Error).message}.`);
  });
  try {
    return yield* readAll(file, handle);
  } finally {
    await handle.close();
  }
}

async function* readAll(file: string, handle: FileHandle): AsyncGenerator<ExportedRow[], Manifest> {
  const damaged = (found: string) => new DamagedBackupError(file, found);
  const partitions: BackedUpPartition[] = [];
  let manifest: Manifest | null = null;
  let keys = 0;
  let bytes = 0;
  let ofPartition = 0;
  const endPartition = (): void => {
    const last = partitions.at(-1);
    if (last !== undefined && last.keys !== ofPartition) {
      throw damaged(`partition ${last.partition} has ${ofPartition} keys and should have ${last.keys}`);
    }
    ofPartition = 0;
  };
  for await (const { kind, payload, hashBefore } of frames(file, handle)) {
    if (manifest !== null && kind !== FrameKind.Seal) throw damaged('something follows its manifest');
    if (kind === FrameKind.Partition) {
      endPartition();
      partitions.push(parsed(partitionSchema, payload, damaged));
    } else if (kind === FrameKind.Rows) {
      if (partitions.length === 0) throw damaged('keys come before their partition');
      const rows = await decodeRows(payload).catch(() => {
        throw damaged('some of its keys cannot be decoded');
      });
      for (const row of rows) bytes += rowBytes(row);
      keys += rows.length;
      ofPartition += rows.length;
      yield rows;
    } else if (kind === FrameKind.Manifest) {
      endPartition();
      manifest = parsed(manifestSchema, payload, damaged);
      if (manifest.formatVersion > BACKUP_FORMAT_VERSION) throw newer(file, manifest.formatVersion);
      const { partitions: stated } = manifest;
      if (manifest.keys !== keys || manifest.bytes !== bytes || JSON.stringify(stated) !== JSON.stringify(partitions)) {
        throw damaged('it does not hold what its manifest says');
      }
    } else if (kind === FrameKind.Seal) {
      if (manifest === null || !payload.equals(hashBefore)) throw damaged('its seal does not fit');
      const { bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, null);
      if (bytesRead > 0) throw damaged('something follows its seal');
      return manifest;
    } else throw damaged(`it has a part of an unknown kind (${kind})`);
  }
  throw damaged('it ends before its seal: it was cut off');
}

async function* frames(file: string, handle: FileHandle): AsyncGenerator<Frame> {
  const damaged = (found: string) => new DamagedBackupError(file, found);
  const hash = createHash('sha256');
  const take = async (length: number): Promise<Buffer | null> => {
    const bytes = Buffer.alloc(length);
    let at = 0;
    while (at < length) {
      const { bytesRead } = await handle.read(bytes, at, length - at, null);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return at === length ? bytes : null;
  };
  const magic = await take(MAGIC.length);
  if (magic === null || !magic.equals(MAGIC)) {
    const version = /^PrkDB backup (\d+)\n/.exec(magic?.toString('latin1') ?? '')?.[1];
    if (version !== undefined) throw newer(file, Number(version));
    throw new BackupError(`${file} is no backup of PrkDB.`);
  }
  hash.update(magic);
  for (;;) {
    const header = await take(FRAME_HEADER_BYTES);
    if (header === null) return;
    const length = header.readUInt32BE(1);
    if (length > MAX_PAYLOAD_BYTES) throw damaged('a part of it is larger than any can be');
    const payload = await take(length);
    if (payload === null) throw damaged('it ends in the middle of a part: it was cut off');
    if (crc32(payload) !== header.readUInt32BE(5)) throw damaged('the checksum of a part is wrong');
    const hashBefore = header[0] === FrameKind.Seal ? hash.copy().digest() : Buffer.alloc(0);
    hash.update(header).update(payload);
    yield { kind: header[0]!, payload, hashBefore };
  }
}

function newer(file: string, version: number): BackupError {
  return new BackupError(
    `${file} was made by a newer version (format ${version}, this one knows ${BACKUP_FORMAT_VERSION}). Restore it with that one.`,
  );
}

function parsed<T>(schema: z.ZodType<T>, payload: Buffer, damaged: (found: string) => Error): T {
  try {
    return schema.parse(JSON.parse(payload.toString()));
  } catch {
    throw damaged('a part of it is not what it should be');
  }
}
