import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Mutation } from '../../../engine/storage/codec.ts';
import { applyCommand } from '../../../engine/storage/state/apply.ts';
import { SessionTable, type SessionLimits } from '../../../engine/storage/state/sessions.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { MutationResult, StateMachine } from '../../../engine/storage/types.ts';
import { MemoryTable } from '../../support/memory-state.ts';
import { bytes, closeAfterTest, command, identity, put, remove, temporaryDirectory } from './support.ts';

const LIMITS: SessionLimits = { maxSessions: 3, maxAnswersPerSession: 4, maxAnswers: 6, idleMs: 1000 };

const OPEN: Mutation = { ...put('', ''), kind: 'session' };

function inSession(mutation: Mutation, session: number, sequence: number, acknowledged = 0): Mutation {
  return { ...mutation, session, sequence, acknowledged };
}

function apply(table: MemoryTable, mutation: Mutation, timeMs = 1): MutationResult {
  return applyCommand(table, { mutations: [mutation], timeMs })[0]!;
}

function tableWithSession(limits: SessionLimits = LIMITS): MemoryTable {
  const table = new MemoryTable(limits);
  expect(apply(table, OPEN)).toEqual({ kind: 'session', id: 1 });
  return table;
}

describe('a write of a session', () => {
  it('is applied once and answered each time as the first time, whatever happened to the key since', () => {
    const table = tableWithSession();
    const first = apply(table, inSession(put('a', '1'), 1, 1), 10);
    expect(first).toMatchObject({ kind: 'put', row: { revision: 1, version: 1 } });
    apply(table, put('a', 'by another'), 20);
    expect(apply(table, inSession(put('a', '1'), 1, 1), 30)).toEqual(first);
    expect(table.get(bytes('a'))).toMatchObject({ value: bytes('by another'), revision: 2 });
  });

  it('of every kind answers alike', () => {
    const table = tableWithSession();
    apply(table, put('a', '1'));
    const mutations = [remove('a'), remove('a'), put('a', '2', 7), put('b', '1', 0)];
    const first = mutations.map((mutation, i) => apply(table, inSession(mutation, 1, i + 1)));
    expect(first.map((r) => r.kind)).toEqual(['deleted', 'deleted', 'conflict', 'put']);
    expect(mutations.map((mutation, i) => apply(table, inSession(mutation, 1, i + 1)))).toEqual(first);
    expect(table.revision).toBe(3);
  });

  it('that conflicted answers with the row it found, also when another is there', () => {
    const table = tableWithSession();
    apply(table, put('a', 'found'));
    const conflict = apply(table, inSession(put('a', '2', 0), 1, 1));
    expect(apply(table, inSession(put('a', '2', 0), 1, 1))).toEqual(conflict);
    apply(table, put('a', 'later'));
    expect(apply(table, inSession(put('a', '2', 0), 1, 1))).toMatchObject({
      kind: 'conflict',
      current: { revision: 1, valueSizeBytes: 5 },
    });
  });

  it('may come before those with lower numbers', () => {
    const table = tableWithSession();
    for (const sequence of [3, 1, 2]) apply(table, inSession(put(`k${sequence}`, ''), 1, sequence));
    expect(table.revision).toBe(3);
    for (const sequence of [1, 2, 3]) apply(table, inSession(put(`k${sequence}`, ''), 1, sequence));
    expect(table.revision).toBe(3);
  });

  it('is refused once it is acknowledged, and too far ahead of what is', () => {
    const table = tableWithSession();
    apply(table, inSession(put('a', '1'), 1, 1));
    apply(table, inSession(put('a', '2'), 1, 2, 1));
    expect(apply(table, inSession(put('a', '1'), 1, 1))).toEqual({ kind: 'refused', reason: 'acknowledged' });
    expect(apply(table, inSession(put('a', '6'), 1, 6, 1))).toEqual({ kind: 'refused', reason: 'tooManyOpen' });
    expect(apply(table, inSession(put('a', '5'), 1, 5, 1))).toMatchObject({ kind: 'put' });
    expect(apply(table, inSession(put('a', '6'), 1, 6, 2))).toMatchObject({ kind: 'put' });
  });

  it('is refused where the session is not known, was idle too long, or had to make room', () => {
    const table = tableWithSession();
    const refused = { kind: 'refused', reason: 'noSession' };
    expect(apply(table, inSession(put('a', '1'), 9, 1))).toEqual(refused);
    expect(apply(table, inSession(put('a', '1'), 1, 1), 1000)).toMatchObject({ kind: 'put' });
    expect(apply(table, inSession(put('a', '2'), 1, 2), 1999)).toMatchObject({ kind: 'put' });
    expect(apply(table, inSession(put('a', '3'), 1, 3), 2999)).toEqual(refused);

    for (let id = 2; id <= 4; id++) expect(apply(table, OPEN, 3000)).toEqual({ kind: 'session', id });
    apply(table, inSession(put('a', ''), 2, 1), 3000);
    apply(table, OPEN, 3000);
    expect(apply(table, inSession(put('a', ''), 3, 1), 3000)).toEqual(refused);
    expect(apply(table, inSession(put('a', ''), 2, 2), 3000)).toMatchObject({ kind: 'put' });
  });

  it('pushes out the sessions that were idle longest when there are too many answers', () => {
    const table = tableWithSession();
    apply(table, OPEN);
    for (let i = 1; i <= 4; i++) apply(table, inSession(put('a', ''), 1, i));
    for (let i = 1; i <= 3; i++) apply(table, inSession(put('a', ''), 2, i));
    expect(apply(table, inSession(put('a', ''), 1, 1))).toEqual({ kind: 'refused', reason: 'noSession' });
    expect(apply(table, inSession(put('a', ''), 2, 1))).toMatchObject({ kind: 'put', row: { revision: 5 } });
  });
});

