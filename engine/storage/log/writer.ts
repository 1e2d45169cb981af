import type Database from 'better-sqlite3';
import type { HardState, LogIndex, Term } from '../../raft/types.ts';
import { SizeLimit } from '../sqlite/size-limit.ts';
import { connectLog } from './connection.ts';
import { CommitMark } from './mark.ts';
import type { LogCut } from '../types.ts';
import type { WriteRequest, WriterOptions } from './protocol.ts';
import {
  checkedLogRow,
  cutRow,
  hardStateChecksum,
  LOG_COLUMNS,
  logRowChecksum,
  ROW_TARGET_BYTES,
  type LogRow,
  type RawLogRow,
} from './rows.ts';
import { WalSync } from './wal-sync.ts';

interface GroupState {
  lastIndex: LogIndex;
  /** Null until the group has a row of it. */
  hardState: HardState | null;
  snapshotIndex: LogIndex;
  snapshotTerm: Term;
}

/** Entries of one group that this transaction has yet to insert, possibly of several requests. */
interface OpenRow {
  firstIndex: LogIndex;
  lastIndex: LogIndex;
  lastTerm: Term;
  sizeBytes: number;
  parts: Uint8Array[];
}

/**
 * Rows of dropped entries that go with one transaction: about a MiB. To delete all that a cut
 * drops at once would keep the writes of that round waiting for a long time. It goes faster than
 * rows come, and SQLite uses freed pages again, so that putting it off takes no more disk.
 */
const DROPPED_ROWS_AT_ONCE = 4;

const NO_HARD_STATE: HardState = { term: 0, votedFor: 0, commitIndex: 0 };

/** Owns the writing connection. Synchronous: it runs where it may block. */
export class LogWriter {
  readonly #database: Database.Database;
  readonly #mark: CommitMark;
  readonly #wal: WalSync;
  readonly #sizeLimit: SizeLimit;
  readonly #groups = new Map<number, GroupState>();
  readonly #openRows = new Map<number, OpenRow>();
  /** Groups that may still have rows up to where their logs begin. */
  readonly #dropping = new Set<number>();
  /** Groups whose hard state this transaction has yet to write. */
  readonly #changedStates = new Set<number>();
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #insert: Database.Statement;
  readonly #deleteFrom: Database.Statement;
  readonly #deleteDropped: Database.Statement;
  readonly #deleteAfter: Database.Statement;
  readonly #lastBefore: Database.Statement;
  readonly #putHardState: Database.Statement;
  #sequence: number;

