import type Database from 'better-sqlite3';
import { CorruptDataError } from '../errors.ts';
import type { KvRow, ScanOptions, ScanPage } from '../types.ts';
import { MAX_PAST_VALUE_BYTES } from './history.ts';
import { prefixEnd, scanStart } from './key-range.ts';
import { pageOf } from './page.ts';
import {
  checkedMeta,
  checkedPast,
  checkedRow,
  checkedValue,
  INSERT_COLUMNS,
  INSERT_VALUES,
  META_COLUMNS,
  rowValues,
  UPDATE_SET,
  type RawRow,
  type RawSlot,
} from './rows.ts';
import type { Slot } from './slot.ts';

const NOTHING = Buffer.alloc(0);

/** A table of keys whose statements are prepared once. */
export class GroupTable {
  /** Rows of keys that are gone. */
  goneCount: number;
  /** No row is due before this time; Infinity when none ever is. */
  nextDueMs = 0;
  readonly #slot: Database.Statement;
  readonly #row: Database.Statement;
  readonly #rowWithPast: Database.Statement;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #delete: Database.Statement;
  readonly #scanKeys: Database.Statement;
  readonly #scanRows: Database.Statement;
  readonly #scanAll: Database.Statement;
  readonly #dueKeys: Database.Statement;
  readonly #dueGone: Database.Statement;
  readonly #firstDue: Database.Statement;

  /** The table must exist. */
  constructor(database: Database.Database, table: string) {
    const range = `FROM ${table} WHERE key >= ? AND key < ?`;
    this.#slot = database
      .prepare(
        `SELECT ${META_COLUMNS}, CASE WHEN value_size <= ${MAX_PAST_VALUE_BYTES} THEN value END, past FROM ${table} WHERE key = ?`,
      )
      .raw();
    this.#row = database.prepare(`SELECT ${META_COLUMNS}, value FROM ${table} WHERE key = ? AND gone = 0`).raw();
    this.#rowWithPast = database.prepare(`SELECT ${META_COLUMNS}, value, past FROM ${table} WHERE key = ?`).raw();
    this.#insert = database.prepare(`INSERT INTO ${table} (${INSERT_COLUMNS}) VALUES ${INSERT_VALUES}`);
    this.#update = database.prepare(`UPDATE ${table} SET ${UPDATE_SET} WHERE id = ?`);
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.#scanKeys = database.prepare(`SELECT ${META_COLUMNS} ${range} AND gone = 0 ORDER BY key LIMIT ?`).raw();
    this.#scanRows = database.prepare(`SELECT ${META_COLUMNS}, value ${range} AND gone = 0 ORDER BY key LIMIT ?`).raw();
    this.#scanAll = database.prepare(`SELECT ${META_COLUMNS}, value, past ${range} ORDER BY key LIMIT ?`).raw();
    const order = 'ORDER BY expires_at_ms, revision LIMIT ?';
    this.#dueKeys = database
      .prepare(`SELECT key FROM ${table} WHERE expires_at_ms > 0 AND gone = 0 AND expires_at_ms <= ? ${order}`)
      .pluck();
    this.#dueGone = database.prepare(`SELECT key FROM ${table} WHERE gone > 0 AND expires_at_ms <= ? ${order}`).pluck();
    this.#firstDue = database.prepare(
      `SELECT (SELECT min(expires_at_ms) FROM ${table} WHERE expires_at_ms > 0 AND gone = 0) AS live,
              (SELECT min(expires_at_ms) FROM ${table} WHERE gone > 0) AS gone`,
    );
    this.goneCount = database.prepare(`SELECT count(*) FROM ${table} WHERE gone > 0`).pluck().get() as number;
    this.findNextDue();
  }

  /** As it is in the database. */
  findNextDue(): void {
    const { live, gone } = this.#firstDue.get() as { live: number | null; gone: number | null };
    this.nextDueMs = Math.min(live ?? Infinity, gone ?? Infinity);
  }

  /** Keys whose time has come, those first that were due first. */
  due(ofGone: boolean, timeMs: number, limit: number): Buffer[] {
    return (ofGone ? this.#dueGone : this.#dueKeys).all(Math.min(timeMs, Number.MAX_SAFE_INTEGER), limit) as Buffer[];
  }

  /** A key that is there, without its past. */
  get(key: Uint8Array): KvRow | undefined {
    const raw = this.#row.get(key) as RawRow | undefined;
    return raw === undefined ? undefined : { ...checkedMeta(raw), value: checkedValue(raw, raw[12]), past: NOTHING };
  }

  /** The row of a key, also of one that is gone. */
  whole(key: Uint8Array): KvRow | undefined {
    const raw = this.#rowWithPast.get(key) as RawRow | undefined;
    return raw === undefined ? undefined : checkedRow(raw);
  }

  /** A key as it is in the database. */
  slot(key: Uint8Array, name: string): Slot {
    const raw = this.#slot.get(key) as RawSlot | undefined;
    return {
      name,
      rowId: raw?.[0] ?? null,
      checksum: raw?.[8] ?? 0,
      meta: raw && checkedMeta(raw),
      value: raw === undefined || raw[12] === null ? null : checkedValue(raw, raw[12]),
      past: raw === undefined ? NOTHING : checkedPast(raw, raw[13]),
      replaced: [],
      isDirty: false,
      isFrozen: false,
      isOverwritten: false,
    };
  }

  /** Keys that are there. */
  scan(options: ScanOptions): ScanPage {
    return pageOf(this.iterate(options, options.limit + 1), options.limit, options.maxBytes);
  }

  /** The same one by one. Nothing else may use the database meanwhile. */
  *iterate({ prefix, after, keysOnly }: ScanOptions, limit: number): Generator<KvRow> {
    const statement = keysOnly ? this.#scanKeys : this.#scanRows;
    for (const raw of statement.iterate(scanStart(prefix, after), prefixEnd(prefix), limit)) {
      const row = raw as RawRow;
      yield { ...checkedMeta(row), value: keysOnly ? NOTHING : checkedValue(row, row[12]), past: NOTHING };
    }
  }

  /** All rows, whole: what a snapshot holds. */
  scanAll(after: Uint8Array, limit: number, maxBytes: number): ScanPage {
    return pageOf(this.#iterateAll(after, limit + 1), limit, maxBytes);
  }

  *#iterateAll(after: Uint8Array, limit: number): Generator<KvRow> {
    for (const raw of this.#scanAll.iterate(scanStart(NOTHING, after), prefixEnd(NOTHING), limit)) {
      yield checkedRow(raw as RawRow);
    }
  }

  /**
   * Brings the key's row to what the slot says, with this history. Returns how that changes the
   * sum of checksums, and about how much it writes.
   */
  write(slot: Slot, past: Uint8Array): { readonly checksumChange: number; readonly sizeBytes: number } {
    const { rowId, meta, value, checksum: before } = slot;
    slot.checksum = 0;
    if (meta === undefined || value === null) {
      if (rowId !== null) this.#delete.run(rowId);
      slot.rowId = null;
      return { checksumChange: -before, sizeBytes: 0 };
    }
    const { checksum, values } = rowValues({ ...meta, value, past });
    if (rowId === null) slot.rowId = this.#insert.run(meta.key, ...values).lastInsertRowid;
    else if (this.#update.run(...values, rowId).changes !== 1) {
      throw new CorruptDataError('a row that was to be replaced is not there');
    }
    slot.checksum = checksum;
    return { checksumChange: checksum - before, sizeBytes: meta.key.length + value.length + past.length };
  }
}
