import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { encodeCommand, type Mutation } from '../../../engine/storage/codec.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { FlushLimits } from '../../../engine/storage/state/write-behind.ts';
import type { StateMachine } from '../../../engine/storage/types.ts';
import { bytes, closeAfterTest, entry, identity, put, temporaryDirectory } from './support.ts';

const NEVER: FlushLimits = { maxRows: 1e6, maxBytes: 1e9, maxTidies: 1e6, rowsAtOnce: 64 };
const ALWAYS: FlushLimits = { ...NEVER, maxRows: 0 };
const KEYS = ['a', 'b', 'ba', 'bb', 'c', 'd'];

function openState(directory: string, flushLimits: FlushLimits): StateMachine {
  return closeAfterTest(openStateMachine({ file: path.join(directory, 'state.db'), identity, flushLimits }));
}

/** As a process that is killed now leaves it, opened anew. */
function openAfterKill(directory: string): StateMachine {
  const copy = temporaryDirectory();
  for (const name of ['state.db', 'state.db-wal']) fs.copyFileSync(path.join(directory, name), path.join(copy, name));
  return openState(copy, NEVER);
}

function rowsOf(state: StateMachine, prefix: string, after: string, limit: number, keysOnly: boolean): unknown {
  const { rows, more } = state.scan(1, { prefix: bytes(prefix), after: bytes(after), limit, keysOnly, maxBytes: 4000 });
  return {
    more,
    rows: rows.map(({ key, value, revision, version }) => [String(key), Buffer.from(value).length, revision, version]),
  };
}

/** Everything that anybody can ask about group 1. */
function answers(state: StateMachine): unknown {
  return {
    index: state.appliedIndex(1),
    keys: state.keyCount(1),
    revision: state.revision(1),
    rows: KEYS.map((key) => {
      const row = state.get(1, bytes(key));
      return row && [row.revision, row.version, row.expiresAtMs, Buffer.from(row.value).toString('hex').slice(0, 8)];
    }),
    history: KEYS.map((key) => state.history(1, bytes(key)).map(({ value, ...facts }) => [facts, value?.length ?? -1])),
    scans: [
      rowsOf(state, '', '', 10, false),
      rowsOf(state, 'b', '', 2, false),
      rowsOf(state, '', 'b', 1, true),
      rowsOf(state, '', '', 2, true),
    ],
  };
}

