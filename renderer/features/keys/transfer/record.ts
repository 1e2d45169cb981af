import { fromBase64, toBase64, utf8Bytes, utf8Text } from '../bytes.ts';
import { keyProblem, valueProblem } from '../limits.ts';

/** One key with its value, as bytes. */
export interface KeyRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** When the key goes by itself; null: it stays. */
  readonly expiresAtMs: number | null;
}

/** What a file held at a line: a record, or why there is none. */
export type ReadRecord =
  | { readonly ok: true; readonly line: number; readonly record: KeyRecord }
  | { readonly ok: false; readonly line: number; readonly message: string };

export type Encoding = 'utf8' | 'base64';

/** Bytes as a text that gives them back exactly: as they are where they are UTF-8, else in base64. */
export function spell(bytes: Uint8Array): { text: string; encoding: Encoding } {
  const text = utf8Text(bytes);
  return text === null ? { text: toBase64(bytes), encoding: 'base64' } : { text, encoding: 'utf8' };
}

/** The bytes of a text in this encoding; null if it is none. */
export function unspell(text: string, encoding: Encoding): Uint8Array | null {
  if (encoding === 'utf8') return isWellFormed(text) ? utf8Bytes(text) : null;
  try {
    return fromBase64(text);
  } catch {
    return null;
  }
}

/** Half a surrogate pair has no bytes; encoding it would write another character. */
function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

/** When a key goes, as files have it; undefined for what is no time. */
export function readTime(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) || timeMs < 0 ? undefined : timeMs;
}

export function writeTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** The record of a key, a value and when it goes, or what is wrong with them. */
export function readRecord(
  line: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  expiresAtMs: number | null | undefined,
): ReadRecord {
  if (key === null) return { ok: false, line, message: 'The key cannot be decoded.' };
  if (value === null) return { ok: false, line, message: 'The value cannot be decoded.' };
  if (expiresAtMs === undefined) {
    return { ok: false, line, message: 'When the key expires is no time, such as 2030-01-31T12:00:00Z.' };
  }
  const problem = keyProblem(key) ?? valueProblem(value);
  return problem === null
    ? { ok: true, line, record: { key, value, expiresAtMs } }
    : { ok: false, line, message: problem };
}

/** Reads a file piece by piece, cut anywhere. */
export interface RecordReader {
  push(text: string): ReadRecord[];
  /** What is left when the file has ended. */
  end(): ReadRecord[];
}
