import { promisify } from 'node:util';
import { crc32, deflateRaw, inflateRaw } from 'node:zlib';
import { z } from 'zod';
import { methodOf } from '../client/rpc.ts';
import type { ExportedRow, ExportPart } from '../rpc/cluster.ts';
import { serviceClient } from '../rpc/protos.ts';

/**
 * A backup is one file: the magic line, frames, nothing after the last one. A frame is its
 * kind (1 byte), the length of its payload (4 bytes, big-endian), the payload's CRC-32 (4 bytes)
 * and the payload. Kinds, in this order: for each partition a `partition` (JSON) and its `rows`
 * (deflated prkdb.cluster.ExportPart), then one `manifest` (JSON) and one `seal`: the SHA-256 of
 * all that is before it. A file without a seal that fits is no backup.
 */
export const BACKUP_FORMAT_VERSION = 1;
export const MAGIC = Buffer.from('PrkDB backup 1\n');
export const FRAME_HEADER_BYTES = 9;
/** The largest part of an export is far smaller; a damaged length must not allocate gigabytes. */
export const MAX_PAYLOAD_BYTES = 32 * 1024 * 1024;

export const FrameKind = { Partition: 1, Rows: 2, Manifest: 3, Seal: 4 } as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

const count = z.number().int().min(0);

export const partitionSchema = z.object({
  partition: count,
  /** The applied index of its Raft group: everything up to it is here, nothing after it. */
  index: count,
  revision: count,
  keys: count,
});
/** One partition of a backup. Of all partitions together this is the revision vector that the backup stands for. */
export type BackedUpPartition = z.infer<typeof partitionSchema>;

export const manifestSchema = z.object({
  formatVersion: z.number().int(),
  clusterId: z.string(),
  clusterName: z.string(),
  epoch: count,
  /** What was acknowledged before this is in it. */
  beganAtMs: count,
  endedAtMs: count,
  partitions: z.array(partitionSchema),
  keys: count,
  /** Of keys and values. */
  bytes: count,
});
export type Manifest = z.infer<typeof manifestSchema>;

export function frame(kind: FrameKind, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUInt8(kind, 0);
  bytes.writeUInt32BE(payload.length, 1);
  bytes.writeUInt32BE(crc32(payload), 5);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

export function jsonFrame(kind: FrameKind, value: unknown): Buffer {
  return frame(kind, Buffer.from(JSON.stringify(value)));
}

const deflate = promisify(deflateRaw) as (bytes: Buffer, options: { level: number }) => Promise<Buffer>;
const inflate = promisify(inflateRaw) as (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

function exportMethod() {
  return methodOf(serviceClient('cluster', 'prkdb.cluster.ClusterService'), 'Export');
}

export async function rowsFrame(rows: readonly ExportedRow[]): Promise<Buffer> {
  const message = exportMethod().responseSerialize({ start: null, rows: [...rows], end: false } satisfies ExportPart);
  // The lowest level is several times as fast, and little larger.
  return frame(FrameKind.Rows, await deflate(message, { level: 1 }));
}

/** Rejects for what is no rows. */
export async function decodeRows(payload: Buffer): Promise<ExportedRow[]> {
  const message = await inflate(payload, { maxOutputLength: 2 * MAX_PAYLOAD_BYTES });
  return (exportMethod().responseDeserialize(message) as ExportPart).rows;
}

export function rowBytes({ key, value }: ExportedRow): number {
  return key.length + value.length;
}
