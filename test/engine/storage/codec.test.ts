import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  decodeCommand,
  decodeEntries,
  encodeCommand,
  encodeEntries,
  entrySize,
  type Mutation,
} from '../../../engine/storage/codec.ts';
import { CorruptDataError } from '../../../engine/storage/errors.ts';
import type { Entry } from '../../../engine/raft/types.ts';
import { entries, entry, put } from './support.ts';

const root = protobuf.loadSync(fileURLToPath(new URL('../../../proto/raft.proto', import.meta.url)));
const CommandType = root.lookupType('prkdb.raft.Command');
const RaftMessageType = root.lookupType('prkdb.raft.RaftMessage');
const asNumbers = { longs: Number, defaults: true } as const;

const uint64 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 35, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);
const KINDS = ['put', 'delete', 'session', 'check', 'transaction'] as const;
const plainWrite: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('put' as const, 'delete' as const, 'check' as const),
  key: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  value: fc.uint8Array({ maxLength: 300 }),
  expectedRevision: fc.option(uint64),
  clientId: uint64,
  sequence: uint64,
  session: uint64,
  acknowledged: uint64,
  ttlMs: uint64,
  parts: fc.constant(undefined),
});
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: plainWrite },
  plainWrite.map((write) => ({ ...write, kind: 'session' as const })),
  fc
    .tuple(plainWrite, fc.array(plainWrite, { minLength: 1, maxLength: 3 }))
    .map(([write, parts]) => ({ ...write, kind: 'transaction' as const, key: new Uint8Array(0), parts })),
);
const batch: fc.Arbitrary<Entry[]> = fc
  .record({
    first: fc.integer({ min: 1, max: 2 ** 48 }),
    list: fc.array(
      fc.record({
        step: fc.nat(3),
        type: fc.constantFrom(0 as const, 1 as const),
        data: fc.uint8Array({ maxLength: 200 }),
      }),
      { maxLength: 20 },
    ),
  })
  .map(({ first, list }) => {
    let term = 1;
    return list.map(({ step, type, data }, i) => ({ index: first + i, term: (term += step), type, data }));
  });

function plain(value: Uint8Array): number[] {
  return [...value];
}

function plainMutation(m: Mutation): unknown {
  return { ...m, key: plain(m.key), value: plain(m.value), parts: m.parts?.map(plainMutation) };
}

function reflectable(m: Mutation): object {
  return {
    ...m,
    kind: KINDS.indexOf(m.kind),
    hasExpectedRevision: m.expectedRevision !== null,
    expectedRevision: m.expectedRevision ?? 0,
  };
}

describe('commands', () => {
  it('are what proto/raft.proto says, written by us and read by reflection', () => {
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 8 }), uint64, (mutations, timeMs) => {
        const read = CommandType.toObject(CommandType.decode(encodeCommand(mutations, timeMs)), asNumbers);
        expect(read['timeMs']).toBe(timeMs);
        const list = (read['mutations'] ?? []) as Record<string, unknown>[];
        expect(list).toHaveLength(mutations.length);
        for (const [i, m] of mutations.entries()) {
          const found = list[i] as Record<string, unknown>;
          expect(found['kind']).toBe(KINDS.indexOf(m.kind));
          expect(plain(found['key'] as Uint8Array)).toEqual(plain(m.key));
          expect(plain(found['value'] as Uint8Array)).toEqual(plain(m.value));
          expect(found['hasExpectedRevision']).toBe(m.expectedRevision !== null);
          expect(found['expectedRevision']).toBe(m.expectedRevision ?? 0);
          expect(found['clientId']).toBe(m.clientId);
          expect(found['sequence']).toBe(m.sequence);
          expect(found['session']).toBe(m.session);
          expect(found['acknowledged']).toBe(m.acknowledged);
        }
      }),
    );
  });

  it('are what proto/raft.proto says, written by reflection and read by us', () => {
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 8 }), uint64, (mutations, timeMs) => {
        const message = {
          timeMs,
          mutations: mutations.map((m) => ({ ...reflectable(m), parts: m.parts?.map(reflectable) })),
        };
        const read = decodeCommand(CommandType.encode(CommandType.create(message)).finish());
        expect(read.timeMs).toBe(timeMs);
        expect(read.mutations.map(plainMutation)).toEqual(mutations.map(plainMutation));
      }),
    );
  });

  it('share the memory of what they were read from', () => {
    const encoded = encodeCommand([put('key', 'value')], 1);
    const [read] = decodeCommand(encoded).mutations;
    expect(read?.key.buffer).toBe(encoded.buffer);
    expect(read?.value.buffer).toBe(encoded.buffer);
  });

  it.each([
    ['an unknown kind', CommandType.encode({ mutations: [{ kind: 99, key: Buffer.from('k') }] }).finish()],
    ['no key', CommandType.encode({ mutations: [{ kind: 0, value: Buffer.from('v') }] }).finish()],
    ['a key over the limit', encodeCommand([put(new Uint8Array(4097), '')], 1)],
    ['a value over the limit', encodeCommand([put('k', new Uint8Array(1024 * 1024 + 1))], 1)],
    ['an unknown field', Buffer.of(0x1a, 0)],
    ['a number above the safe integers', Buffer.of(0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['a number without an end', Buffer.alloc(40, 0x90)],
    ['a length past the end', Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1)],
  ])('with %s are refused', (_, encoded) => {
    expect(() => decodeCommand(encoded)).toThrow(CorruptDataError);
  });
});

