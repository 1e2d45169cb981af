import { ChangeKind, type KvEntry, type KvRevision, type WriteResult } from '../rpc/kv.ts';
import type { KeyRevision, KvRow, KvRowMeta, PlainResult } from '../store/index.ts';

const NO_BYTES = new Uint8Array(0);

export function toEntry(row: KvRow | KvRowMeta): KvEntry {
  return {
    key: row.key,
    value: 'value' in row ? row.value : NO_BYTES,
    revision: row.revision,
    version: row.version,
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
    valueSizeBytes: row.valueSizeBytes,
    expiresAtMs: row.expiresAtMs,
  };
}

const changeKinds = { put: ChangeKind.Put, delete: ChangeKind.Delete, expire: ChangeKind.Expire } as const;

export function toRevision({ kind, value, ...facts }: KeyRevision): KvRevision {
  return { ...facts, kind: changeKinds[kind], hasValue: value !== null, value: value ?? NO_BYTES };
}

export function toWriteResult(result: PlainResult): WriteResult {
  switch (result.kind) {
    case 'put':
      return { entry: toEntry(result.row), found: true };
    case 'deleted':
      return { entry: null, found: result.found };
    case 'checked':
      return { entry: null, found: false };
  }
}