const step = fc.record({
  session: fc.integer({ min: 0, max: 8 }),
  sequence: fc.integer({ min: 1, max: 8 }),
  acknowledged: fc.nat(6),
  kind: fc.constantFrom('put', 'put', 'delete', 'open'),
  key: fc.constantFrom('a', 'b'),
  elapsedMs: fc.constantFrom(0, 0, 1, 100, 600),
  endBatch: fc.boolean(),
});

describe('the sessions of a group', () => {
  it('are the same again when their records are replayed, wherever those end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new MemoryTable(LIMITS);
        table.sessions = new SessionTable(LIMITS, 40);
        let stored: Uint8Array[] = [];
        let timeMs = 1;
        for (const { session, sequence, acknowledged, kind, key, elapsedMs, endBatch } of steps) {
          timeMs += elapsedMs;
          const write = kind === 'delete' ? remove(key) : put(key, 'v');
          apply(table, kind === 'open' ? OPEN : inSession(write, session, sequence, acknowledged), timeMs);
          if (!endBatch) continue;
          const record = table.sessions.takeRecord();
          if (record !== null) stored = record.isImage ? [record.bytes] : [...stored, record.bytes];
          const again = new SessionTable(LIMITS);
          for (const bytes_ of stored) again.replay(bytes_);
          expect([again.opened, again.checksum, again.count]).toEqual([
            table.sessions.opened,
            table.sessions.checksum,
            table.sessions.count,
          ]);
          // Who was idle longest is known too.
          expect(Buffer.from(again.image()).equals(table.sessions.image())).toBe(true);
        }
      }),
    );
  });

  function openState(directory: string): StateMachine {
    return closeAfterTest(openStateMachine({ file: path.join(directory, 'state.db'), identity }));
  }

  it('survive a restart, in the transaction of the data', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(1, [command(1, [OPEN]), command(2, [inSession(put('a', '1'), 1, 1)])]);
    const [[first] = []] = state.apply(1, [command(3, [inSession(put('b', '1'), 1, 2)])]);
    state.close();
    const again = openState(directory);
    expect(again.apply(1, [command(4, [inSession(put('b', '1'), 1, 2)])])).toEqual([[first]]);
    expect(again.get(1, bytes('b'))?.version).toBe(1);
    expect(again.apply(1, [command(5, [OPEN])])).toEqual([[{ kind: 'session', id: 2 }]]);
  });

  it('are stored anew as a whole before their records grow long', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(1, [command(1, [OPEN])]);
    let index = 1;
    for (let i = 0; i < 400; i++) {
      const mutations = Array.from({ length: 16 }, (_, j) => inSession(put('a', ''), 1, i * 16 + j + 1, i * 16));
      state.apply(1, [command(++index, mutations)]);
    }
    const before = state.openSnapshot(1);
    const { sessions } = before;
    before.close();
    expect(sessions.length).toBeLessThan(1000);
    state.close();
    const again = openState(directory);
    const after = again.openSnapshot(1);
    expect(Buffer.from(after.sessions).equals(sessions)).toBe(true);
    after.close();
  });

  it('travel with a snapshot, and one without them is not installed', () => {
    const source = openState(temporaryDirectory());
    source.apply(1, [command(1, [OPEN]), command(2, [inSession(put('a', '1'), 1, 1)])]);
    const { facts, sessions, ...snapshot } = source.openSnapshot(1);
    const { rows } = snapshot.rows(bytes(''), 1_000_000);
    snapshot.close();
    const directory = temporaryDirectory();
    const target = openState(directory);
    const without = target.beginRestore(1, facts, 1);
    without.write(rows);
    expect(without.install()).toBe(false);
    const whole = target.beginRestore(1, facts, 1);
    whole.writeSessions(sessions.subarray(0, 3));
    whole.writeSessions(sessions.subarray(3));
    whole.write(rows);
    expect(whole.install()).toBe(true);
    const retry = command(3, [inSession(put('a', '1'), 1, 1)]);
    const expected = source.apply(1, [retry]);
    expect(target.apply(1, [retry])).toEqual(expected);
    target.close();
    expect(openState(directory).appliedIndex(1)).toBe(3);
  });
});
