import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decodeEntries } from '../../../engine/storage/codec/entries.ts';
import type { WriteRequest } from '../../../engine/storage/log/protocol.ts';
import { encodeApart, RequestChannel, type ApartRequest } from '../../../engine/storage/log/request-channel.ts';
import { decodeRequest, encodeRequest, requestWords, wordsOf } from '../../../engine/storage/log/request-codec.ts';
import {
  createRing,
  RingReader,
  RingTotals,
  RingWriter,
  type RingRecord,
} from '../../../engine/storage/log/request-ring.ts';
import type { LogWrite } from '../../../engine/storage/types.ts';
import { entries, entry, hardState } from './support.ts';

/** What a request says, in plain values; entries of a group joined whatever rows they came in. */
function said(request: WriteRequest): unknown {
  return {
    id: request.id,
    sizeLimitBytes: request.sizeLimitBytes,
    groups: request.groups.map(({ group, reset, cut, hardState: state, rows }) => ({
      group,
      reset,
      cut,
      hardState: state,
      entries: rows.flatMap(({ firstIndex, lastIndex, lastTerm, start, end }) => {
        const list = decodeEntries(request.bytes.slice(start, end));
        expect([list[0]?.index, list.at(-1)?.index, list.at(-1)?.term]).toEqual([firstIndex, lastIndex, lastTerm]);
        return list.map(({ index, term, type, data }) => [index, term, type, Buffer.from(data).toString('hex')]);
      }),
    })),
  };
}

function meant(id: number, batch: readonly LogWrite[], sizeLimitBytes: number): unknown {
  return {
    id,
    sizeLimitBytes,
    groups: batch.map(({ group, reset = false, cut, hardState: state, entries: list }) => ({
      group,
      reset,
      cut,
      hardState: state,
      entries: list.map(({ index, term, type, data }) => [index, term, type, Buffer.from(data).toString('hex')]),
    })),
  };
}

const index = fc.integer({ min: 1, max: 2 ** 48 - 1 });
const logWrite: fc.Arbitrary<LogWrite> = fc
  .record({
    group: fc.nat(2 ** 15 - 1),
    cut: fc.option(fc.record({ index, term: index, all: fc.boolean() })),
    hardState: fc.option(fc.record({ term: index, votedFor: fc.nat(9), commitIndex: index })),
    first: fc.integer({ min: 1, max: 2 ** 47 }),
    data: fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 4 }),
    reset: fc.boolean(),
  })
  .map(({ first, data, reset, ...rest }) => ({
    ...rest,
    entries: data.map((bytes, i) => entry(first + i, 7, bytes)),
    ...(reset ? { reset: true as const } : {}),
  }));

describe('a request to the writer of the log', () => {
  it('is read as it was meant, wherever it was written', () => {
    fc.assert(
      fc.property(fc.array(logWrite, { maxLength: 4 }), fc.nat(5), fc.nat(2 ** 40), (batch, at, limit) => {
        const words = wordsOf(new ArrayBuffer((at + requestWords(batch)) * 8));
        const end = encodeRequest(words, at, 12, batch, limit);
        expect(end - at).toBeLessThanOrEqual(requestWords(batch));
        expect(said(decodeRequest(words, at))).toEqual(meant(12, batch, limit));
      }),
    );
  });

  it('has a row for each quarter of a MiB, and room for what that takes', () => {
    const list = Array.from({ length: 9 }, (_, i) => entry(i + 1, 1, new Uint8Array(200_001).fill(i)));
    const batch = [{ group: 3, cut: null, hardState: null, entries: list }];
    const words = wordsOf(new ArrayBuffer(requestWords(batch) * 8));
    expect(encodeRequest(words, 0, 1, batch, 0)).toBeLessThanOrEqual(requestWords(batch));
    const request = decodeRequest(words, 0);
    expect(request.groups[0]?.rows.map(({ firstIndex, lastIndex }) => [firstIndex, lastIndex])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 9],
    ]);
    expect(said(request)).toEqual(meant(1, batch, 0));
  });
});

function numbersOf({ words }: RingReader, record: RingRecord): readonly number[] | 'apart' {
  return record === 'apart' ? record : Array.from(words.numbers.subarray(record.at, record.at + record.words));
}

