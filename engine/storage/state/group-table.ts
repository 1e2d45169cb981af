import type Database from 'better-sqlite3';
import type { Membership } from '../../raft/types.ts';
import { CorruptDataError } from '../errors.ts';
import { Gone, type KvRow, type KvRowMeta, type ScanOptions, type ScanPage, type StateFacts } from '../types.ts';
import type { KvTable } from './apply.ts';
import { MAX_PAST_VALUE_BYTES, pastAfter, type Former } from './history.ts';
import type { HotRows } from './hot-rows.ts';
import { prefixEnd, scanStart } from './key-range.ts';
import type { SessionTable } from './sessions.ts';
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
  type RawMeta,
  type RawRow,
  type RawSlot,
} from './rows.ts';

/** What a batch knows of one key: as it is in the database, then as the batch left it. */
interface Slot {
  /** The key's row in the database, or null when there is none. */
  rowId: number | bigint | null;
  /** That row's checksum; 0 when there is none. */
  checksum: number;
  meta: KvRowMeta | undefined;
  /** Null when it is large and was not changed: then it is in the database alone. */
  value: Uint8Array | null;
  past: Uint8Array;
  /** The history once this row is replaced; where it is known, value and past were not read. */
  pastAfter: Uint8Array | undefined;
  changed: boolean;
  /** There was a row before the batch. */
  readonly isOverwrite: boolean;
}

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

  slot(key: Uint8Array): Slot {
    const raw = this.#slot.get(key) as RawSlot | undefined;
    if (raw === undefined) {
      const unknown = { value: null, past: NOTHING, pastAfter: undefined };
      return { rowId: null, checksum: 0, meta: undefined, ...unknown, changed: false, isOverwrite: false };
    }
    const value = raw[12] === null ? null : checkedValue(raw, raw[12]);
    return {
      rowId: raw[0],
      checksum: raw[8],
      meta: checkedMeta(raw),
      value,
      past: checkedPast(raw, raw[13]),
      pastAfter: undefined,
      changed: false,
      isOverwrite: true,
    };
  }

  /** Keys that are there. */
  scan(options: ScanOptions): ScanPage {
    const { keysOnly } = options;
    return this.#page(keysOnly ? this.#scanKeys : this.#scanRows, options, (raw) => ({
      ...checkedMeta(raw),
      value: keysOnly ? NOTHING : checkedValue(raw, (raw as RawRow)[12]),
      past: NOTHING,
    }));
  }

  /** All rows, whole: what a snapshot holds. */
  scanAll(after: Uint8Array, limit: number, maxBytes: number): ScanPage {
    const options = { prefix: NOTHING, after, limit, keysOnly: false, maxBytes };
    return this.#page(this.#scanAll, options, (raw) => checkedRow(raw as RawRow));
  }

  #page(
    statement: Database.Statement,
    { prefix, after, limit, maxBytes }: ScanOptions,
    rowOf: (raw: RawMeta | RawRow) => KvRow,
  ): ScanPage {
    const raws = statement.iterate(scanStart(prefix, after), prefixEnd(prefix), limit + 1);
    const rows: KvRow[] = [];
    let size = 0;
    for (const raw of raws as IterableIterator<RawMeta | RawRow>) {
      if (rows.length === limit) return { rows, more: true };
      const row = rowOf(raw);
      size += row.value.length + row.past.length;
      if (size > maxBytes && rows.length > 0) return { rows, more: true };
      rows.push(row);
    }
    return { rows, more: false };
  }

  /** Brings the key's row to what the slot says. Returns how that changes the sum of checksums, and about how much it writes. */
  write(slot: Slot): { readonly checksumChange: number; readonly sizeBytes: number } {
    const { rowId, meta, value, past, checksum: before } = slot;
    slot.changed = false;
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

function slotName(key: Uint8Array): string {
  const buffer = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return buffer.toString('latin1');
}

/**
 * One batch on its way into a table: reads see what the batch wrote, and nothing reaches
 * the database before `flush`, which writes each key once however often it changed.
 */
export class TableBatch implements KvTable {
  readonly sessions: SessionTable;
  /** Rows as the batch left them each time, in order. */
  readonly changes: KvRow[] = [];
  readonly #table: GroupTable;
  readonly #hot: HotRows;
  readonly #slots = new Map<string, Slot>();
  #revision: number;
  #keyCount: number;
  #timeMs: number;
  #rowsChecksum: number;
  #changedKeys = 0;
  #sizeBytes = 0;
  readonly #membership: Membership | null;

  constructor(table: GroupTable, state: StateFacts, sessions: SessionTable, hot: HotRows) {
    this.#table = table;
    this.#hot = hot;
    this.sessions = sessions;
    this.#revision = state.revision;
    this.#keyCount = state.keyCount;
    this.#timeMs = state.timeMs;
    this.#rowsChecksum = state.rowsChecksum;
    this.#membership = state.membership;
  }

  meta(key: Uint8Array): KvRowMeta | undefined {
    return this.#slot(key).meta;
  }

  get(key: Uint8Array): KvRow | undefined {
    const { meta, value } = this.#slot(key);
    if (meta === undefined || meta.gone !== Gone.No) return undefined;
    return value === null ? this.#table.get(key) : { ...meta, value, past: NOTHING };
  }

  former(key: Uint8Array): Former | undefined {
    const { meta, value, past, pastAfter: known } = this.#slot(key);
    return meta === undefined ? undefined : { meta, value, past, pastAfter: known };
  }

  put(row: KvRow): void {
    const slot = this.#slot(row.key);
    this.#count(slot.meta, -1);
    this.#count(row, 1);
    slot.meta = row;
    slot.value = row.value;
    slot.past = row.past;
    slot.pastAfter = undefined;
    slot.changed = true;
    if (row.expiresAtMs > 0) this.#table.nextDueMs = Math.min(this.#table.nextDueMs, row.expiresAtMs);
    this.changes.push(row);
  }

  forget(key: Uint8Array): void {
    const slot = this.#slot(key);
    this.#count(slot.meta, -1);
    slot.meta = undefined;
    slot.value = null;
    slot.past = NOTHING;
    slot.pastAfter = undefined;
    slot.changed = true;
  }

  get goneCount(): number {
    return this.#table.goneCount;
  }

  get nextDueMs(): number {
    return this.#table.nextDueMs;
  }

  due(ofGone: boolean, timeMs: number, limit: number): readonly Uint8Array[] {
    this.#writeSlots();
    return this.#table.due(ofGone, timeMs, limit);
  }

  findNextDue(): void {
    this.#writeSlots();
    this.#table.findNextDue();
  }

  #count(meta: KvRowMeta | undefined, by: number): void {
    if (meta === undefined) return;
    if (meta.gone === Gone.No) this.#keyCount += by;
    else this.#table.goneCount += by;
  }

  nextRevision(): number {
    return ++this.#revision;
  }

  advanceTime(timeMs: number): number {
    this.#timeMs = Math.max(this.#timeMs, timeMs);
    return this.#timeMs;
  }

  /** Writes the changed keys. Returns what the group comes to, and about how many bytes were written. */
  flush(
    appliedIndex: number,
    membership = this.#membership,
  ): { state: StateFacts; changedKeys: number; sizeBytes: number } {
    this.#writeSlots();
    const state = {
      appliedIndex,
      revision: this.#revision,
      keyCount: this.#keyCount,
      timeMs: this.#timeMs,
      rowsChecksum: this.#rowsChecksum,
      sessionsOpened: this.sessions.opened,
      sessionsChecksum: this.sessions.checksum,
      membership,
    };
    return { state, changedKeys: this.#changedKeys, sizeBytes: this.#sizeBytes };
  }

  #writeSlots(): void {
    for (const slot of this.#slots.values()) {
      if (!slot.changed) continue;
      const { checksumChange, sizeBytes } = this.#table.write(slot);
      this.#changedKeys++;
      this.#sizeBytes += sizeBytes;
      this.#rowsChecksum = (this.#rowsChecksum + checksumChange) >>> 0;
    }
  }

  /**
   * To be called once what was flushed is committed, and not if it failed. Keys that were
   * overwritten will be again. Nothing that is kept is a view of an entry, which would stay with it.
   */
  keepHot(): void {
    for (const [name, slot] of this.#slots) {
      const { rowId, checksum, meta, value, past, isOverwrite } = slot;
      if (!isOverwrite || slot.pastAfter !== undefined) continue;
      if (rowId === null || meta === undefined) {
        this.#hot.forget(this.#table, name);
        continue;
      }
      const { revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs, gone } = meta;
      const kept = { revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs, gone };
      const row = { rowId, checksum, meta: kept, pastAfter: pastAfter({ meta, value, past }) };
      this.#hot.keep(this.#table, name, row);
    }
  }

  #slot(key: Uint8Array): Slot {
    const name = slotName(key);
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#hotSlot(key, name) ?? this.#table.slot(key);
      this.#slots.set(name, slot);
    }
    return slot;
  }

  #hotSlot(key: Uint8Array, name: string): Slot | undefined {
    const row = this.#hot.find(this.#table, name);
    if (row === undefined) return undefined;
    const { rowId, checksum, meta, pastAfter: known } = row;
    const unread = { value: null, past: NOTHING, pastAfter: known };
    return { rowId, checksum, meta: { key, ...meta }, ...unread, changed: false, isOverwrite: true };
  }
}
