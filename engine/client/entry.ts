import type { KvEntry } from '../rpc/kv.ts';
import type { Entry } from './types.ts';

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An entry as callers get it. */
export function toEntry(entry: KvEntry, partition: number): Entry {
  return {
    key: asBuffer(entry.key),
    value: asBuffer(entry.value),
    partition,
    revision: entry.revision,
    version: entry.version,
    createdAtMs: entry.createdAtMs,
    updatedAtMs: entry.updatedAtMs,
    valueSizeBytes: entry.valueSizeBytes,
  };
}
