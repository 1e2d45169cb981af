import { MAX_SCAN_LIMIT } from '../config/limits.ts';
import type { KvResponse, ScanOperation } from '../rpc/kv.ts';
import { ReadMode } from '../rpc/kv.ts';
import { keyBytes, prefixBytes } from './bytes.ts';
import { toEntry } from './entry.ts';
import { InvalidArgumentError } from './errors.ts';
import type { Entry, ScanOptions, ScanPage } from './types.ts';

const DEFAULT_LIMIT = 100;
/** A page ends early rather than hold more than this. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/** A cursor is the last key of its page: it needs no state anywhere. */
function encodeCursor(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url');
}

function decodeCursor(cursor: string, prefix: Uint8Array): Uint8Array {
  const key = Buffer.from(cursor, 'base64url');
  const isPlain = key.length > 0 && key.toString('base64url') === cursor;
  if (!isPlain || Buffer.compare(key.subarray(0, prefix.length), prefix) !== 0) {
    throw new InvalidArgumentError('The cursor does not belong to this scan. Start again without one.');
  }
  return keyBytes(key);
}

/** One partition's part of the merge: what was fetched and not yet given out. */
class PartitionCursor {
  readonly partition: number;
  entries: Entry[] = [];
  at = 0;
  more = true;
  after: Uint8Array;

  constructor(partition: number, after: Uint8Array) {
    this.partition = partition;
    this.after = after;
  }

  /** Nothing left here, and the node has more: the merge must not go on without it. */
  get isStarved(): boolean {
    return this.at === this.entries.length && this.more;
  }

  get head(): Entry | undefined {
    return this.entries[this.at];
  }
}

/**
 * One page over the whole key space: asks every partition and merges by key. Each
 * partition is read on its own, so a page is no snapshot across partitions.
 */
export async function scanAll(
  options: ScanOptions,
  partitionCount: number,
  ask: (scan: ScanOperation) => Promise<KvResponse>,
): Promise<ScanPage> {
  const prefix = prefixBytes(options.prefix ?? '');
  const limit = options.limit ?? DEFAULT_LIMIT;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SCAN_LIMIT) {
    throw new InvalidArgumentError(`The limit of a scan is a whole number from 1 to ${MAX_SCAN_LIMIT}.`);
  }
  const after = options.cursor ? decodeCursor(options.cursor, prefix) : Buffer.alloc(0);
  const parts = Array.from({ length: partitionCount }, (_, partition) => new PartitionCursor(partition, after));
  // Keys are spread evenly by their hash: a fair share and some more seldom needs a second round.
  const share = Math.min(limit, Math.ceil((limit / partitionCount) * 1.25) + 8);

  const fill = async (part: PartitionCursor) => {
    const response = await ask({
      partition: part.partition,
      prefix,
      after: part.after,
      limit: share,
      readMode: options.readMode ?? ReadMode.Linearizable,
      keysOnly: options.keysOnly ?? false,
    });
    part.entries = response.entries.map((entry) => toEntry(entry, part.partition));
    part.at = 0;
    const last = part.entries.at(-1);
    // A page without entries ends the partition, whatever it says: it could not be continued from.
    part.more = response.more && last !== undefined;
    if (last !== undefined) part.after = last.key;
  };

  const merged: Entry[] = [];
  let bytes = 0;
  const isFull = () => merged.length === limit || bytes >= MAX_PAGE_BYTES;
  while (!isFull()) {
    const starved = parts.filter((part) => part.isStarved);
    if (starved.length > 0) await Promise.all(starved.map(fill));
    let smallest: PartitionCursor | undefined;
    while (!isFull() && !parts.some((part) => part.isStarved)) {
      smallest = undefined;
      for (const part of parts) {
        if (part.head === undefined) continue;
        if (smallest === undefined || Buffer.compare(part.head.key, smallest.head!.key) < 0) smallest = part;
      }
      if (smallest === undefined) return { entries: merged, cursor: null };
      const entry = smallest.head!;
      smallest.at++;
      merged.push(entry);
      bytes += entry.key.length + entry.value.length;
    }
  }
  const isEnd = parts.every((part) => part.head === undefined && !part.more);
  return { entries: merged, cursor: isEnd ? null : encodeCursor(merged.at(-1)!.key) };
}
