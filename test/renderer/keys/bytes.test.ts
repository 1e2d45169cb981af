import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, sameBytes, toBase64, utf8Text } from '../../../renderer/features/keys/bytes.ts';

test('base64 carries any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(sameBytes(fromBase64(toBase64(bytes)), bytes)).toBe(true);
    }),
  );
});

test('base64 carries the largest value', () => {
  const bytes = new Uint8Array(1024 * 1024).fill(0xab);
  expect(fromBase64(toBase64(bytes))).toEqual(bytes);
});

test('UTF-8 text is strict and keeps a byte order mark', () => {
  expect(utf8Text(Uint8Array.of(0xff))).toBeNull();
  expect(utf8Text(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\uFEFFa');
});

test('sameBytes sees a difference in content and in length', () => {
  expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(sameBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
});
