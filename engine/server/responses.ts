import { KvStatus, type KvEntry, type KvResponse } from '../rpc/kv.ts';
import type { KvRow, KvRowMeta } from '../store/index.ts';

const NO_BYTES = new Uint8Array(0);

/** An answer with everything empty; callers fill in what their operation has. */
export function response(id: number, partition: number, epoch: number): KvResponse {
  return {
    id,
    status: KvStatus.Ok,
    message: '',
    leaderId: 0,
    leaderAddress: '',
    epoch,
    partition,
    entry: null,
    entries: [],
    more: false,
    found: false,
    stalenessMs: 0,
    session: 0,
  };
}

export function toEntry(row: KvRow | KvRowMeta): KvEntry {
  return {
    key: row.key,
    value: 'value' in row ? row.value : NO_BYTES,
    revision: row.revision,
    version: row.version,
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
    valueSizeBytes: row.valueSizeBytes,
  };
}
