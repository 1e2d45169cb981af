import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeCommand, type Mutation } from '../../../engine/storage/codec.ts';
import { TIME_LIMITS } from '../../../engine/storage/state/apply.ts';
import { HotRows, type HotRow } from '../../../engine/storage/state/hot-rows.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { FlushLimits } from '../../../engine/storage/state/write-behind.ts';
import { bytes, closeAfterTest, entry, identity, temporaryDirectory } from './support.ts';

const meta = { revision: 1, version: 1, createdAtMs: 1, updatedAtMs: 1, valueSizeBytes: 1, expiresAtMs: 0, gone: 0 };
const row = (rowId: number, sizeBytes = 0): HotRow => ({
  rowId,
  checksum: 1,
  meta: { ...meta, gone: 0 },
  value: new Uint8Array(1),
  past: new Uint8Array(sizeBytes),
});

describe('hot rows', () => {
  it('are found by table and name, the newest', () => {
    const hot = new HotRows();
    const [a, b] = [{}, {}];
    hot.keep(a, 'k', row(1));
    hot.keep(b, 'k', row(2));
    hot.keep(a, 'k', row(3));
    expect([hot.find(a, 'k')?.rowId, hot.find(b, 'k')?.rowId, hot.find(a, 'l')]).toEqual([3, 2, undefined]);
    hot.forget(a, 'k');
    expect([hot.find(a, 'k'), hot.find(b, 'k')?.rowId]).toEqual([undefined, 2]);
    hot.clear();
    expect(hot.find(b, 'k')).toBeUndefined();
  });

  it('go when others were used since, and never more stay than there is room for', () => {
    const hot = new HotRows(100_000);
    const table = {};
    hot.keep(table, 'old', row(1, 1000));
    let used = 0;
    for (let i = 0; i < 1000; i++) {
      hot.keep(table, 'used', row(i, 1000));
      hot.keep(table, `key-${i}`, row(i, 1000));
      used += hot.find(table, 'used')?.rowId === i ? 1 : 0;
    }
    expect(used).toBe(1000);
    expect(hot.find(table, 'old')).toBeUndefined();
    const left = Array.from({ length: 1000 }, (_, i) => hot.find(table, `key-${i}`)).filter((found) => found).length;
    expect(left).toBeGreaterThan(20);
    expect(left).toBeLessThan(100);
  });
});

const ALWAYS: FlushLimits = { maxRows: 0, maxBytes: 0, maxTidies: 0, rowsAtOnce: 1 };

const put = (key: string, value: string): Mutation => ({
  kind: 'put',
  key: bytes(key),
  value: bytes(value),
  expectedRevision: null,
  clientId: 0,
  sequence: 0,
});

describe('the state machine with hot rows', () => {
  it('begins a key anew whose row was forgotten', () => {
    const state = closeAfterTest(
      openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity, flushLimits: ALWAYS }),
    );
    const remove: Mutation = { ...put('a', ''), kind: 'delete' };
    for (let i = 1; i <= 3; i++) state.apply(1, [entry(i, 1, encodeCommand([put('a', `v${i}`)], i))]);
    state.apply(1, [entry(4, 1, encodeCommand([remove], 4))]);
    const laterMs = 10 * TIME_LIMITS.goneKeepMs;
    state.apply(1, [entry(5, 1, encodeCommand([put('b', 'w')], laterMs))]);
    expect(state.history(1, bytes('a'))).toEqual([]);
    state.apply(1, [entry(6, 1, encodeCommand([put('a', 'anew')], laterMs))]);
    expect(state.history(1, bytes('a'))).toMatchObject([{ kind: 'put', version: 1, value: Buffer.from('anew') }]);
    expect(state.keyCount(1)).toBe(2);
  });

  it('goes on from a snapshot that took the place of its rows', () => {
    const open = () =>
      closeAfterTest(
        openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity, flushLimits: ALWAYS }),
      );
    const [leader, follower] = [open(), open()];
    for (let i = 1; i <= 9; i++)
      leader.apply(1, [entry(i, 1, encodeCommand([put('b', `w${i}`), put('a', `v${i}`)], i))]);
    for (let i = 1; i <= 3; i++) follower.apply(1, [entry(i, 1, encodeCommand([put('a', `old${i}`)], i))]);
    const source = leader.openSnapshot(1);
    const sink = follower.beginRestore(1, source.facts, 1);
    sink.writeSessions(source.sessions);
    sink.write(source.rows(new Uint8Array(0), 1e6).rows);
    source.close();
    expect(sink.install()).toBe(true);
    for (const state of [leader, follower]) state.apply(1, [entry(10, 1, encodeCommand([put('a', 'v10')], 10))]);
    expect(follower.history(1, bytes('a'))).toEqual(leader.history(1, bytes('a')));
    const facts = [leader, follower].map((state) => {
      const opened = state.openSnapshot(1);
      opened.close();
      return opened.facts.rowsChecksum;
    });
    expect(facts[0]).toBe(facts[1]);
  });
});
