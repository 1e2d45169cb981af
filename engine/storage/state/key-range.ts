import { MAX_KEY_BYTES } from '../../config/limits.ts';

/** Greater than every key, since no key is as long. */
const AFTER_ALL_KEYS = Buffer.alloc(MAX_KEY_BYTES + 1, 0xff);

/** The least byte string that is greater than every key with this prefix. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return AFTER_ALL_KEYS;
  const end = Buffer.from(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}

/** The least key with this prefix that is greater than `after`; inclusive. */
export function scanStart(prefix: Uint8Array, after: Uint8Array): Uint8Array {
  if (after.length === 0 || Buffer.compare(after, prefix) < 0) return prefix;
  // Nothing sorts between a key and the same key with a zero byte behind it.
  return Buffer.concat([after, Buffer.of(0)]);
}
