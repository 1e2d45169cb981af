import { EntryType, type Entry } from '../../raft/types.ts';
import { CorruptDataError } from '../errors.ts';
import {
  bytesFieldSize,
  varintFieldSize,
  varintSize,
  WireReader,
  writeBytesField,
  writeVarint,
  writeVarintField,
} from './wire.ts';

/**
 * A batch of entries is the `entries` field (11) of `RaftMessage`, repeated: two batches
 * joined are a batch, and a batch is the tail of an Append message as it stands.
 */
const ENTRIES_TAG = (11 << 3) | 2;

const EMPTY: Uint8Array = new Uint8Array(0);

function entryBodySize(entry: Entry): number {
  return (
    varintFieldSize(entry.index) +
    varintFieldSize(entry.term) +
    varintFieldSize(entry.type) +
    (entry.data.length === 0 ? 0 : bytesFieldSize(entry.data.length))
  );
}

/** Bytes that this entry takes in a batch. */
export function entrySize(entry: Entry): number {
  const body = entryBodySize(entry);
  return 1 + varintSize(body) + body;
}

/** Writes one entry of a batch at `at` and returns the position after it. */
export function writeEntry(target: Uint8Array, at: number, entry: Entry): number {
  target[at] = ENTRIES_TAG;
  let position = writeVarint(target, at + 1, entryBodySize(entry));
  position = writeVarintField(target, position, 1, entry.index);
  position = writeVarintField(target, position, 2, entry.term);
  position = writeVarintField(target, position, 3, entry.type);
  return entry.data.length === 0 ? position : writeBytesField(target, position, 4, entry.data);
}

/** Encodes entries in order; see `ENTRIES_TAG` for the shape. */
export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  let size = 0;
  for (const entry of entries) size += entrySize(entry);
  const target = Buffer.allocUnsafe(size);
  let position = 0;
  for (const entry of entries) position = writeEntry(target, position, entry);
  return target;
}

function decodeEntry(reader: WireReader): Entry {
  let index = 0;
  let term = 0;
  let type = 0;
  let data = EMPTY;
  while (!reader.done) {
    const tag = reader.varint();
    switch (tag) {
      case 0x08:
        index = reader.varint();
        break;
      case 0x10:
        term = reader.varint();
        break;
      case 0x18:
        type = reader.varint();
        break;
      case 0x22:
        data = reader.view();
        break;
      default:
        throw new CorruptDataError(`a log entry has an unknown field (tag ${tag})`);
    }
  }
  if (index === 0 || term === 0) throw new CorruptDataError('a log entry has no index or no term');
  if (type !== EntryType.Normal && type !== EntryType.ConfChange) {
    throw new CorruptDataError(`a log entry has the unknown type ${type}`);
  }
  return { index, term, type, data };
}

/**
 * Calls `visit` with each entry of a batch and the position at which it begins, until
 * `visit` returns false. Entry data are views of `bytes`, never copies. Throws
 * CorruptDataError unless indexes are contiguous and terms never fall.
 */
export function visitEntries(bytes: Uint8Array, visit: (entry: Entry, start: number) => boolean): void {
  const reader = new WireReader(bytes, 0, bytes.length);
  let previous: Entry | null = null;
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.varint();
    if (tag !== ENTRIES_TAG) throw new CorruptDataError(`a batch of entries has an unknown field (tag ${tag})`);
    const length = reader.length();
    const end = reader.position + length;
    const entry = decodeEntry(new WireReader(bytes, reader.position, end));
    reader.position = end;
    if (previous !== null && (entry.index !== previous.index + 1 || entry.term < previous.term)) {
      throw new CorruptDataError(
        `entry ${entry.index} of term ${entry.term} cannot follow entry ${previous.index} of term ${previous.term}`,
      );
    }
    previous = entry;
    if (!visit(entry, start)) return;
  }
}

/** All entries of a batch; see `visitEntries`. */
export function decodeEntries(bytes: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  visitEntries(bytes, (entry) => {
    entries.push(entry);
    return true;
  });
  return entries;
}
