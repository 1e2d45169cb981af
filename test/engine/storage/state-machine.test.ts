import Database from 'better-sqlite3';
import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../../../engine/config/limits.ts';
import { CorruptDataError, StorageUsageError } from '../../../engine/storage/errors.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { ScanOptions, StateMachine } from '../../../engine/storage/types.ts';
import { MemoryStateMachine, type PlainStateMachine } from '../../support/memory-state.ts';
import { bytes, closeAfterTest, command, entry, identity, put, remove, temporaryDirectory } from './support.ts';

function openState(directory = temporaryDirectory()): StateMachine {
  return closeAfterTest(openStateMachine({ file: path.join(directory, 'state.db'), identity }));
}

const everything: ScanOptions = {
  prefix: bytes(''),
  after: bytes(''),
  limit: 1000,
  keysOnly: false,
  maxBytes: Number.MAX_SAFE_INTEGER,
};

describe('applying', () => {
  it('survives a restart with data, revision, count and applied index in step', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    expect(state.appliedIndex(3)).toBe(0);
    expect(state.keyCount(3)).toBe(0);
    expect(state.get(3, bytes('a'))).toBeUndefined();
    expect(state.scan(3, everything)).toEqual({ rows: [], more: false });
    state.apply(3, [command(1, [put('a', '1'), put('b', '2')]), command(2, [remove('a')])]);
    state.apply(4, [command(1, [put('a', 'other')])]);
    state.close();

    const again = openState(directory);
    expect([again.appliedIndex(3), again.keyCount(3), again.appliedIndex(4)]).toEqual([2, 1, 1]);
    expect(again.get(3, bytes('a'))).toBeUndefined();
    expect(again.get(3, bytes('b'))).toMatchObject({ revision: 2, version: 1, value: Buffer.from('2') });
    expect(again.get(4, bytes('a'))).toMatchObject({ value: Buffer.from('other') });
    expect(again.apply(3, [command(3, [put('c', '3')])])).toMatchObject([[{ kind: 'put', row: { revision: 4 } }]]);
  });

  it('passes over entries without a command', () => {
    const state = openState();
    const confChange = { ...entry(2, 1, 'not a command'), type: 1 as const };
    expect(state.apply(1, [entry(1, 1, new Uint8Array(0)), confChange])).toEqual([[], []]);
    expect(state.apply(1, [])).toEqual([]);
    expect(state.appliedIndex(1)).toBe(2);
  });

  it.each([
    ['again', 2],
    ['from before', 1],
    ['with a hole before it', 4],
  ])('an entry %s is refused and nothing is applied', (_, index) => {
    const state = openState();
    state.apply(1, [command(1, [put('a', '1')]), command(2, [put('a', '2')])]);
    expect(() => state.apply(1, [command(index, [put('a', 'wrong')])])).toThrow(StorageUsageError);
    expect(state.appliedIndex(1)).toBe(2);
    expect(state.get(1, bytes('a'))?.revision).toBe(2);
  });

  it('a malformed command fails alike on every replica, and nothing of its batch is applied', () => {
    const batch = [command(1, [put('a', '1')]), entry(2, 1, Buffer.of(0xff, 0xff, 1))];
    const messages = [openState(), new MemoryStateMachine()].map((state) => {
      expect(() => state.apply(1, batch)).toThrow(CorruptDataError);
      expect([state.appliedIndex(1), state.keyCount(1), state.get(1, bytes('a'))]).toEqual([0, 0, undefined]);
      return state.apply(1, batch.slice(0, 1)).length;
    });
    expect(messages).toEqual([1, 1]);
  });

  it('writes a key that changes many times in a batch once', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(1, [command(1, [put('counter', '0')])]);
    const watcher = new Database(path.join(directory, 'state.db'), { readonly: true });
    const frames = (): number => state.sizeBytes() - (watcher.pragma('page_count', { simple: true }) as number) * 4096;
    const before = frames();
    const batch = Array.from({ length: 200 }, (_, i) => command(2 + i, [put('counter', `${i}`.repeat(1000))]));
    state.apply(1, batch);
    // 200 values of 3000 bytes would be 150 pages.
    expect(frames() - before).toBeLessThan(20 * 4096);
    expect(state.get(1, bytes('counter'))).toMatchObject({ revision: 201, version: 201, valueSizeBytes: 3000 });
    watcher.close();
  });

  it('takes the largest keys and values, with any bytes', () => {
    const state = openState();
    const key = Buffer.alloc(MAX_KEY_BYTES, 0xff);
    const zeros = Buffer.alloc(MAX_KEY_BYTES);
    const value = Buffer.alloc(MAX_VALUE_BYTES, 0xa5);
    state.apply(1, [command(1, [put(key, value), put(zeros, ''), put(key.subarray(1), 'shorter')])]);
    expect(Buffer.from(state.get(1, key)?.value ?? []).equals(value)).toBe(true);
    expect(state.get(1, zeros)?.valueSizeBytes).toBe(0);
    const { rows } = state.scan(1, { ...everything, keysOnly: true });
    expect(rows.map((row) => [row.key.length, row.key[0], row.value.length, row.valueSizeBytes])).toEqual([
      [MAX_KEY_BYTES, 0, 0, 0],
      [MAX_KEY_BYTES - 1, 0xff, 0, 7],
      [MAX_KEY_BYTES, 0xff, 0, MAX_VALUE_BYTES],
    ]);
    expect(state.scan(1, { ...everything, prefix: key }).rows).toHaveLength(1);
    expect(state.scan(1, { ...everything, after: key }).rows).toHaveLength(0);
  });

  it('empties its write-ahead log off the event loop, and cuts it back', async () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    const watcher = new Database(path.join(directory, 'state.db'), { readonly: true });
    const walBytes = (): number =>
      state.sizeBytes() - (watcher.pragma('page_count', { simple: true }) as number) * 4096;
    const value = new Uint8Array(8192);
    let index = 0;
    const applyOne = (): void => {
      index++;
      state.apply(1, [
        command(
          index,
          Array.from({ length: 32 }, (_, j) => put(`key ${(index * 32 + j) % 2000}`, value)),
        ),
      ]);
    };
    for (let i = 0; i < 150; i++) applyOne();
    // Some 40 MiB by now, unless a checkpoint found its gap already.
    await vi.waitFor(
      () => {
        applyOne();
        expect(walBytes()).toBeLessThan(20 * 1024 * 1024);
      },
      { timeout: 20_000, interval: 20 },
    );
    watcher.close();
    expect(state.keyCount(1)).toBe(2000);
  });
});

