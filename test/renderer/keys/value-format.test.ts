import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Bytes } from '../../../renderer/features/keys/bytes.ts';
import {
  detectFormat,
  encodeDraft,
  formatRefusal,
  formatted,
  hexText,
  jsonProblem,
  openDraft,
  parseBase64,
  parseHex,
  valueFormats,
} from '../../../renderer/features/keys/value-format.ts';

test('opening a value in any format and saving it unchanged keeps every byte', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\t', '{', '\0', '\uFEFF', 'ń'), maxLength: 12 }).map(utf8Bytes),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom(...valueFormats), (value, format) => {
      const draft = openDraft(value, format);
      // What a browser's text area does to a text it is given.
      const held = draft.text.replaceAll(/\r\n?/g, '\n');
      expect(encodeDraft({ ...draft, text: held })).toEqual({ ok: true, bytes: value });
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['{"a":1}', 'json'],
  [' [1]\n', 'json'],
  ['{"a":', 'text'],
  ['42', 'text'],
  ['hello', 'text'],
  ['', 'text'],
  ['a\0b', 'hex'],
  ['a\r\nb\n', 'hex'],
])('%j is opened as %s', (text, format) => {
  expect(detectFormat(utf8Bytes(text))).toBe(format);
});

test('a value that text would change is opened as hex and says why', () => {
  const binary = Uint8Array.of(0xff, 0x00);
  expect(openDraft(binary, 'text')).toEqual({ format: 'hex', text: 'ff 00', lineEnding: '\n' });
  expect(formatRefusal(binary, 'text')).toContain('not UTF-8');
  expect(formatRefusal(utf8Bytes('a\0'), 'json')).toContain('control characters');
  expect(formatRefusal(binary, 'hex')).toBeNull();
});

test('hex is 8 bytes a line and forgiving about spaces', () => {
  expect(hexText(Uint8Array.from({ length: 9 }, (_, i) => i)).split('\n')).toEqual(['00 01 02 03 04 05 06 07', '08']);
  expect(parseHex(' 7B\n7d  00ff ')).toEqual({ ok: true, bytes: Uint8Array.of(0x7b, 0x7d, 0x00, 0xff) });
  expect(parseHex('')).toEqual({ ok: true, bytes: new Uint8Array() });
});

test('bad hex says which line and what', () => {
  expect(parseHex('00\n0g')).toEqual({ ok: false, message: expect.stringMatching(/Line 2: “g” is not a hex digit/) });
  expect(parseHex('00 1')).toEqual({ ok: false, message: expect.stringMatching(/Line 1: “1” has an odd number/) });
});

test('formatting lays JSON out anew, keeps numbers and a line end at the end', () => {
  const draft = openDraft(utf8Bytes('{"n":12345678901234567890}\n'), 'json');
  expect(formatted(draft)?.text).toBe('{\n  "n": 12345678901234567890\n}\n');
  expect(formatted({ ...draft, text: '{' })).toBeNull();
});

test('JSON problems are told for JSON only', () => {
  const draft = openDraft(utf8Bytes('{'), 'text');
  expect(jsonProblem(draft)).toBeNull();
  expect(jsonProblem({ ...draft, format: 'json' })).toMatchObject({ line: 1 });
});

test('base64 is read in both alphabets, and never drops bits', () => {
  expect(parseBase64('AP5B\n')).toEqual({ ok: true, bytes: Uint8Array.of(0, 0xfe, 0x41) });
  expect(parseBase64('-_8')).toEqual({ ok: true, bytes: Uint8Array.of(0xfb, 0xff) });
  expect(parseBase64('')).toEqual({ ok: true, bytes: new Uint8Array() });
  expect(parseBase64('A')).toMatchObject({ ok: false, message: expect.stringContaining('stands alone') });
  expect(parseBase64('AB==')).toMatchObject({ ok: false, message: expect.stringContaining('no byte') });
  expect(parseBase64('A*BC')).toMatchObject({ ok: false, message: expect.stringContaining('“*”') });
});
