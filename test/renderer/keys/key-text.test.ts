import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Bytes } from '../../../renderer/features/keys/bytes.ts';
import { escapeKey, parseKey, splitForDisplay } from '../../../renderer/features/keys/key-text.ts';

function bytesOf(text: string): Uint8Array {
  const parsed = parseKey(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.bytes;
}

test('what is written stands for exactly the key it came from', () => {
  const anyBytes = fc.uint8Array({ maxLength: 64 });
  const anyText = fc.string({ unit: 'binary', maxLength: 32 }).map((text) => utf8Bytes(text));
  fc.assert(
    fc.property(fc.oneof(anyBytes, anyText), (bytes) => {
      expect(bytesOf(escapeKey(bytes))).toEqual(bytes);
    }),
    { numRuns: 2000 },
  );
});

test('two keys are never written alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      fc.pre(Buffer.compare(a, b) !== 0);
      expect(escapeKey(a)).not.toBe(escapeKey(b));
    }),
  );
});

test.each([
  ['plain text as it is', utf8Bytes('/orders/Gdańsk'), '/orders/Gdańsk'],
  ['a backslash doubled', utf8Bytes('a\\b'), 'a\\\\b'],
  ['line ends and tabs by letter', utf8Bytes('a\n\t\rb'), 'a\\n\\t\\rb'],
  ['bytes that are not UTF-8', Uint8Array.of(0x61, 0xff, 0x00, 0x62), 'a\\xFF\\x00b'],
  ['a sequence cut short', Uint8Array.of(0xe2, 0x82), '\\xE2\\x82'],
  ['direction marks, which would reorder the line', utf8Bytes('a\u202Eb'), 'a\\xE2\\x80\\xAEb'],
  ['spaces at the edges only', utf8Bytes(' a b '), '\\x20a b\\x20'],
  ['letters of any length beside bytes that are none', Uint8Array.of(0xff, ...utf8Bytes('ń€🦊')), '\\xFFń€🦊'],
])('writes %s', (_what, bytes, written) => {
  expect(escapeKey(bytes)).toBe(written);
});

test('an escape that stands for nothing is refused with what to write', () => {
  expect(parseKey('a\\q')).toEqual({ ok: false, message: expect.stringContaining('\\\\ for a backslash') });
  expect(parseKey('a\\x4')).toMatchObject({ ok: false });
  expect(parseKey('a\\')).toMatchObject({ ok: false });
});

test('rows show the last shared segment and what tells them apart', () => {
  const prefix = '/orders/eu/2026-06/';
  expect(splitForDisplay('/orders/eu/2026-06/7f60', prefix, '/')).toEqual({ shared: '…/2026-06/', own: '7f60' });
  expect(splitForDisplay('/orders/eu/2026-06/7f60', '/orders/eu/2026-06/7', '/')).toEqual({
    shared: '…/2026-06/',
    own: '7f60',
  });
  expect(splitForDisplay('/orders/1', '/orders/', '/')).toEqual({ shared: '/orders/', own: '1' });
  expect(splitForDisplay('/orders/1', '', '/')).toEqual({ shared: '', own: '/orders/1' });
  expect(splitForDisplay('/orders/1', '/', '/')).toEqual({ shared: '', own: '/orders/1' });
  expect(splitForDisplay('other', '/orders/', '/')).toEqual({ shared: '', own: 'other' });
});

test('another separator cuts keys elsewhere, also one of two characters', () => {
  expect(splitForDisplay('user:7:name', 'user:7:', ':')).toEqual({ shared: '…:7:', own: 'name' });
  expect(splitForDisplay('user::7::name', 'user::7::', '::')).toEqual({ shared: '…::7::', own: 'name' });
  expect(splitForDisplay('/orders/1', '/orders/', ':')).toEqual({ shared: '', own: '/orders/1' });
});
