import type { ChangeKind, KvEntry, KvRevision } from '../rpc/kv.ts';
import type { Entry, EntryMeta, KeyRevision } from './types.ts';

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An entry as callers get it. */
export function toEntry(entry: KvEntry, partition: number): Entry {
  return { ...toMeta(entry, partition), value: asBuffer(entry.value) };
}

/** The same without its value. `key`: instead of the entry's own, which is a view of the message that it came in. */
export function toMeta(entry: KvEntry, partition: number, key = asBuffer(entry.key)): EntryMeta {
  return {
    key,
    partition,
    revision: entry.revision,
    version: entry.version,
    createdAtMs: entry.createdAtMs,
    updatedAtMs: entry.updatedAtMs,
    valueSizeBytes: entry.valueSizeBytes,
    expiresAtMs: entry.expiresAtMs || null,
  };
}

const changeKinds = ['put', 'delete', 'expire'] as const;

export function changeKindName(kind: ChangeKind): (typeof changeKinds)[number] {
  return changeKinds[kind];
}

/** A revision as callers get it. */
export function toKeyRevision(revision: KvRevision, partition: number): KeyRevision {
  const { kind, version, timeMs, valueSizeBytes, hasValue, value, expiresAtMs } = revision;
  return {
    kind: changeKindName(kind),
    partition,
    revision: revision.revision,
    version,
    timeMs,
    valueSizeBytes,
    value: hasValue ? asBuffer(value) : null,
    expiresAtMs: expiresAtMs || null,
  };
}