/** Bytes as text, whether they are a Buffer or an array. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

function factsOf(state: StateMachine): unknown {
  const source = state.openSnapshot(1);
  source.close();
  return source.facts;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'delete', 'check'),
  key: fc.constantFrom(...KEYS).map(bytes),
  value: fc.constantFrom(0, 3, 700, 1500, 1600).map((length) => Buffer.alloc(length, `v${length}`)),
  expectedRevision: fc.constantFrom(null, null, null, 0, 3),
  clientId: fc.constant(0),
  sequence: fc.constant(0),
  ttlMs: fc.constantFrom(0, 0, 0, 5, 40),
});

const step = fc.record({
  batches: fc.array(fc.array(mutation, { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
  afterMs: fc.constantFrom(0, 1, 10, 4_000_000),
  tidies: fc.nat({ max: 3 }),
  kill: fc.boolean(),
});

describe('what was applied and is not in the database yet', () => {
  it('is answered as if it were, comes there in any portions, and after a kill is as after some batch', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.record({
          maxRows: fc.nat({ max: 4 }),
          maxBytes: fc.constantFrom(1000, 10_000),
          maxTidies: fc.nat({ max: 2 }),
          rowsAtOnce: fc.constant(1),
        }),
        (steps, limits) => {
          const directory = temporaryDirectory();
          const [subject, atOnce, inMemory] = [
            openState(directory, limits),
            openState(temporaryDirectory(), ALWAYS),
            openState(temporaryDirectory(), NEVER),
          ] as const;
          const known = new Map<number, unknown>([[0, answers(atOnce)]]);
          let [index, timeMs] = [0, 1000];
          for (const { batches, afterMs, tidies, kill } of steps) {
            const from = index;
            const entries = batches.map((mutations) => {
              index++;
              timeMs += afterMs;
              return entry(
                index,
                1,
                encodeCommand(
                  mutations.map((m) => (m.kind === 'put' ? m : { ...m, value: Buffer.of(), ttlMs: 0 })),
                  timeMs,
                ),
              );
            });
            const results = subject.apply(1, entries);
            expect(plain(inMemory.apply(1, entries))).toEqual(plain(results));
            // Batches end where they will: that must not show.
            for (const [i, one] of entries.entries()) {
              atOnce.apply(1, [one]);
              known.set(from + i + 1, answers(atOnce));
            }
            for (let i = 0; i < tidies; i++) subject.tidy();
            expect(answers(subject)).toEqual(known.get(index));
            expect(answers(inMemory)).toEqual(known.get(index));
            if (!kill) continue;
            const revived = openAfterKill(directory);
            expect(answers(revived)).toEqual(known.get(revived.appliedIndex(1)));
            revived.close();
          }
          if (index === 0) return;
          expect(factsOf(subject)).toEqual(factsOf(atOnce));
          expect(factsOf(inMemory)).toEqual(factsOf(atOnce));
          for (const state of [subject, atOnce, inMemory]) state.close();
          expect(answers(openState(directory, NEVER))).toEqual(known.get(index));
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  it('is in the database after a while, a group after the other', () => {
    const directory = temporaryDirectory();
    const state = openState(directory, { ...NEVER, maxTidies: 3 });
    const data = encodeCommand([put('a', 'x'), put('b', 'y')], 1);
    for (const group of [1, 2, 3]) state.apply(group, [entry(1, 1, data)]);
    for (let i = 0; i < 2; i++) state.tidy();
    expect([1, 2, 3].map((group) => openAfterKill(directory).appliedIndex(group))).toEqual([0, 0, 0]);
    for (let i = 0; i < 4; i++) state.tidy();
    expect([1, 2, 3].map((group) => openAfterKill(directory).appliedIndex(group))).toEqual([1, 1, 1]);
  });

  it('never keeps more of the log alive than there is room for', () => {
    const directory = temporaryDirectory();
    const state = openState(directory, { ...NEVER, maxBytes: 100_000 });
    for (let index = 1; index <= 100; index++) {
      state.apply(1, [entry(index, 1, encodeCommand([put(`key ${index}`, 'x'.repeat(10_000))], 1))]);
    }
    expect(openAfterKill(directory).appliedIndex(1)).toBeGreaterThanOrEqual(85);
  });

  it('becomes durable when somebody waits for that, though the same key is written over and over', async () => {
    const state = openState(temporaryDirectory(), NEVER);
    const applyOne = (index: number): void => {
      state.apply(1, [entry(index, 1, encodeCommand([put('a', `${index}`)], index))]);
      state.tidy();
    };
    for (let index = 1; index <= 100; index++) applyOne(index);
    expect(state.durableIndex(1)).toBe(0);
    let index = 100;
    await vi.waitFor(
      () => {
        state.makeDurable(1, 100);
        applyOne(++index);
        expect(state.durableIndex(1)).toBeGreaterThanOrEqual(100);
      },
      { timeout: 20_000, interval: 5 },
    );
  });

  it('of the system group and of a change of members is there at once', () => {
    const directory = temporaryDirectory();
    const state = openState(directory, NEVER);
    const data = encodeCommand([put('a', 'x')], 1);
    const membership = { voters: [1], votersOutgoing: [], learners: [] };
    state.apply(0, [entry(1, 1, data)]);
    state.apply(1, [entry(1, 1, data)], membership);
    state.apply(1, [entry(2, 1, data)]);
    const revived = openAfterKill(directory);
    expect([revived.appliedIndex(0), revived.appliedIndex(1)]).toEqual([1, 1]);
    expect(revived.membership(1)).toEqual(membership);
  });

  it('may not grow any more once the disk has refused some of it', () => {
    let limitBytes = 0;
    const directory = temporaryDirectory();
    const file = path.join(directory, 'state.db');
    const state = closeAfterTest(openStateMachine({ file, identity, sizeLimitBytes: () => limitBytes }));
    for (let i = 1; i <= 4; i++) state.apply(1, [entry(i, 1, encodeCommand([put('a', `v${i}`)], i))]);
    state.openSnapshot(1).close();
    limitBytes = 1;
    state.apply(1, [entry(5, 1, encodeCommand([put('a', 'x'.repeat(1_000_000))], 5))]);
    expect(() => state.openSnapshot(1)).toThrow('is full');
    limitBytes = 0;
    expect(() => state.apply(1, [entry(6, 1, encodeCommand([put('a', 'v6')], 6))])).toThrow('is full');
    expect(() => state.openSnapshot(1)).toThrow('is full');
    state.close();
    const again = openState(directory, NEVER);
    expect(again.history(1, bytes('a')).map(({ value }) => String(value))).toEqual(['v4', 'v3', 'v2', 'v1']);
  });
});
