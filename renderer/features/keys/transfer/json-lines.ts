import {
  readRecord,
  readTime,
  spell,
  unspell,
  writeTime,
  type KeyRecord,
  type ReadRecord,
  type RecordReader,
} from './record.ts';

/**
 * `{"key":"a","value":"b"}`, and `expiresAt` of keys that go by themselves; bytes that are not
 * UTF-8 stand in `keyBase64` and `valueBase64`.
 */
export function jsonLine(record: KeyRecord): string {
  const [key, value] = [spell(record.key), spell(record.value)];
  return `${JSON.stringify({
    [key.encoding === 'utf8' ? 'key' : 'keyBase64']: key.text,
    [value.encoding === 'utf8' ? 'value' : 'valueBase64']: value.text,
    ...(record.expiresAtMs !== null && { expiresAt: writeTime(record.expiresAtMs) }),
  })}\n`;
}

export class JsonLinesReader implements RecordReader {
  #rest = '';
  #line = 0;

  push(text: string): ReadRecord[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#read(line));
  }

  end(): ReadRecord[] {
    const last = this.#rest;
    this.#rest = '';
    return this.#read(last);
  }

  #read(text: string): ReadRecord[] {
    this.#line += 1;
    const line = this.#line;
    if (text.trim() === '') return [];
    let object: unknown;
    try {
      object = JSON.parse(text);
    } catch {
      return [{ ok: false, line, message: 'This is not JSON. Each line holds one object.' }];
    }
    if (typeof object !== 'object' || object === null || Array.isArray(object)) {
      return [{ ok: false, line, message: 'This is no object with "key" and "value".' }];
    }
    const [key, value] = [field(object, 'key'), field(object, 'value')];
    if (typeof key === 'string') return [{ ok: false, line, message: key }];
    if (typeof value === 'string') return [{ ok: false, line, message: value }];
    return [readRecord(line, key.bytes, value.bytes, expiry(object))];
  }
}

function expiry(object: object): number | null | undefined {
  const given: unknown = Reflect.get(object, 'expiresAt');
  if (given === undefined || given === null) return null;
  return typeof given === 'string' ? readTime(given) : undefined;
}

/** The bytes of `name` or `nameBase64`; null where they cannot be decoded; a sentence where they are not given. */
function field(object: object, name: 'key' | 'value'): { bytes: Uint8Array | null } | string {
  const plain: unknown = Reflect.get(object, name);
  const base64: unknown = Reflect.get(object, `${name}Base64`);
  if (plain !== undefined && base64 !== undefined) return `Give "${name}" or "${name}Base64", not both.`;
  if (plain === undefined && base64 === undefined) return `"${name}" is missing.`;
  const given = plain ?? base64;
  if (typeof given !== 'string') return `"${name}" is no text. Write JSON values as a string: "{\\"a\\":1}".`;
  return { bytes: unspell(given, plain === undefined ? 'base64' : 'utf8') };
}
