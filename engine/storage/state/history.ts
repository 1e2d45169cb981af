import { MAX_PAST_BYTES, MAX_PAST_REVISIONS } from '../../config/limits.ts';
import { varintSize, WireReader, writeVarint } from '../codec/wire.ts';
import { CorruptDataError } from '../errors.ts';
import { Gone, type KeyRevision, type KvRow, type KvRowMeta } from '../types.ts';

/** A larger value leaves its facts in the history, and not itself. */
export const MAX_PAST_VALUE_BYTES = 1536;

const NOTHING: Uint8Array = new Uint8Array(0);

/** What of a row goes into the history of its key when another takes its place. */
export interface Replaced {
  readonly meta: KvRowMeta;
  /** Null when it is too large. */
  readonly value: Uint8Array | null;
}

/**
 * The history of a key after rows were replaced, the oldest of them first: the newest revision
 * first, each with its length before it, so that the oldest are cut off without being looked at.
 * The same bytes whether rows come here one by one or together.
 */
export function pastAfter(replaced: readonly Replaced[], past: Uint8Array): Uint8Array {
  const heads: Head[] = [];
  let headsSize = 0;
  for (let i = replaced.length - 1; i >= 0; i--) {
    const head = headOf(replaced[i]!);
    if (heads.length === MAX_PAST_REVISIONS || (heads.length > 0 && headsSize + head.sizeBytes > MAX_PAST_BYTES)) break;
    headsSize += head.sizeBytes;
    heads.push(head);
  }
  const rest = heads.length < replaced.length ? 0 : keptBytes(past, heads.length, MAX_PAST_BYTES - headsSize);
  const target = Buffer.allocUnsafeSlow(headsSize + rest);
  let at = 0;
  for (const { bodySize, numbers, value } of heads) {
    at = writeVarint(target, at, bodySize);
    for (const number of numbers) at = writeVarint(target, at, number);
    target.set(value, at);
    at += value.length;
  }
  target.set(rest === past.length ? past : past.subarray(0, rest), at);
  return target;
}

/** A revision of the past as it is going to be written. */
interface Head {
  readonly numbers: readonly number[];
  readonly value: Uint8Array;
  readonly bodySize: number;
  readonly sizeBytes: number;
}

function headOf({ meta, value }: Replaced): Head {
  const { gone, revision, version, updatedAtMs, expiresAtMs, valueSizeBytes } = meta;
  const kept = gone === Gone.No && value !== null && value.length <= MAX_PAST_VALUE_BYTES ? value : NOTHING;
  const hasValue = gone === Gone.No && kept.length === valueSizeBytes ? 1 : 0;
  const numbers = [gone, revision, version, updatedAtMs, gone === Gone.No ? expiresAtMs : 0, valueSizeBytes, hasValue];
  let bodySize = kept.length;
  for (const number of numbers) bodySize += varintSize(number);
  return { numbers, value: kept, bodySize, sizeBytes: varintSize(bodySize) + bodySize };
}

/** How much of a history may stay behind so many newer revisions: whole revisions only. */
function keptBytes(past: Uint8Array, newer: number, maxBytes: number): number {
  const reader = new WireReader(past, 0, past.length);
  for (let count = newer; !reader.done; count++) {
    const start = reader.position;
    if (count === MAX_PAST_REVISIONS) return start;
    const length = reader.length();
    reader.position += length;
    if (reader.position > maxBytes) return start;
  }
  return past.length;
}

const KINDS = ['put', 'delete', 'expire'] as const;

/** The newest first. Values are views of `past`. Throws CorruptDataError for what is no history. */
export function decodePast(past: Uint8Array): KeyRevision[] {
  const revisions: KeyRevision[] = [];
  const list = new WireReader(past, 0, past.length);
  while (!list.done) {
    const length = list.length();
    const end = list.position + length;
    const reader = new WireReader(past, list.position, end);
    list.position = end;
    const kind = KINDS[reader.varint()];
    if (kind === undefined) throw new CorruptDataError('a revision of the past has an unknown kind');
    const [revision, version, timeMs, expiresAtMs, valueSizeBytes, hasValue] = [
      reader.varint(),
      reader.varint(),
      reader.varint(),
      reader.varint(),
      reader.varint(),
      reader.varint(),
    ];
    const value = hasValue === 1 ? past.subarray(reader.position, end) : null;
    if (value !== null && value.length !== valueSizeBytes) {
      throw new CorruptDataError('a value of the past has another size than it says');
    }
    revisions.push({ kind, revision, version, timeMs, expiresAtMs, valueSizeBytes, value });
  }
  return revisions;
}

/** All that is known of a key, the newest first. */
export function historyOf(row: KvRow): KeyRevision[] {
  const { gone, revision, version, updatedAtMs, expiresAtMs, valueSizeBytes, value, past } = row;
  const isThere = gone === Gone.No;
  const newest: KeyRevision = {
    kind: KINDS[gone],
    revision,
    version,
    timeMs: updatedAtMs,
    expiresAtMs: isThere ? expiresAtMs : 0,
    valueSizeBytes,
    value: isThere ? value : null,
  };
  return [newest, ...decodePast(past)];
}
