import { formatCount } from '../../ui/format.ts';
import { parseKey } from './key-text.ts';
import { encodeDraft, jsonProblem, type Draft } from './value-format.ts';

/** The engine's bounds, checked here so that the answer is a sentence at the field. */
export const MAX_KEY_BYTES = 4096;
export const MAX_VALUE_BYTES = 1024 * 1024;

/** Null if the key may be sent. */
export function keyProblem(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'Type a key: it needs at least 1 byte.';
  if (bytes.length > MAX_KEY_BYTES) {
    return `The key has ${formatCount(bytes.length)} bytes; at most ${formatCount(MAX_KEY_BYTES)} fit. Shorten it.`;
  }
  return null;
}

/** Null if the value may be sent. */
export function valueProblem(bytes: Uint8Array): string | null {
  if (bytes.length <= MAX_VALUE_BYTES) return null;
  return `The value has ${formatCount(bytes.length)} bytes; at most ${formatCount(MAX_VALUE_BYTES)} (1 MiB) fit. Split it over several keys.`;
}

export type CheckedKey = { ok: true; bytes: Uint8Array } | { ok: false; message: string };

/** A key as typed: its bytes, or what is wrong with it. */
export function checkKey(text: string): CheckedKey {
  const parsed = parseKey(text);
  if (!parsed.ok) return parsed;
  const message = keyProblem(parsed.bytes);
  return message === null ? parsed : { ok: false, message };
}

/** A prefix as typed. An empty one is every key. */
export function checkPrefix(text: string): CheckedKey {
  const parsed = parseKey(text);
  if (!parsed.ok || parsed.bytes.length <= MAX_KEY_BYTES) return parsed;
  return { ok: false, message: `No key is longer than ${formatCount(MAX_KEY_BYTES)} bytes. Shorten the prefix.` };
}

/** Why a draft cannot be sent as it is; null if it can. */
export function draftProblem(draft: Draft): string | null {
  const encoded = encodeDraft(draft);
  if (!encoded.ok) return encoded.message;
  const json = jsonProblem(draft);
  if (json !== null) {
    return `Line ${json.line}: ${json.message}. Mend it, or switch to Text to save it as it is.`;
  }
  return valueProblem(encoded.bytes);
}
