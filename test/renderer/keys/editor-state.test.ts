import { expect, test } from 'vitest';
import type { KeyEntry } from '../../../electron/contract/model.ts';
import { toBase64, utf8Bytes } from '../../../renderer/features/keys/bytes.ts';
import { comparableTexts, conflictOf } from '../../../renderer/features/keys/conflict.ts';
import {
  edit,
  expectedRevision,
  isConflict,
  isDirty,
  openEditor,
  rebase,
  saved,
  seen,
  switchFormat,
  takeMerged,
  takeTheirs,
} from '../../../renderer/features/keys/editor-state.ts';

function entry(value: string | Uint8Array, revision: number): KeyEntry {
  const bytes = typeof value === 'string' ? utf8Bytes(value) : value;
  return {
    key: toBase64(utf8Bytes('k')),
    value: toBase64(bytes),
    partition: 0,
    revision,
    version: revision,
    valueSizeBytes: bytes.length,
    createdAtMs: 0,
    updatedAtMs: revision,
  };
}

const base = '{"status":"new","shipBy":"20"}';
const mine = '{"status":"new","shipBy":"21"}';
const theirs = '{"status":"packed","shipBy":"20"}';

test('opening changes nothing; typing and typing back neither', () => {
  const state = openEditor(entry(base, 41));
  expect(isDirty(state)).toBe(false);
  expect(isDirty(edit(state, mine))).toBe(true);
  expect(isDirty(edit(edit(state, mine), base))).toBe(false);
  expect(expectedRevision(state)).toBe(41);
});

test('without edits the editor follows what is written elsewhere', () => {
  const state = seen(openEditor(entry(base, 41)), entry(theirs, 42), false);
  expect(state.draft.text).toBe(theirs);
  expect(isConflict(state)).toBe(false);
});

test('the format stays while it fits what is there now', () => {
  const state = openEditor(entry(base, 41));
  expect(seen(state, entry('not json', 42), false).draft).toMatchObject({ format: 'text', text: 'not json' });
  expect(seen(switchFormat(state, 'hex'), entry('a', 42), false).draft).toMatchObject({ format: 'hex', text: '61' });
  expect(seen(state, entry(Uint8Array.of(0), 42), false).draft.format).toBe('hex');
});

test('with edits the draft stays, and the conflict names both sides and merges', () => {
  const state = seen(edit(openEditor(entry(base, 41)), mine), entry(theirs, 42), false);
  expect(state.draft.text).toBe(mine);
  expect(expectedRevision(state)).toBe(41);
  const conflict = conflictOf(state);
  expect(conflict).toEqual({
    kind: 'mergeable',
    mine: ['shipBy'],
    theirs: ['status'],
    merged: '{\n  "status": "packed",\n  "shipBy": "21"\n}',
  });
  const merged = takeMerged(state, '{"status":"packed","shipBy":"21"}');
  expect(expectedRevision(merged)).toBe(42);
  expect(conflictOf(merged)).toBeNull();
  expect(isDirty(merged)).toBe(true);
});

test('edits of the same field overlap', () => {
  const state = seen(edit(openEditor(entry(base, 41)), mine), entry('{"status":"new","shipBy":"22"}', 42), false);
  expect(conflictOf(state)).toMatchObject({ kind: 'overlapping', both: ['shipBy'] });
});

test('text and bytes are compared but not merged', () => {
  const state = seen(edit(openEditor(entry('a', 1)), 'b'), entry('c', 2), false);
  expect(conflictOf(state)).toEqual({ kind: 'opaque' });
  expect(comparableTexts(state)).toEqual({ theirs: 'c', mine: 'b' });
  const binary = seen(edit(openEditor(entry(Uint8Array.of(0), 1)), '01'), entry(Uint8Array.of(2), 2), false);
  expect(conflictOf(binary)).toEqual({ kind: 'opaque' });
  expect(comparableTexts(binary)).toEqual({ theirs: '02', mine: '01' });
});

test('JSON is laid out alike before it is compared', () => {
  const state = seen(edit(openEditor(entry(base, 41)), mine), entry(theirs, 42), false);
  expect(comparableTexts(state).theirs).toBe('{\n  "status": "packed",\n  "shipBy": "20"\n}');
});

test('discarding takes theirs; overwriting keeps mine on their revision', () => {
  const state = seen(edit(openEditor(entry(base, 41)), mine), entry(theirs, 42), false);
  expect(takeTheirs(state)).toMatchObject({ draft: { text: theirs }, base: { revision: 42 } });
  expect(isDirty(takeTheirs(state))).toBe(false);
  expect(rebase(state)).toMatchObject({ draft: { text: mine }, base: { revision: 42 } });
});

test('a key deleted under edit can be created again', () => {
  const state = seen(edit(openEditor(entry(base, 41)), mine), null, false);
  expect(conflictOf(state)).toEqual({ kind: 'deleted' });
  expect(expectedRevision(rebase(state))).toBe(0);
  expect(conflictOf(rebase(state))).toBeNull();
});

test('a stale read does not undo what is known', () => {
  const state = saved(edit(openEditor(entry(base, 41)), mine), entry(mine, 43), utf8Bytes(mine));
  expect(seen(state, entry(base, 41), true)).toBe(state);
  expect(seen(state, null, true)).toBe(state);
  expect(seen(state, entry(theirs, 44), true).draft.text).toBe(theirs);
  expect(isConflict(seen(state, null, false))).toBe(true);
});

test('an answer that was overtaken on its way changes nothing', () => {
  const state = saved(edit(openEditor(entry(base, 41)), mine), entry(mine, 43), utf8Bytes(mine));
  expect(seen(state, entry(base, 41), false)).toBe(state);
});

test('a save whose answer was lost is no conflict with oneself', () => {
  const state = seen(edit(openEditor(entry(base, 41)), mine), entry(mine, 42), false);
  expect(isConflict(state)).toBe(false);
  expect(isDirty(state)).toBe(false);
});

test('typing that went on during a save is kept and still unsaved', () => {
  const typed = edit(edit(openEditor(entry(base, 41)), mine), `${mine} `);
  const state = saved(typed, entry(mine, 42), utf8Bytes(mine));
  expect(state.draft.text).toBe(`${mine} `);
  expect(isDirty(state)).toBe(true);
  expect(expectedRevision(state)).toBe(42);
});

test('a format that cannot show the value is refused with the reason, and hex that is wrong keeps its place', () => {
  const binary = openEditor(entry(Uint8Array.of(0xff), 1));
  expect(binary.draft.format).toBe('hex');
  expect(switchFormat(binary, 'text')).toMatchObject({
    draft: { format: 'hex' },
    refusal: expect.stringContaining('UTF-8'),
  });
  expect(switchFormat(edit(binary, 'f'), 'text').refusal).toContain('Mend this first');
  const text = switchFormat(edit(binary, '61'), 'text');
  expect(text).toMatchObject({ draft: { format: 'text', text: 'a' }, refusal: null });
  expect(isDirty(text)).toBe(true);
});