describe('the ring of requests', () => {
  it('gives back what was put in, in order, around its end and when it is full', () => {
    const step = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 25 }) }),
      fc.record({ put: fc.constant(0) }),
      fc.record({ take: fc.integer({ min: 1, max: 4 }), release: fc.boolean() }),
    );
    let wasFull = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const shared = createRing(64);
        const writer = new RingWriter(shared);
        const reader = new RingReader(shared);
        const expected: (readonly number[] | 'apart')[] = [];
        let next = 1;
        const takeOne = (): boolean => {
          const record = reader.take();
          if (record === undefined) return false;
          expect(numbersOf(reader, record)).toEqual(expected.shift());
          return true;
        };
        for (const each of steps) {
          if ('put' in each) {
            // More is reserved than is used, as for a request whose size is a bound.
            const at = writer.reserve(each.put === 0 ? 0 : each.put + 2);
            if (at === undefined) wasFull++;
            else if (each.put === 0) {
              writer.publishApart(at);
              expected.push('apart');
            } else {
              const numbers = Array.from({ length: each.put }, () => next++);
              // All that was reserved is the writer's.
              writer.words.numbers.fill(-7, at, at + each.put + 2).set(numbers, at);
              writer.publish(at, at + each.put);
              expected.push(numbers);
            }
          } else {
            for (let i = 0; i < each.take; i++) takeOne();
            if (each.release) reader.release();
          }
        }
        while (takeOne());
        expect(expected).toEqual([]);
        reader.release();
        // Empty, it takes a record of any size that it was made for, wherever the next one begins.
        expect(writer.reserve(27)).toBeDefined();
      }),
    );
    expect(wasFull).toBeGreaterThan(0);
  });

  it('goes on when its positions pass 2^32', () => {
    const shared = createRing(8);
    // Head and tail (see `Control`) as they are after nearly so many words.
    new Int32Array(shared).set([-50, -50], 1);
    const writer = new RingWriter(shared);
    const reader = new RingReader(shared);
    for (let i = 0; i < 40; i++) {
      const at = writer.reserve(2) as number;
      writer.words.numbers.set([i, i + 0.5], at);
      writer.publish(at, at + 2);
      const record = reader.take();
      expect(record === undefined ? record : numbersOf(reader, record)).toEqual([i, i + 0.5]);
      reader.release();
    }
  });

  it('says when nothing follows, after what does', () => {
    const shared = createRing(64);
    const writer = new RingWriter(shared);
    const reader = new RingReader(shared);
    writer.publishApart(writer.reserve(0) as number);
    writer.close();
    expect(reader.wait()).toBe(true);
    expect(reader.take()).toBe('apart');
    expect(reader.wait()).toBe(false);
  });

  it('tells of answers, the last one of several, until nobody cares', async () => {
    const shared = createRing(64);
    const writer = new RingWriter(shared);
    const reader = new RingReader(shared);
    reader.answer(1);
    const heard: number[] = [];
    const listening = writer.listen(() => heard.push(writer.answered));
    expect(heard).toEqual([1]);
    reader.answer(2);
    reader.answer(3);
    await vi.waitFor(() => expect(heard).toEqual([1, 3]));
    reader.answer(-(2 ** 31));
    await vi.waitFor(() => expect(heard).toEqual([1, 3, -(2 ** 31)]));
    writer.ignore();
    await listening;
    reader.answer(5);
    expect(heard).toHaveLength(3);
  });

  it('adds up what the reader counts', () => {
    const shared = createRing(64);
    const totals = new RingTotals(shared);
    const reader = new RingReader(shared);
    reader.count(0.5, 2);
    reader.count(0.25, 1);
    const { transactions, transactionMs, syncMs } = totals;
    expect({ transactions, transactionMs, syncMs }).toEqual({ transactions: 2, transactionMs: 0.75, syncMs: 3 });
  });
});

describe('the channel to the writer', () => {
  it('brings requests in order, the large ones as messages, and holds back what there is no room for', () => {
    const shared = createRing(1024);
    const messages: ApartRequest[] = [];
    const channel = new RequestChannel(new RingWriter(shared), (request) => messages.push(request));
    const reader = new RingReader(shared);
    const expected: unknown[] = [];
    const found: unknown[] = [];
    let apart = 0;
    const takeAll = (): number => {
      let taken = 0;
      for (let record = reader.take(); record !== undefined; record = reader.take(), taken++) {
        if (record === 'apart') {
          apart++;
          found.push(said(decodeRequest(wordsOf((messages.shift() as ApartRequest).buffer), 0)));
        } else found.push(said(decodeRequest(reader.words, record.at)));
      }
      reader.release();
      return taken;
    };
    const batchOf = (id: number): LogWrite[] => {
      const data = new Uint8Array(id % 17 === 0 ? 5000 : id % 3 === 0 ? 700 : (id * 37) % 100).fill(id);
      return [{ group: id % 5, cut: null, hardState: hardState(id), entries: [entry(id, 1, data)] }];
    };
    for (let id = 1; id <= 200; id++) {
      expected.push(meant(id, batchOf(id), id));
      if (id % 23 === 0) channel.sendApart(encodeApart(id, batchOf(id), id));
      else channel.send(id, batchOf(id), id);
    }
    // Far more than the ring holds: the rest follows as room is made.
    expect(takeAll()).toBeLessThan(100);
    for (;;) {
      channel.flush();
      if (takeAll() === 0) break;
    }
    expect(found).toEqual(expected);
    expect(apart).toBe(11);
    expect(messages).toEqual([]);
  });

  it('forgets what waits when it is told to', () => {
    const shared = createRing(256);
    const channel = new RequestChannel(new RingWriter(shared), () => undefined);
    const reader = new RingReader(shared);
    const batch: LogWrite[] = [{ group: 1, cut: null, hardState: null, entries: entries(1, 3, 1) }];
    for (let id = 1; id <= 50; id++) channel.send(id, batch, 0);
    channel.drop();
    let taken = 0;
    for (let round = 0; round < 3; round++) {
      while (reader.take() !== undefined) taken++;
      reader.release();
      channel.flush();
    }
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(50);
  });
});
