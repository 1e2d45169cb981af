import { utf8Bytes, utf8Text } from './bytes.ts';

/**
 * Keys are bytes; people read and type text. The written form is the key's UTF-8 text
 * with `\\` for a backslash, `\n`, `\r`, `\t`, and `\xNN` for every byte that is not
 * UTF-8 or could not be seen. `parseKey(escapeKey(bytes))` gives the same bytes.
 */

/** What nobody could tell apart on a screen: controls, separators, invisible and direction marks. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
const needsEscape = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]|^\s|\s$/u;

export function escapeKey(bytes: Uint8Array): string {
  const whole = utf8Text(bytes);
  if (whole !== null && !needsEscape.test(whole)) return whole;

  let out = '';
  for (let at = 0; at < bytes.length;) {
    const size = sequenceLength(bytes[at] ?? 0);
    const piece = bytes.subarray(at, at + size);
    const char = piece.length === size ? utf8Text(piece) : null;
    if (char === null) {
      out += hexEscape(bytes.subarray(at, at + 1));
      at += 1;
      continue;
    }
    const atEdge = at === 0 || at + size === bytes.length;
    out += escapeChar(char, piece, atEdge);
    at += size;
  }
  return out;
}

function escapeChar(char: string, bytes: Uint8Array, atEdge: boolean): string {
  if (char === '\\') return '\\\\';
  if (char === '\n') return '\\n';
  if (char === '\r') return '\\r';
  if (char === '\t') return '\\t';
  if (unseen.test(char) || (atEdge && /\s/u.test(char))) return hexEscape(bytes);
  return char;
}

/** Bytes that a UTF-8 sequence with this first byte has; 1 for one that begins none. */
function sequenceLength(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0) return first < 0xf0 ? 3 : 1;
  return first >= 0xc2 ? 2 : 1;
}

function hexEscape(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

export type ParsedKey = { ok: true; bytes: Uint8Array } | { ok: false; message: string };

/** The bytes that a written key or prefix stands for. Lengths are not judged here. */
export function parseKey(text: string): ParsedKey {
  const parts: Uint8Array[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char !== '\\') {
      plain += char;
      continue;
    }
    const next = text.charAt(at + 1);
    const simple = { '\\': '\\', n: '\n', r: '\r', t: '\t' }[next];
    if (simple !== undefined) {
      plain += simple;
      at += 1;
      continue;
    }
    const hex = /^x([0-9a-fA-F]{2})/.exec(text.slice(at + 1, at + 4))?.[1];
    if (hex === undefined) {
      return {
        ok: false,
        message: `\\${next} stands for nothing. Write \\\\ for a backslash, or \\x and two hex digits for a byte.`,
      };
    }
    parts.push(utf8Bytes(plain), Uint8Array.of(Number.parseInt(hex, 16)));
    plain = '';
    at += 3;
  }
  parts.push(utf8Bytes(plain));
  return { ok: true, bytes: concat(parts) };
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/**
 * A written key cut in two for the list: the part that all rows share up to the last
 * separator of the prefix, shortened to its last segment, and the part that tells it apart.
 */
export function splitForDisplay(key: string, prefix: string, separator: string): { shared: string; own: string } {
  const last = key.startsWith(prefix) ? prefix.lastIndexOf(separator) : -1;
  if (last <= 0) return { shared: '', own: key };
  const cut = last + separator.length;
  const shared = key.slice(0, cut);
  const segment = shared.lastIndexOf(separator, last - 1);
  return { shared: segment > 0 ? `…${shared.slice(segment)}` : shared, own: key.slice(cut) };
}
