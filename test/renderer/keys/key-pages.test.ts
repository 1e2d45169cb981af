import { expect, test } from 'vitest';
import type { KeyMeta } from '../../../electron/contract/model.ts';
import { toBase64, utf8Bytes } from '../../../renderer/features/keys/bytes.ts';
import {
  compareKeys,
  countSentence,
  withChanges,
  withKey,
  withoutKey,
  type KeyPage,
} from '../../../renderer/features/keys/key-pages.ts';

function key(text: string, revision = 1): KeyMeta {
  return {
    key: toBase64(utf8Bytes(text)),
    partition: 0,
    revision,
    version: 1,
    valueSizeBytes: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}

function page(keys: string[], next: string | null): KeyPage {
  return { keys: keys.map((text) => key(text)), next, costMs: 1 };
}

function names(pages: readonly KeyPage[]): string[][] {
  return pages.map((one) => one.keys.map((row) => atob(row.key)));
}

const open = [page(['b', 'd'], 'd'), page(['f', 'h'], 'h')];
const complete = [page(['b', 'd'], 'd'), page(['f', 'h'], null)];

test('keys are ordered by bytes, as in the engine, not by base64', () => {
  const bytes = [[0], [0, 0], [0x61], [0x7f], [0xff]].map((list) => toBase64(Uint8Array.from(list)));
  expect(bytes.toReversed().sort(compareKeys)).toEqual(bytes);
});

test('a written key replaces its row', () => {
  const pages = withKey(open, key('d', 9));
  expect(names(pages)).toEqual([
    ['b', 'd'],
    ['f', 'h'],
  ]);
  expect(pages[0]?.keys[1]?.revision).toBe(9);
});

test('a new key goes where it belongs', () => {
  expect(names(withKey(open, key('a')))).toEqual([
    ['a', 'b', 'd'],
    ['f', 'h'],
  ]);
  expect(names(withKey(open, key('e')))).toEqual([
    ['b', 'd'],
    ['e', 'f', 'h'],
  ]);
  expect(names(withKey(complete, key('z')))).toEqual([
    ['b', 'd'],
    ['f', 'h', 'z'],
  ]);
  expect(names(withKey([page([], null)], key('a')))).toEqual([['a']]);
});

test('a new key beyond what is loaded waits for its page', () => {
  expect(names(withKey(open, key('z')))).toEqual([
    ['b', 'd'],
    ['f', 'h'],
  ]);
});

test('a deleted key loses its row', () => {
  expect(names(withoutKey(open, key('f').key))).toEqual([['b', 'd'], ['h']]);
});

test.each([
  [2000, false, null, false, 'first 2,000 keys; more below'],
  [2000, false, 48_213, false, 'first 2,000 of 48,213 keys; more below'],
  [2000, false, 48_213, true, 'first 2,000 keys; more below'],
  [2874, true, 48_213, true, '2,874 of 48,213 keys'],
  [2874, true, 2874, false, '2,874 keys'],
  [1, true, null, false, '1 key'],
  [0, true, 0, false, 'no keys'],
  [0, true, 5, true, 'none of 5 keys'],
])('%i loaded, complete %s, %s in all, under a prefix %s: %s', (loaded, isComplete, total, hasPrefix, said) => {
  expect(countSentence({ loaded, isComplete, total, hasPrefix })).toBe(said);
});

test('many changes at once: what is loaded follows, what is beyond is left for later', () => {
  const change = (text: string, revision: number | null) => ({
    key: key(text).key,
    meta: revision === null ? null : { ...key(text, revision), createdAtMs: null },
  });
  const pages = withChanges(open, [
    change('b', 7),
    change('d', null),
    change('c', 8),
    change('z', 9),
    change('q', null),
  ]);
  expect(names(pages)).toEqual([['b'], ['c', 'f', 'h']]);
  expect(pages[0]?.keys[0]).toMatchObject({ revision: 7, createdAtMs: 0 });
});