describe('scanning', () => {
  const key = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc
      .array(fc.constantFrom(0x00, 0x61, 0xfe, 0xff), { minLength: 1, maxLength: 5 })
      .map((list) => Uint8Array.from(list)),
  );
  const prefix = fc
    .array(fc.constantFrom(0x00, 0x61, 0xfe, 0xff), { maxLength: 3 })
    .map((list) => Uint8Array.from(list));
  const machines: [string, () => PlainStateMachine][] = [
    ['SQLite', () => openState()],
    ['memory', () => new MemoryStateMachine()],
  ];

  it.each(machines)('in %s pages through what a sorted array holds', (_, open) => {
    const options = fc.record({
      keys: fc.uniqueArray(key, { maxLength: 40, selector: (k) => Buffer.from(k).toString('hex') }),
      prefix,
      start: fc.option(key),
      limit: fc.integer({ min: 1, max: 7 }),
      keysOnly: fc.boolean(),
      maxBytes: fc.nat(40),
    });
    fc.assert(
      fc.property(options, ({ keys, prefix, start, limit, keysOnly, maxBytes }) => {
        const state = open();
        if (keys.length > 0)
          state.apply(1, [
            command(
              1,
              keys.map((k, i) => put(k, 'v'.repeat(i % 10))),
            ),
          ]);
        const oracle = keys
          .map((k) => Buffer.from(k))
          .sort((a, b) => a.compare(b))
          .filter((k) => k.subarray(0, prefix.length).equals(prefix))
          .filter((k) => start === null || k.compare(start) > 0)
          .map((k) => k.toString('hex'));
        const found: string[] = [];
        let after: Uint8Array = start ?? new Uint8Array(0);
        let more = true;
        while (more) {
          const page = state.scan(1, { prefix, after, limit, keysOnly, maxBytes });
          const size = page.rows.reduce((sum, row) => sum + row.value.length, 0);
          expect(page.rows.length <= 1 || size <= maxBytes).toBe(true);
          expect(page.rows.length).toBeLessThanOrEqual(limit);
          for (const row of page.rows) {
            expect(row.value.length).toBe(keysOnly ? 0 : row.valueSizeBytes);
            found.push(Buffer.from(row.key).toString('hex'));
          }
          more = page.more;
          expect(more ? page.rows.length > 0 : true).toBe(true);
          after = page.rows.at(-1)?.key ?? after;
        }
        expect(found).toEqual(oracle);
      }),
      { numRuns: 80 },
    );
  });
});
