import type { KeyFolder } from '../../contract/bulk-keys.ts';
import type { QueryOutput } from '../../contract/contract.ts';
import type { ReadMode } from '../../contract/model.ts';
import { MAX_KEY_BYTES } from '../../../engine/config/limits.ts';
import type { KeySpace } from './key-space.ts';

const PAGE_KEYS = 1_000;
/** Keys that one answer looks at, at most. */
const MAX_PAGES = 32;
/** A folder with more keys than this is not counted to its end. */
export const COUNTED_TO = 10_000;
const MAX_FOLDERS = 500;

/**
 * One level of the prefix tree: walks the keys after `after` in order and passes over what is
 * left of a folder once it has proved large. What was not looked at is not counted.
 */
export async function keyTree(
  keys: Pick<KeySpace, 'scan'>,
  options: { prefix: string; separator: string; after: string; readMode: ReadMode },
): Promise<QueryOutput<'keys.tree'>> {
  const prefix = Buffer.from(options.prefix, 'base64');
  const separator = Buffer.from(options.separator);
  const folders: { name: Buffer; count: number; isExact: boolean }[] = [];
  let ownKeys = 0;
  let after = options.after;
  const answer = (next: string | null) => ({
    folders: folders.map(({ name, count, isExact }): KeyFolder => ({
      prefix: name.toString('base64'),
      count,
      isExact,
    })),
    ownKeys,
    next,
  });

  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await keys.scan({ prefix: options.prefix, after, limit: PAGE_KEYS, readMode: options.readMode });
    let last: string = after;
    for (const meta of page.keys) {
      const key = Buffer.from(meta.key, 'base64');
      const name = folderOf(key, prefix, separator);
      const open = folders.at(-1);
      if (name === null) {
        ownKeys += 1;
      } else if (open !== undefined && open.name.equals(name)) {
        open.count += 1;
      } else {
        // The folder that is open ended before this key; the next answer begins with this one.
        if (folders.length === MAX_FOLDERS) return answer(last);
        folders.push({ name, count: 1, isExact: true });
      }
      last = meta.key;
    }
    if (page.next === null) return answer(null);
    const open = folders.at(-1);
    const isInside = open !== undefined && Buffer.from(last, 'base64').subarray(0, open.name.length).equals(open.name);
    if (isInside && open.count >= COUNTED_TO) {
      open.isExact = false;
      open.count = COUNTED_TO;
      after = lastKeyUnder(open.name).toString('base64');
    } else {
      after = page.next;
    }
  }
  // The reading ended in the middle of a folder: how many it holds was not seen.
  const open = folders.at(-1);
  if (open === undefined || !Buffer.from(after, 'base64').subarray(0, open.name.length).equals(open.name)) {
    return answer(after);
  }
  open.isExact = false;
  return answer(lastKeyUnder(open.name).toString('base64'));
}

/** The key's part up to the first separator after the prefix, included; null when there is none. */
function folderOf(key: Buffer, prefix: Buffer, separator: Buffer): Buffer | null {
  const at = key.indexOf(separator, prefix.length);
  return at < 0 ? null : key.subarray(0, at + separator.length);
}

/** No key that begins with these bytes comes after this one. */
function lastKeyUnder(name: Buffer): Buffer {
  return Buffer.concat([name, Buffer.alloc(Math.max(0, MAX_KEY_BYTES - name.length), 0xff)]);
}
