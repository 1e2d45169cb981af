import Database from 'better-sqlite3';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CorruptStorageError } from '../../engine/storage/errors.ts';
import { openStateMachine } from '../../engine/storage/state/state-machine.ts';
import type { StateMachine } from '../../engine/storage/types.ts';
import { closeAfterTest, command, identity, put, temporaryDirectory } from '../engine/storage/support.ts';

const ENTRIES = 90;
const KEYS = 60;

function apply(state: StateMachine, index: number): void {
  state.apply(1, [command(index, [put(`key ${(index * 37) % KEYS}`, `${index} `.repeat(200))])]);
}

function rowsOf(state: StateMachine): string[] {
  const options = { prefix: Buffer.of(), after: Buffer.of(), limit: 1000, keysOnly: false, maxBytes: 1e9 };
  return state.scan(1, options).rows.map(({ key, value, revision, version }) => {
    return `${Buffer.from(key).toString()} ${Buffer.from(value).toString('utf8', 0, 8)} ${revision} ${version}`;
  });
}

/** What a state machine holds after each entry. */
function model(): string[][] {
  const state = openStateMachine({ file: path.join(temporaryDirectory(), 'model.db'), identity });
  const after: string[][] = [rowsOf(state)];
  for (let index = 1; index <= ENTRIES; index++) {
    apply(state, index);
    after.push(rowsOf(state));
  }
  state.close();
  return after;
}

/**
 * Of a killed node, right after a checkpoint: pages were copied back into the database, and
 * the write-ahead log that they came from is still there.
 */
function filesAfterCheckpoint(): { readonly database: Buffer; readonly wal: Buffer } {
  const file = path.join(temporaryDirectory(), 'state.db');
  const first = openStateMachine({ file, identity });
  for (let index = 1; index <= KEYS; index++) apply(first, index);
  // The write-ahead log begins anew here, and never has all pages of the database.
  first.close();
  // Each entry is in the write-ahead log by itself.
  const flushLimits = { maxRows: 0, maxBytes: 0, maxTidies: 0, rowsAtOnce: 1 };
  const state = closeAfterTest(openStateMachine({ file, identity, flushLimits }));
  for (let index = KEYS + 1; index <= ENTRIES; index++) apply(state, index);
  const other = new Database(file);
  other.pragma('wal_checkpoint(PASSIVE)');
  const files = { database: fs.readFileSync(file), wal: fs.readFileSync(`${file}-wal`) };
  other.close();
  return files;
}

describe('damage in the write-ahead log of the state machine', () => {
  it('is found at the start, or leaves the state as it was after some entry', () => {
    const expected = model();
    const { database, wal } = filesAfterCheckpoint();
    const file = path.join(temporaryDirectory(), 'state.db');
    let refused = 0;
    for (let offset = 7; offset < wal.length; offset += 3989) {
      fs.writeFileSync(file, database);
      fs.rmSync(`${file}-shm`, { force: true });
      const damaged = Buffer.from(wal);
      damaged[offset] = (damaged[offset] as number) ^ (1 << (offset % 8));
      fs.writeFileSync(`${file}-wal`, offset % 3 === 0 ? damaged.subarray(0, offset) : damaged);
      let state: StateMachine;
      try {
        state = openStateMachine({ file, identity });
      } catch (error) {
        if (!(error instanceof CorruptStorageError)) throw error;
        if (error.file === file) refused++;
        continue;
      }
      try {
        expect({ offset, rows: rowsOf(state) }).toEqual({ offset, rows: expected[state.appliedIndex(1)] });
      } finally {
        state.close();
      }
    }
    expect(refused).toBeGreaterThan(10);
  }, 120_000);
});
