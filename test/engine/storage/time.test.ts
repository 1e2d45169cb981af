import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Mutation } from '../../../engine/storage/codec.ts';
import { applyCommand, type TimeLimits } from '../../../engine/storage/state/apply.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { MutationResult, StateMachine } from '../../../engine/storage/types.ts';
import { MemoryTable } from '../../support/memory-state.ts';
import { bytes, closeAfterTest, command, identity, put, remove, temporaryDirectory } from './support.ts';

const LIMITS: TimeLimits = { goneKeepMs: 1000, maxGone: 32, maxExpiries: 2 };

function apply(table: MemoryTable, timeMs: number, ...mutations: Mutation[]): MutationResult[] {
  return applyCommand(table, { mutations, timeMs }, LIMITS);
}

function openState(directory = temporaryDirectory()): StateMachine {
  return closeAfterTest(openStateMachine({ file: path.join(directory, 'state.db'), identity }));
}

const forAWhile = (key: string, ttlMs: number, value = 'v'): Mutation => ({ ...put(key, value), ttlMs });
const text = (value: Uint8Array | null | undefined): string | null =>
  value === null || value === undefined ? null : Buffer.from(value).toString();

describe('a key with a time to live', () => {
  it('goes with the first command of its time, which counts as a change', () => {
    const table = new MemoryTable();
    expect(apply(table, 100, forAWhile('a', 50))).toMatchObject([{ row: { expiresAtMs: 150 } }]);
    apply(table, 149);
    expect(table.get(bytes('a'))).toBeDefined();
    apply(table, 150);
    expect(table.get(bytes('a'))).toBeUndefined();
    expect(table.changes.at(-1)).toMatchObject({ gone: 2, revision: 2, updatedAtMs: 150 });
  });

  it('is gone for every write of a command of its time, even when others went first', () => {
    const table = new MemoryTable();
    apply(table, 100, ...['a', 'b', 'c', 'd'].map((key) => forAWhile(key, 10)));
    const results = apply(table, 200, put('d', 'new', 0), remove('c'));
    expect(results).toMatchObject([{ kind: 'put', row: { version: 1 } }, { found: false }]);
    expect(table.keyCount).toBe(1);
  });

  it('stays when it is written again without one', () => {
    const table = new MemoryTable();
    apply(table, 100, forAWhile('a', 10));
    apply(table, 105, put('a', 'for good'));
    apply(table, 1000);
    expect(text(table.get(bytes('a'))?.value)).toBe('for good');
  });

  it('goes alike on disk, however commands are batched, and after a restart', () => {
    const entries = [
      command(1, [forAWhile('a', 10), forAWhile('b', 20), put('c', '')], 100),
      command(2, [forAWhile('d', 5)], 104),
      command(3, [put('e', '')], 110),
      command(4, [], 200),
    ];
    const together = openState();
    together.apply(1, entries);
    const directory = temporaryDirectory();
    let apart = openState(directory);
    for (const entry of entries) {
      apart.apply(1, [entry]);
      apart.close();
      apart = openState(directory);
    }
    for (const state of [together, apart]) {
      expect(state.keyCount(1)).toBe(2);
      expect(state.revision(1)).toBe(8);
      expect(state.get(1, bytes('a'))).toBeUndefined();
      expect(state.nextDueMs(1)).toBeGreaterThan(200);
    }
    const [one, two] = [together, apart].map((state) => {
      const snapshot = state.openSnapshot(1);
      snapshot.close();
      return snapshot.facts;
    });
    expect(one).toEqual(two);
  });
});