describe('batches of entries', () => {
  it('are the entries of a RaftMessage, both ways', () => {
    fc.assert(
      fc.property(batch, (list) => {
        const encoded = encodeEntries(list);
        expect(encoded).toHaveLength(list.reduce((size, e) => size + entrySize(e), 0));
        const read = RaftMessageType.toObject(RaftMessageType.decode(encoded), asNumbers);
        const plainList = list.map((e) => ({ ...e, data: plain(e.data) }));
        const reflected = ((read['entries'] ?? []) as Entry[]).map((e) => ({ ...e, data: plain(e.data) }));
        expect(reflected).toEqual(plainList);
        const message = RaftMessageType.encode(RaftMessageType.create({ entries: list })).finish();
        expect(decodeEntries(message).map((e) => ({ ...e, data: plain(e.data) }))).toEqual(plainList);
      }),
    );
  });

  it('join by joining their bytes, and data is never copied', () => {
    const joined = Buffer.concat([encodeEntries(entries(1, 3, 1)), encodeEntries(entries(4, 5, 2))]);
    const read = decodeEntries(joined);
    expect(read.map(({ index, term }) => [index, term])).toEqual([[1, 1], [2, 1], [3, 1], [4, 2], [5, 2]]); // prettier-ignore
    for (const { data } of read) expect(data.buffer).toBe(joined.buffer);
  });

  it.each([
    ['a gap', [entry(1, 1), entry(3, 1)]],
    ['a repeat', [entry(1, 1), entry(1, 1)]],
    ['a falling term', [entry(1, 2), entry(2, 1)]],
    ['no term', [entry(1, 0)]],
    ['no index', [entry(0, 1)]],
  ])('with %s are refused', (_, list) => {
    expect(() => decodeEntries(encodeEntries(list))).toThrow(CorruptDataError);
  });
});

describe('damaged bytes', () => {
  const decoders = [decodeCommand, decodeEntries] as const;

  function onlyTypedErrors(input: Uint8Array): boolean {
    return decoders.every((decode) => {
      try {
        decode(input);
        return true;
      } catch (error) {
        return error instanceof CorruptDataError;
      }
    });
  }

  it('give a typed error or a value, when random', () => {
    const checked = fc.check(fc.property(fc.uint8Array({ maxLength: 400 }), onlyTypedErrors), { numRuns: 2000 });
    expect(checked.counterexample).toBeNull();
  });

  it('give a typed error or a value, when mutated from good ones', () => {
    const good = fc.oneof(
      fc.array(mutation, { maxLength: 4 }).map((list) => encodeCommand(list, 1_700_000_000_000)),
      batch.map(encodeEntries),
    );
    const change = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), to: fc.nat(255) });
    const checked = fc.check(
      fc.property(good, fc.array(change, { minLength: 1, maxLength: 5 }), fc.nat(3), (encoded, changes, cut) => {
        const damaged = Buffer.from(encoded.subarray(0, Math.max(0, encoded.length - cut)));
        for (const { at, to } of changes) if (damaged.length > 0) damaged[Math.floor(at * damaged.length)] = to;
        return onlyTypedErrors(damaged);
      }),
      { numRuns: 2000 },
    );
    expect(checked.counterexample).toBeNull();
  });
});
