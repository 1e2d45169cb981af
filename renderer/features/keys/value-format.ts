import { fromBase64, toBase64, utf8Bytes, utf8Text } from './bytes.ts';
import { parseJson, printJson, type JsonProblem } from './json-tree.ts';

/** How the editor shows a value. The bytes are the same in each. */
export const valueFormats = ['json', 'text', 'hex', 'base64'] as const;
export type ValueFormat = (typeof valueFormats)[number];

/** Formats that spell any bytes whatever. */
export function isByteFormat(format: ValueFormat): boolean {
  return format === 'hex' || format === 'base64';
}

export type LineEnding = '\n' | '\r\n';

/**
 * What stands in the editor. A text area turns every line end into `\n`, so the value's
 * own is kept beside the text and put back on the way out.
 */
export interface Draft {
  readonly format: ValueFormat;
  readonly text: string;
  readonly lineEnding: LineEnding;
}

export type Encoded = { ok: true; bytes: Uint8Array } | { ok: false; message: string };

/** As many as fit beside their offset and their characters in the narrowest pane. */
const HEX_BYTES_A_LINE = 8;

/** The format a value is opened in: JSON for objects, arrays and what looks like them, text, else hex. */
export function detectFormat(bytes: Uint8Array): ValueFormat {
  const text = editableText(bytes);
  if (text === null) return 'hex';
  return /^\s*[{[]/.test(text.text) && parseJson(text.text).ok ? 'json' : 'text';
}

/** A draft that encodes to exactly these bytes, in this format or, where that would lose some, in hex. */
export function openDraft(bytes: Uint8Array, format: ValueFormat): Draft {
  if (format === 'base64') return { format, text: toBase64(bytes), lineEnding: '\n' };
  const text = format === 'hex' ? null : editableText(bytes);
  if (text === null) return { format: 'hex', text: hexText(bytes), lineEnding: '\n' };
  return { format, ...text };
}

/** The bytes a draft stands for, or why it stands for none. JSON that does not parse is still text and has bytes. */
export function encodeDraft(draft: Draft): Encoded {
  if (draft.format === 'hex') return parseHex(draft.text);
  if (draft.format === 'base64') return parseBase64(draft.text);
  const text = draft.lineEnding === '\r\n' ? draft.text.replaceAll('\n', '\r\n') : draft.text;
  return { ok: true, bytes: utf8Bytes(text) };
}

/** Why a format cannot show these bytes; null if it can. */
export function formatRefusal(bytes: Uint8Array, format: ValueFormat): string | null {
  if (isByteFormat(format) || editableText(bytes) !== null) return null;
  if (utf8Text(bytes) === null) return 'This value is not UTF-8 text. Only hex and base64 show every byte of it.';
  return 'This value has control characters or mixed line ends, which a text field would change. Edit it as hex.';
}

/** What is wrong with a draft's JSON; null for valid JSON and for other formats. */
export function jsonProblem(draft: Draft): JsonProblem | null {
  if (draft.format !== 'json') return null;
  const result = parseJson(draft.text);
  return result.ok ? null : result.problem;
}

/** The draft with its JSON laid out anew, or null if it is not valid. A line end at its end stays. */
export function formatted(draft: Draft): Draft | null {
  const result = parseJson(draft.text);
  if (!result.ok) return null;
  return { ...draft, text: printJson(result.tree) + (draft.text.endsWith('\n') ? '\n' : '') };
}

/** The text a text area holds without changing it: UTF-8, one kind of line end, no other control characters. */
function editableText(bytes: Uint8Array): { text: string; lineEnding: LineEnding } | null {
  const text = utf8Text(bytes);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (text === null || /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text)) return null;
  if (!text.includes('\r')) return { text, lineEnding: '\n' };
  const unix = text.replaceAll('\r\n', '\n');
  return !unix.includes('\r') && unix.replaceAll('\n', '\r\n') === text ? { text: unix, lineEnding: '\r\n' } : null;
}

export function hexText(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += HEX_BYTES_A_LINE) {
    const row = bytes.subarray(at, at + HEX_BYTES_A_LINE);
    lines.push(Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' '));
  }
  return lines.join('\n');
}

/** Pairs of hex digits; spaces and line ends between the pairs mean nothing. */
export function parseHex(text: string): Encoded {
  const bytes: number[] = [];
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    for (const word of line.split(/\s+/)) {
      const wrong = /[^0-9a-fA-F]/u.exec(word)?.[0];
      if (wrong !== undefined) {
        return {
          ok: false,
          message: `Line ${i + 1}: “${wrong}” is not a hex digit. Use 0-9 and a-f, two for each byte.`,
        };
      }
      if (word.length % 2 === 1) {
        return {
          ok: false,
          message: `Line ${i + 1}: “${word.slice(-12)}” has an odd number of digits. A byte has two.`,
        };
      }
      for (let at = 0; at < word.length; at += 2) bytes.push(Number.parseInt(word.slice(at, at + 2), 16));
    }
  }
  return { ok: true, bytes: Uint8Array.from(bytes) };
}

/** Base64 in either alphabet, with or without padding; spaces and line ends mean nothing. */
export function parseBase64(text: string): Encoded {
  const digits = text
    .replaceAll(/\s+/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '');
  const wrong = /[^0-9a-zA-Z+/]/u.exec(digits)?.[0];
  if (wrong !== undefined) {
    return { ok: false, message: `“${wrong}” is not a base64 digit. Use A-Z, a-z, 0-9, + and /.` };
  }
  if (digits.length % 4 === 1) {
    return { ok: false, message: 'The last base64 digit stands alone. Complete it, or remove it.' };
  }
  const bytes = fromBase64(digits);
  // Spare bits would be lost in silence.
  if (toBase64(bytes).replace(/=+$/, '') !== digits) {
    return { ok: false, message: 'The last base64 digit has bits that belong to no byte. Correct it.' };
  }
  return { ok: true, bytes };
}

/** The margin beside a line of hex, if every line above is full: where its first byte is. */
export function hexOffset(line: number): string {
  return (line * HEX_BYTES_A_LINE).toString(16).padStart(4, '0');
}

/** The characters that a line of hex spells; a dot for what is no printable ASCII. */
export function asciiOf(line: string): string {
  const parsed = parseHex(line);
  if (!parsed.ok) return '';
  return Array.from(parsed.bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
}
