import { describe, expect, it } from 'vitest';
import { toBase64, utf8Bytes } from '../../../renderer/features/keys/bytes.ts';
import { isDirty, openEditor, restored } from '../../../renderer/features/keys/editor-state.ts';
import { expiryOptions, expiryWords, ttlOf, usualExpiry } from '../../../renderer/features/keys/expiry.ts';
import { changeWords, type KeyVersion } from '../../../renderer/features/keys/history/changes.ts';

const version = (revision: number, value: string | null, change: Partial<KeyVersion> = {}): KeyVersion => ({
  kind: 'put',
  revision,
  version: revision,
  timeMs: 0,
  valueSizeBytes: value?.length ?? 0,
  value: value === null ? null : toBase64(utf8Bytes(value)),
  ...change,
});

describe('what a revision changed', () => {
  const words = (before: string, after: string) => changeWords(version(5, after), version(4, before));

  it('is named by its places in JSON, and by its size elsewhere', () => {
    expect(words('{"a":1,"b":2}', '{"a":1,"b":3}')).toBe('b');
    expect(words('{"a":1,"b":2,"c":3,"d":4}', '{"a":0,"b":0,"c":0,"d":0}')).toBe('a, b, c and 1 more');
    expect(words('plain', 'longer text')).toBe('5 B → 11 B');
    expect(words('{"a":1}', '{ "a": 1 }')).toBe('7 B → 10 B');
    expect(words('same', 'same')).toBe('the same value again');
  });

  it('is told also where the value is not known', () => {
    expect(changeWords(version(1, 'x'), null)).toBe('created, 1 B');
    expect(changeWords(version(5, 'x'), null)).toBe('1 B');
    expect(changeWords(version(6, null, { kind: 'delete', version: 0 }), version(5, 'x'))).toBe('deleted');
    expect(changeWords(version(6, null, { kind: 'expire', version: 0 }), version(5, 'x'))).toBe('expired');
    expect(changeWords(version(6, null, { valueSizeBytes: 2_000_000 }), null)).toBe('1.9 MB, too large to be kept');
  });
});

const meta = {
  key: 'YQ==',
  value: toBase64(utf8Bytes('{"a":1}')),
  partition: 0,
  revision: 3,
  version: 3,
  valueSizeBytes: 7,
  createdAtMs: 0,
  updatedAtMs: 0,
};

it('an earlier value goes into the editor, to be saved over what is there', () => {
  const state = restored(openEditor(meta), Uint8Array.of(0, 1));
  expect(state.draft).toMatchObject({ format: 'hex', text: '00 01' });
  expect(isDirty(state)).toBe(true);
  expect(state.base?.revision).toBe(3);
});

describe('a time to live', () => {
  it('stays what it is unless another is chosen', () => {
    const fleeting = { ...meta, expiresAtMs: 10_000 };
    expect([usualExpiry(meta), usualExpiry(fleeting)]).toEqual(['never', 'keep']);
    expect(ttlOf('keep', fleeting, 4_000)).toBe(6_000);
    expect(ttlOf('keep', fleeting, 20_000)).toBe(1);
    expect([ttlOf('never', fleeting, 0), ttlOf('60000', meta, 0), ttlOf('keep', meta, 0)]).toEqual([
      null,
      60_000,
      null,
    ]);
    expect(expiryOptions(meta).map(({ value }) => value)).not.toContain('keep');
    expect(expiryOptions(fleeting)[0]).toEqual({ value: 'keep', label: 'as it is' });
    expect([expiryWords(61_000, 0), expiryWords(5, 5)]).toEqual(['in 1 m 1 s', 'now']);
  });
});