  constructor(options: WriterOptions) {
    this.#sequence = options.sequence;
    for (const [group, { lastIndex, hardState, snapshotIndex, snapshotTerm }] of options.groups) {
      this.#groups.set(group, { lastIndex, hardState, snapshotIndex, snapshotTerm });
      if (snapshotIndex > 0) this.#dropping.add(group);
    }
    const database = connectLog(options.file);
    this.#database = database;
    this.#sizeLimit = new SizeLimit(database);
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#insert = database.prepare('INSERT INTO log VALUES (? << 48 | ?, ?, ?, ?, ?, ?)');
    this.#deleteFrom = database.prepare('DELETE FROM log WHERE id >= (? << 48 | ?) AND id < (? + 1) << 48');
    // Whole rows only: the first one left may begin before the cut.
    this.#deleteDropped = database.prepare(
      `DELETE FROM log WHERE id IN (SELECT id FROM log
         WHERE id > ? << 48 AND id <= (? << 48 | ?) AND last_index <= ? ORDER BY id LIMIT ${DROPPED_ROWS_AT_ONCE})`,
    );
    this.#deleteAfter = database.prepare(
      'DELETE FROM log WHERE id > ? << 48 AND id < (? + 1) << 48 AND last_index > ?',
    );
    this.#lastBefore = database
      .prepare(`SELECT ${LOG_COLUMNS} FROM log WHERE id > ? << 48 AND id < (? << 48 | ?) ORDER BY id DESC LIMIT 1`)
      .raw();
    this.#putHardState = database.prepare('INSERT OR REPLACE INTO hard_state VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#wal = new WalSync(options.file);
    this.#mark = new CommitMark(options.file);
  }

  /**
   * Writes the requests in order in one transaction and syncs it. After an error nobody can say
   * whether they are there: nothing may follow them, and nothing of them be acknowledged.
   * Returns how long that took.
   */
  write(requests: readonly WriteRequest[]): { readonly transactionMs: number; readonly syncMs: number } {
    const startedMs = performance.now();
    for (const { sizeLimitBytes } of requests) this.#sizeLimit.set(sizeLimitBytes);
    this.#begin.run();
    try {
      this.#sequence++;
      for (const request of requests) this.#take(request);
      if (this.#openRows.size === 0 && this.#changedStates.size === 0) {
        // Nothing would carry the number: marked all the same, it would be missed at the next start.
        this.#sequence--;
        this.#rollback.run();
        return { transactionMs: performance.now() - startedMs, syncMs: 0 };
      }
      for (const [group, open] of this.#openRows) this.#insertRow(group, open);
      for (const group of this.#changedStates) this.#writeHardState(group);
      const dropped = this.#deleteSome();
      this.#openRows.clear();
      this.#changedStates.clear();
      this.#commit.run();
      if (dropped !== null) this.#dropping.delete(dropped);
    } catch (error) {
      // SQLite rolls back by itself after some errors, such as a full disk.
      if (this.#database.inTransaction) this.#rollback.run();
      throw error;
    }
    const committedMs = performance.now();
    this.#wal.sync();
    const syncMs = performance.now() - committedMs;
    this.#mark.write(this.#sequence);
    return { transactionMs: committedMs - startedMs, syncMs };
  }

  close(): void {
    this.#mark.close();
    this.#wal.close();
    this.#database.close();
  }

  #take(request: WriteRequest): void {
    for (const { group, reset, cut, hardState, rows } of request.groups) {
      const state = this.#state(group);
      if (reset) this.#reset(group, state);
      if (cut !== null) this.#cut(group, state, cut);
      // Every group with entries has a hard state row, so that a missing one shows.
      if (hardState !== null || state.hardState === null) this.#changedStates.add(group);
      state.hardState = hardState ?? state.hardState ?? NO_HARD_STATE;
      for (const row of rows) {
        const entries = request.bytes.subarray(row.start, row.end);
        if (!this.#join(group, row.firstIndex, row.lastIndex, row.lastTerm, entries)) {
          this.#startRow(group, state, row.firstIndex, row.lastIndex, row.lastTerm, entries);
        }
        state.lastIndex = row.lastIndex;
      }
    }
  }

  #state(group: number): GroupState {
    let state = this.#groups.get(group);
    if (state === undefined) {
      state = { lastIndex: 0, hardState: null, snapshotIndex: 0, snapshotTerm: 0 };
      this.#groups.set(group, state);
    }
    return state;
  }

  /** Deletes a few rows of dropped entries. Returns the group that has no more of them, or null. */
  #deleteSome(): number | null {
    const [group] = this.#dropping;
    if (group === undefined) return null;
    const { snapshotIndex } = this.#state(group);
    const { changes } = this.#deleteDropped.run(group, group, snapshotIndex, snapshotIndex);
    return changes < DROPPED_ROWS_AT_ONCE ? group : null;
  }

  #reset(group: number, state: GroupState): void {
    this.#openRows.delete(group);
    this.#dropping.delete(group);
    this.#deleteFrom.run(group, 0, group);
    state.lastIndex = 0;
    state.snapshotIndex = 0;
    state.snapshotTerm = 0;
    this.#changedStates.add(group);
  }

  #cut(group: number, state: GroupState, { index, term, all }: LogCut): void {
    if (index <= state.snapshotIndex) return;
    state.snapshotIndex = index;
    state.snapshotTerm = term;
    this.#changedStates.add(group);
    this.#dropping.add(group);
    if (!all) return;
    this.#openRows.delete(group);
    // What remains for a while was dropped as the rest of it is: nobody asks for it, or takes it for the log.
    this.#deleteAfter.run(group, group, index);
    state.lastIndex = index;
  }

  /** Appends to the group's open row when that is what these entries follow and there is room. */
  #join(group: number, firstIndex: LogIndex, lastIndex: LogIndex, lastTerm: Term, entries: Uint8Array): boolean {
    const open = this.#openRows.get(group);
    if (open === undefined || firstIndex !== open.lastIndex + 1) return false;
    if (open.sizeBytes + entries.length > ROW_TARGET_BYTES) return false;
    open.lastIndex = lastIndex;
    open.lastTerm = lastTerm;
    open.sizeBytes += entries.length;
    open.parts.push(entries);
    return true;
  }

  #startRow(
    group: number,
    state: GroupState,
    firstIndex: LogIndex,
    lastIndex: LogIndex,
    lastTerm: Term,
    entries: Uint8Array,
  ): void {
    const open = this.#openRows.get(group);
    if (open !== undefined) this.#insertRow(group, open);
    if (firstIndex <= state.lastIndex) this.#truncate(group, firstIndex);
    this.#openRows.set(group, { firstIndex, lastIndex, lastTerm, sizeBytes: entries.length, parts: [entries] });
  }

  /** Removes entry `from` of the group and all after it. */
  #truncate(group: number, from: LogIndex): void {
    this.#deleteFrom.run(group, from, group);
    const raw = this.#lastBefore.get(group, group, from) as RawLogRow | undefined;
    if (raw === undefined) return;
    const row = checkedLogRow(raw);
    if (row.lastIndex < from) return;
    const kept = cutRow(row, from);
    this.#deleteFrom.run(group, row.firstIndex, group);
    if (kept !== undefined) this.#insertLogRow({ ...kept, sequence: this.#sequence });
  }

  #insertRow(group: number, { firstIndex, lastIndex, lastTerm, parts }: OpenRow): void {
    const entries = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
    this.#insertLogRow({ group, firstIndex, lastIndex, lastTerm, sequence: this.#sequence, entries });
  }

  #insertLogRow(row: LogRow): void {
    const { group, firstIndex, lastIndex, lastTerm, sequence, entries } = row;
    this.#insert.run(group, firstIndex, lastIndex, lastTerm, sequence, logRowChecksum(row), entries);
  }

  #writeHardState(group: number): void {
    const { snapshotIndex, snapshotTerm, hardState } = this.#state(group);
    if (hardState === null) return;
    const sequence = this.#sequence;
    const checksum = hardStateChecksum({ group, hardState, snapshotIndex, snapshotTerm, sequence });
    const { term, votedFor, commitIndex } = hardState;
    this.#putHardState.run(group, term, votedFor, commitIndex, snapshotIndex, snapshotTerm, sequence, checksum);
  }
}
