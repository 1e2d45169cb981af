import fc from 'fast-check';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Mutation } from '../../../engine/storage/codec.ts';
import { applyCommand } from '../../../engine/storage/state/apply.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { KvRow, MutationResult } from '../../../engine/storage/types.ts';
import { MemoryStateMachine, MemoryTable, type PlainStateMachine } from '../../support/memory-state.ts';
import { bytes, closeAfterTest, command, identity, put, remove, temporaryDirectory } from './support.ts';

function one(table: MemoryTable, mutation: Mutation, timeMs = 1): MutationResult {
  const [result] = applyCommand(table, { mutations: [mutation], timeMs });
  return result as MutationResult;
}

describe('a command', () => {
  it('counts revisions per partition and versions per key', () => {
    const table = new MemoryTable();
    expect(one(table, put('a', '1'), 10)).toEqual({
      kind: 'put',
      row: {
        key: bytes('a'),
        valueSizeBytes: 1,
        revision: 1,
        version: 1,
        createdAtMs: 10,
        updatedAtMs: 10,
        expiresAtMs: 0,
        gone: 0,
      },
    });
    expect(one(table, put('b', '22'), 20)).toMatchObject({ row: { revision: 2, version: 1, valueSizeBytes: 2 } });
    expect(one(table, put('a', '3'), 30)).toMatchObject({
      row: { revision: 3, version: 2, createdAtMs: 10, updatedAtMs: 30 },
    });
  });

  it('starts a key anew after its deletion, and a delete that finds nothing changes nothing', () => {
    const table = new MemoryTable();
    one(table, put('a', '1'), 10);
    expect(one(table, remove('a'))).toEqual({ kind: 'deleted', found: true, revision: 2 });
    expect(one(table, remove('a'))).toEqual({ kind: 'deleted', found: false, revision: 0 });
    expect(table.revision).toBe(2);
    expect(one(table, put('a', '2'), 40)).toMatchObject({ row: { revision: 3, version: 1, createdAtMs: 40 } });
  });

  it('never lets time fall when leaders disagree about it', () => {
    const table = new MemoryTable();
    one(table, put('a', '1'), 100);
    expect(one(table, put('a', '2'), 40)).toMatchObject({ row: { createdAtMs: 100, updatedAtMs: 100 } });
    expect(one(table, put('a', '3'), 101)).toMatchObject({ row: { updatedAtMs: 101 } });
  });

  it('compares before it sets: null always, 0 when absent, else the revision', () => {
    const table = new MemoryTable();
    expect(one(table, put('a', 'x', 1))).toEqual({ kind: 'conflict', at: 0, current: null });
    expect(one(table, put('a', 'x', 0))).toMatchObject({ kind: 'put', row: { revision: 1 } });
    expect(one(table, put('a', 'y', 0))).toMatchObject({
      kind: 'conflict',
      current: { revision: 1, valueSizeBytes: 1 },
    });
    expect(one(table, put('a', 'y', 1))).toMatchObject({ kind: 'put', row: { revision: 2 } });
    expect(one(table, remove('a', 1))).toMatchObject({ kind: 'conflict', current: { revision: 2 } });
    expect(one(table, remove('a', 0))).toMatchObject({ kind: 'conflict' });
    expect(one(table, remove('a', 2))).toMatchObject({ kind: 'deleted', found: true, revision: 3 });
    expect(one(table, remove('a', 0))).toEqual({ kind: 'deleted', found: false, revision: 0 });
    expect(table.revision).toBe(3);
  });

  it('applies its mutations in order, each seeing those before it', () => {
    const table = new MemoryTable();
    const mutations = [put('a', '1', 0), put('a', '2', 1), put('a', '3', 1), remove('a', 2), put('a', '4', 0)];
    const results = applyCommand(table, { mutations, timeMs: 5 });
    expect(results.map((r) => r.kind)).toEqual(['put', 'put', 'conflict', 'deleted', 'put']);
    expect(table.get(bytes('a'))).toMatchObject({ revision: 4, version: 1, value: bytes('4') });
  });
});

interface Model {
  rows: Map<string, { value: string; revision: number; version: number; created: number; updated: number }>;
  revision: number;
  time: number;
}

