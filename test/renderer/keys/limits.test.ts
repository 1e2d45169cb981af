import { expect, test } from 'vitest';
import {
  MAX_KEY_BYTES as ENGINE_MAX_KEY_BYTES,
  MAX_VALUE_BYTES as ENGINE_MAX_VALUE_BYTES,
} from '../../../engine/config/limits.ts';
import {
  checkKey,
  checkPrefix,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
  valueProblem,
} from '../../../renderer/features/keys/limits.ts';

test('the bounds are those of the engine', () => {
  expect(MAX_KEY_BYTES).toBe(ENGINE_MAX_KEY_BYTES);
  expect(MAX_VALUE_BYTES).toBe(ENGINE_MAX_VALUE_BYTES);
});

test('a key has 1 to 4096 bytes, counted in bytes and not in letters', () => {
  expect(checkKey('')).toEqual({ ok: false, message: 'Type a key: it needs at least 1 byte.' });
  expect(checkKey('k'.repeat(4096))).toMatchObject({ ok: true });
  expect(checkKey('k'.repeat(4097))).toEqual({
    ok: false,
    message: 'The key has 4,097 bytes; at most 4,096 fit. Shorten it.',
  });
  expect(checkKey('ń'.repeat(2049))).toMatchObject({ ok: false });
  expect(checkKey('\\x00'.repeat(4096))).toMatchObject({ ok: true });
});

test('a value has at most 1 MiB', () => {
  expect(valueProblem(new Uint8Array(MAX_VALUE_BYTES))).toBeNull();
  expect(valueProblem(new Uint8Array(MAX_VALUE_BYTES + 1))).toContain('1,048,577 bytes');
});

test('a prefix may be empty but not longer than a key', () => {
  expect(checkPrefix('')).toMatchObject({ ok: true });
  expect(checkPrefix('p'.repeat(4097))).toMatchObject({ ok: false });
  expect(checkPrefix('\\z')).toMatchObject({ ok: false });
});
