import { describe, expect, it } from 'vitest';
import { encodeConfChange } from '../../../engine/raft/confchange-codec.ts';
import { EntryType } from '../../../engine/raft/types.ts';
import { encodeCommand } from '../../../engine/storage/codec.ts';
import { isPlausible, MAX_TERM } from '../../../engine/store/plausible.ts';
import { message } from '../transport/frames.ts';

const command = encodeCommand(
  [{ kind: 'put', key: Buffer.from('k'), value: Buffer.from('v'), expectedRevision: null, clientId: 1, sequence: 1 }],
  1,
);
const append = (data: Uint8Array, type: EntryType = EntryType.Normal) =>
  message({ term: 1, entries: [{ index: 1, term: 1, type, data }] });

describe("a peer's message", () => {
  it('is taken in with commands, and with the empty entry that opens a term', () => {
    expect(isPlausible(append(command))).toBe(true);
    expect(isPlausible(append(new Uint8Array(0)))).toBe(true);
    expect(isPlausible(message({ term: MAX_TERM }))).toBe(true);
    expect(isPlausible(append(encodeConfChange({ kind: 'leave' }), EntryType.ConfChange))).toBe(true);
  });

  it('is ignored when an entry is no command: once committed it would stop every replica', () => {
    expect(isPlausible(append(Buffer.from('no command')))).toBe(false);
    expect(isPlausible(append(command.subarray(0, -1)))).toBe(false);
    expect(isPlausible(append(command, EntryType.ConfChange))).toBe(false);
    expect(isPlausible(append(new Uint8Array(0), EntryType.ConfChange))).toBe(false);
  });

  it('is ignored when its term or an index leaves no room to count', () => {
    expect(isPlausible(message({ term: MAX_TERM + 1 }))).toBe(false);
    expect(isPlausible(message({ term: Number.MAX_SAFE_INTEGER }))).toBe(false);
    expect(isPlausible(message({ index: 2 ** 48 }))).toBe(false);
  });
});