/** The rules once more, as plainly as can be: what a mutation answers, in a comparable form. */
function modelApply(
  model: Model,
  kind: 'put' | 'delete',
  key: string,
  value: string,
  expectedRevision: number | null,
): unknown {
  const row = model.rows.get(key);
  if (expectedRevision !== null && expectedRevision !== (row === undefined ? 0 : row.revision)) {
    return ['conflict', row === undefined ? null : [row.value.length, row.revision, row.version]];
  }
  if (kind === 'delete') {
    if (row === undefined) return ['deleted', false, 0];
    model.rows.delete(key);
    model.revision += 1;
    return ['deleted', true, model.revision];
  }
  model.revision += 1;
  const created = row === undefined ? model.time : row.created;
  const version = row === undefined ? 1 : row.version + 1;
  model.rows.set(key, { value, revision: model.revision, version, created, updated: model.time });
  return ['put', value.length, model.revision, version, created, model.time];
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1');
}

function comparable(result: MutationResult): unknown {
  if (result.kind === 'put') {
    const { valueSizeBytes, revision, version, createdAtMs, updatedAtMs } = result.row;
    return ['put', valueSizeBytes, revision, version, createdAtMs, updatedAtMs];
  }
  if (result.kind === 'deleted') return ['deleted', result.found, result.revision];
  if (result.kind !== 'conflict') return [result.kind];
  const { current } = result;
  return ['conflict', current === null ? null : [current.valueSizeBytes, current.revision, current.version]];
}

function rowOf({
  value,
  revision,
  version,
  createdAtMs,
  updatedAtMs,
}: KvRow): Model['rows'] extends Map<string, infer Row> ? Row : never {
  return { value: text(value), revision, version, created: createdAtMs, updated: updatedAtMs };
}

describe.each([
  [
    'in SQLite',
    () => closeAfterTest(openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity })),
  ],
  ['in memory', () => new MemoryStateMachine()],
] as const)('the state machine %s', (_, open) => {
  const step = fc.record({
    kind: fc.constantFrom('put' as const, 'put' as const, 'delete' as const),
    key: fc.constantFrom('a', 'b', 'c', '\0', '\xff'),
    value: fc.string({ unit: 'binary-ascii', maxLength: 4 }),
    condition: fc.constantFrom('none', 'none', 'absent', 'current', 'wrong'),
    time: fc.nat(50),
    /** How many mutations share the entry, and entries the batch. */
    endEntry: fc.boolean(),
    endBatch: fc.boolean(),
  });

  it('answers and holds what a plain model does, however mutations are batched', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const state: PlainStateMachine = open();
        const model: Model = { rows: new Map(), revision: 0, time: 0 };
        const wanted: unknown[] = [];
        const found: unknown[] = [];
        let mutations: Mutation[] = [];
        let batch: ReturnType<typeof command>[] = [];
        let index = 0;
        let entryTime = 0;
        for (const [i, { kind, key, value, condition, time, endEntry, endBatch }] of steps.entries()) {
          // The time of an entry is that of its first step.
          if (mutations.length === 0) entryTime = time;
          model.time = Math.max(model.time, entryTime);
          const current = model.rows.get(key)?.revision ?? 0;
          const expectedRevision = { none: null, absent: 0, current, wrong: current + 1 }[condition] ?? null;
          wanted.push(modelApply(model, kind, key, kind === 'put' ? value : '', expectedRevision));
          mutations.push(kind === 'put' ? put(key, value, expectedRevision) : remove(key, expectedRevision));
          const isLast = i === steps.length - 1;
          if (endEntry || endBatch || isLast) {
            batch.push(command(++index, mutations, entryTime));
            mutations = [];
          }
          if (endBatch || isLast) {
            found.push(...state.apply(1, batch).flat().map(comparable));
            batch = [];
          }
        }
        expect(found).toEqual(wanted);
        expect(state.appliedIndex(1)).toBe(index);
        expect(state.keyCount(1)).toBe(model.rows.size);
        for (const key of ['a', 'b', 'c', '\0', '\xff']) {
          const row = state.get(1, bytes(key));
          expect(row === undefined ? undefined : rowOf(row)).toEqual(model.rows.get(key));
        }
      }),
      { numRuns: 60 },
    );
  });
});
