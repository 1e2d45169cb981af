import path from 'node:path';
import { expect, it } from 'vitest';
import { decodePiece, encodeCommand } from '../../../engine/storage/codec.ts';
import { SnapshotReader } from '../../../engine/storage/state/snapshot-reader.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { KvRow, SnapshotSource, StateMachine } from '../../../engine/storage/types.ts';
import { bytes, closeAfterTest, entry, identity, temporaryDirectory } from './support.ts';

const KEYS = 300;
const PIECE_BYTES = 100;

function opened(): { file: string; state: StateMachine } {
  const file = path.join(temporaryDirectory(), 'state.db');
  return { file, state: closeAfterTest(openStateMachine({ file, identity })) };
}

/** Every key gets this value. */
function fill(state: StateMachine, index: number, value: string): void {
  const puts = Array.from({ length: KEYS }, (_, i) => ({
    kind: 'put' as const,
    key: bytes(`key-${String(i).padStart(4, '0')}`),
    value: bytes(value),
    expectedRevision: null,
    clientId: 0,
    sequence: 0,
  }));
  state.apply(1, [entry(index, 1, encodeCommand(puts, 1))]);
}

/** What is written through to the database, as a snapshot does it. */
function storeAll(state: StateMachine): void {
  state.openSnapshot(1).close();
}

async function readOn(source: SnapshotSource, after: Uint8Array): Promise<KvRow[]> {
  const found: KvRow[] = [];
  for (let more = true, last = after; more;) {
    const piece = await source.readAside!(last, PIECE_BYTES);
    const { rows } = decodePiece(piece.bytes);
    expect(rows).toHaveLength(piece.count);
    found.push(...rows);
    ({ more, last } = piece);
  }
  return found;
}

const plain = (rows: readonly KvRow[]) => rows.map(({ key, value }) => [bytesOf(key), bytesOf(value)]);
const bytesOf = (part: Uint8Array) => Buffer.from(part).toString('latin1');

it('reads beside the event loop what it would read there, whatever is applied meanwhile', async () => {
  const { state } = opened();
  fill(state, 1, 'old');
  const source = state.openSnapshot(1);
  const first = await source.readAside!(bytes(''), PIECE_BYTES);
  expect(first.more).toBe(true);
  fill(state, 2, 'new');
  storeAll(state);
  const rows = [...decodePiece(first.bytes).rows, ...(await readOn(source, first.last))];
  expect(plain(rows)).toEqual(plain(source.rows(bytes(''), 1e6).rows));
  expect(new Set(rows.map(({ value }) => bytesOf(value)))).toEqual(new Set(['old']));
  source.close();
  await expect(source.readAside!(bytes(''), PIECE_BYTES)).rejects.toThrow('closed');
});

it('takes no newer state for its own when the thread begins late', async () => {
  const { state } = opened();
  fill(state, 1, 'old');
  const source = state.openSnapshot(1);
  fill(state, 2, 'new');
  storeAll(state);
  const rows = await readOn(source, bytes(''));
  expect(rows).toHaveLength(KEYS);
  expect(new Set(rows.map(({ value }) => bytesOf(value)))).toEqual(new Set(['old']));
  source.close();
});

it('has a thread that answers for one state only', async () => {
  const { file, state } = opened();
  fill(state, 1, 'old');
  storeAll(state);
  const reader = closeAfterTest(new SnapshotReader({ file, group: 1, appliedIndex: 1 }));
  const other = closeAfterTest(new SnapshotReader({ file, group: 1, appliedIndex: 2 }));
  expect(await reader.read(bytes(''), PIECE_BYTES)).toMatchObject({ more: true });
  expect(await other.read(bytes(''), PIECE_BYTES)).toBeNull();
  // Nothing was ever stored of this one, so that the thread cannot begin.
  const nothing = closeAfterTest(new SnapshotReader({ file, group: 2, appliedIndex: 0 }));
  expect(await nothing.read(bytes(''), PIECE_BYTES)).toBeNull();
});

it('is empty where nothing was ever applied', async () => {
  const { state } = opened();
  const source = state.openSnapshot(7);
  expect(await source.readAside!(bytes(''), PIECE_BYTES)).toMatchObject({ count: 0, more: false });
  source.close();
});
