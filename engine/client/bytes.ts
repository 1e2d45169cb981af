import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../config/limits.ts';
import { InvalidKeyError, InvalidValueError } from './errors.ts';

/** Text is taken as UTF-8. */
export type BytesInput = string | Uint8Array;

function toBytes(input: unknown): Uint8Array | undefined {
  if (typeof input === 'string') return Buffer.from(input, 'utf8');
  return input instanceof Uint8Array ? input : undefined;
}

/** Throws InvalidKeyError for what no node would accept. */
export function keyBytes(key: BytesInput): Uint8Array {
  const bytes = toBytes(key);
  if (bytes === undefined) throw new InvalidKeyError('A key is a string or a Uint8Array.');
  if (bytes.length === 0) throw new InvalidKeyError('The key is empty. Give it at least one byte.');
  if (bytes.length > MAX_KEY_BYTES) {
    throw new InvalidKeyError(`The key has ${bytes.length} bytes; at most ${MAX_KEY_BYTES} are allowed. Shorten it.`);
  }
  return bytes;
}

/** Like a key, but may be empty: every key begins with nothing. */
export function prefixBytes(prefix: BytesInput): Uint8Array {
  const bytes = toBytes(prefix);
  if (bytes === undefined) throw new InvalidKeyError('A prefix is a string or a Uint8Array.');
  return bytes.length === 0 ? bytes : keyBytes(bytes);
}

/** Throws InvalidValueError for what no node would accept. */
export function valueBytes(value: BytesInput): Uint8Array {
  const bytes = toBytes(value);
  if (bytes === undefined) throw new InvalidValueError('A value is a string or a Uint8Array.');
  if (bytes.length > MAX_VALUE_BYTES) {
    throw new InvalidValueError(
      `The value has ${bytes.length} bytes; at most ${MAX_VALUE_BYTES} (1 MiB) are allowed. Split it over several keys.`,
    );
  }
  return bytes;
}