describe('the history of a key', () => {
  it('has what it was, the newest first, through deletion and expiry', () => {
    const state = openState();
    state.apply(1, [
      command(1, [put('a', 'one')], 10),
      command(2, [put('a', 'two')], 20),
      command(3, [remove('a')], 30),
      command(4, [forAWhile('a', 5, 'three')], 40),
      command(5, [], 50),
    ]);
    expect(state.history(1, bytes('a')).map((r) => [r.kind, r.revision, r.version, r.timeMs, text(r.value)])).toEqual([
      ['expire', 5, 0, 50, null],
      ['put', 4, 1, 40, 'three'],
      ['delete', 3, 0, 30, null],
      ['put', 2, 2, 20, 'two'],
      ['put', 1, 1, 10, 'one'],
    ]);
    expect(state.get(1, bytes('a'))).toBeUndefined();
    expect(state.history(1, bytes('never there'))).toEqual([]);
    const scanned = state.scan(1, { prefix: bytes(''), after: bytes(''), limit: 9, keysOnly: false, maxBytes: 9 });
    expect(scanned.rows).toEqual([]);
  });

  it('has at most nine revisions, and of large values only that they were', () => {
    const state = openState();
    state.apply(1, [
      command(
        1,
        Array.from({ length: 30 }, (_, i) => put('many', `${i}`)),
      ),
    ]);
    expect(state.history(1, bytes('many')).map((r) => text(r.value))).toEqual(['29', '28', '27', '26', '25', '24']);
    const large = Buffer.alloc(100_000, 1);
    state.apply(1, [command(2, [put('large', large)]), command(3, [put('large', 'small')])]);
    state.apply(1, [command(4, [put('large', 'smaller')])]);
    expect(state.history(1, bytes('large')).map((r) => [r.valueSizeBytes, r.value?.length ?? null])).toEqual([
      [7, 7],
      [5, 5],
      [100_000, null],
    ]);
  });

  it('is forgotten some time after its key, and earlier when too many keys are gone', () => {
    const table = new MemoryTable();
    apply(table, 100, put('a', ''), remove('a'));
    expect(table.goneCount).toBe(1);
    apply(table, 1100);
    expect(table.goneCount).toBe(0);
    for (let i = 0; i < 40; i++) apply(table, 2000 + i, put(`k${i}`, ''), remove(`k${i}`));
    expect(table.goneCount).toBeLessThanOrEqual(32);
    expect(table.rows.has('k39')).toBe(true);
    expect(table.rows.has('k0')).toBe(false);
  });

  it('travels with a snapshot', () => {
    const source = openState();
    source.apply(1, [
      command(1, [put('a', '1'), put('a', '2'), put('gone', '3'), remove('gone'), forAWhile('b', 9999)]),
    ]);
    const snapshot = source.openSnapshot(1);
    const target = openState();
    const sink = target.beginRestore(1, snapshot.facts, 1);
    sink.writeSessions(snapshot.sessions);
    sink.write(snapshot.rows(bytes(''), 1_000_000).rows);
    snapshot.close();
    expect(sink.install()).toBe(true);
    expect(target.keyCount(1)).toBe(2);
    for (const key of ['a', 'b', 'gone']) {
      expect(target.history(1, bytes(key))).toEqual(source.history(1, bytes(key)));
    }
    expect(target.nextDueMs(1)).toBe(source.nextDueMs(1));
  });
});

describe('a transaction', () => {
  const transaction = (...parts: Mutation[]): Mutation => ({ ...put('', ''), kind: 'transaction', parts });
  const check = (key: string, revision: number): Mutation => ({ ...put(key, '', revision), kind: 'check' });

  it('applies all of its writes when all conditions hold', () => {
    const table = new MemoryTable();
    apply(table, 1, put('a', '1'), put('b', '1'));
    expect(apply(table, 2, transaction(check('b', 2), put('a', '2', 1), remove('b'), put('c', '1', 0)))).toMatchObject([
      {
        kind: 'transaction',
        results: [{ kind: 'checked' }, { kind: 'put', row: { revision: 3 } }, { found: true, revision: 4 }, {}],
      },
    ]);
    expect(text(table.get(bytes('c'))?.value)).toBe('1');
  });

  it('applies none when one does not hold, and says which', () => {
    const table = new MemoryTable();
    apply(table, 1, put('a', '1'));
    const result = apply(table, 2, transaction(put('b', '1'), put('a', '2', 7), put('c', '1')));
    expect(result).toMatchObject([{ kind: 'conflict', at: 1, current: { revision: 1 } }]);
    expect(table.revision).toBe(1);
  });

  it('of a session is applied once, and answers alike', () => {
    const table = new MemoryTable();
    apply(table, 1, { ...put('', ''), kind: 'session' });
    const once = { ...transaction(put('a', '1'), remove('b'), check('c', 0)), session: 1, sequence: 1 };
    const first = apply(table, 2, once);
    apply(table, 3, put('a', '2'));
    expect(apply(table, 4, once)).toEqual(first);
    const conflict = { ...transaction(put('c', ''), put('a', '3', 0)), session: 1, sequence: 2 };
    const answer = apply(table, 5, conflict);
    expect(answer).toMatchObject([{ kind: 'conflict', at: 1 }]);
    expect(apply(table, 6, conflict)).toEqual(answer);
    expect(table.revision).toBe(2);
  });
});
