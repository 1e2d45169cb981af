import { crc32 } from 'node:zlib';
import type Database from 'better-sqlite3';
import type { Membership } from '../../raft/types.ts';
import type { KvRow, KvRowMeta, ScanOptions, ScanPage, StateFacts } from '../types.ts';
import type { KvTable } from './apply.ts';
import { prefixEnd, scanStart } from './key-range.ts';
import type { SessionTable } from './sessions.ts';
import { checkedMeta, checkedRow, META_COLUMNS, metaChecksum, type RawMeta, type RawRow } from './rows.ts';

/** What a batch knows of one key: as it is in the database, then as the batch left it. */
interface Slot {
  /** The key's row in the database, or null when there is none. */
  readonly rowId: number | null;
  /** That row's checksum; 0 when there is none. */
  readonly checksum: number;
  meta: KvRowMeta | undefined;
  /** The value, once the batch has written it. */
  value: Uint8Array | null;
  changed: boolean;
}

const NO_VALUE = Buffer.alloc(0);

/** A table of keys whose statements are prepared once. */
export class GroupTable {
  readonly #meta: Database.Statement;
  readonly #row: Database.Statement;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #delete: Database.Statement;
  readonly #scanKeys: Database.Statement;
  readonly #scanRows: Database.Statement;

  /** The table must exist. */
  constructor(database: Database.Database, table: string) {
    const range = `FROM ${table} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`;
    this.#meta = database.prepare(`SELECT ${META_COLUMNS} FROM ${table} WHERE key = ?`).raw();
    this.#row = database.prepare(`SELECT ${META_COLUMNS}, value FROM ${table} WHERE key = ?`).raw();
    this.#insert = database.prepare(
      `INSERT INTO ${table} (key, revision, version, created_at_ms, updated_at_ms, value_size, value_checksum, checksum, value)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(
      `UPDATE ${table} SET revision = ?, version = ?, created_at_ms = ?, updated_at_ms = ?, value_size = ?,
         value_checksum = ?, checksum = ?, value = ? WHERE id = ?`,
    );
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE id = ?`);
    this.#scanKeys = database.prepare(`SELECT ${META_COLUMNS} ${range}`).raw();
    this.#scanRows = database.prepare(`SELECT ${META_COLUMNS}, value ${range}`).raw();
  }

  get(key: Uint8Array): KvRow | undefined {
    const raw = this.#row.get(key) as RawRow | undefined;
    return raw === undefined ? undefined : checkedRow(raw);
  }

  slot(key: Uint8Array): Slot {
    const raw = this.#meta.get(key) as RawMeta | undefined;
    return {
      rowId: raw === undefined ? null : raw[0],
      checksum: raw === undefined ? 0 : raw[8],
      meta: raw === undefined ? undefined : checkedMeta(raw),
      value: null,
      changed: false,
    };
  }

  scan(options: ScanOptions): ScanPage {
    const { prefix, after, limit, keysOnly, maxBytes } = options;
    const statement = keysOnly ? this.#scanKeys : this.#scanRows;
    const raws = statement.iterate(scanStart(prefix, after), prefixEnd(prefix), limit + 1);
    const rows: KvRow[] = [];
    let size = 0;
    for (const raw of raws as IterableIterator<RawMeta | RawRow>) {
      if (rows.length === limit) return { rows, more: true };
      const row = keysOnly ? { ...checkedMeta(raw), value: NO_VALUE } : checkedRow(raw as RawRow);
      size += row.value.length;
      if (size > maxBytes && rows.length > 0) return { rows, more: true };
      rows.push(row);
    }
    return { rows, more: false };
  }

  /** Brings the key's row to what the slot says. Returns its checksum and about how much that writes. */
  write({ rowId, meta, value }: Slot): { readonly checksum: number; readonly sizeBytes: number } {
    if (meta === undefined || value === null) {
      if (rowId !== null) this.#delete.run(rowId);
      return { checksum: 0, sizeBytes: 0 };
    }
    const { key, revision, version, createdAtMs, updatedAtMs, valueSizeBytes } = meta;
    const valueChecksum = crc32(value);
    const checksum = metaChecksum(meta, valueChecksum);
    if (rowId === null) {
      this.#insert.run(
        key,
        revision,
        version,
        createdAtMs,
        updatedAtMs,
        valueSizeBytes,
        valueChecksum,
        checksum,
        value,
      );
    } else {
      this.#update.run(
        revision,
        version,
        createdAtMs,
        updatedAtMs,
        valueSizeBytes,
        valueChecksum,
        checksum,
        value,
        rowId,
      );
    }
    return { checksum, sizeBytes: key.length + value.length };
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
  readonly #table: GroupTable;
  readonly #slots = new Map<string, Slot>();
  #revision: number;
  #keyCount: number;
  #timeMs: number;
  #rowsChecksum: number;
  readonly #membership: Membership | null;

  constructor(table: GroupTable, state: StateFacts, sessions: SessionTable) {
    this.#table = table;
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
    if (meta === undefined) return undefined;
    return value === null ? this.#table.get(key) : { ...meta, value };
  }

  put(row: KvRow): void {
    const slot = this.#slot(row.key);
    if (slot.meta === undefined) this.#keyCount++;
    slot.meta = row;
    slot.value = row.value;
    slot.changed = true;
  }

  delete(key: Uint8Array): void {
    const slot = this.#slot(key);
    if (slot.meta !== undefined) this.#keyCount--;
    slot.meta = undefined;
    slot.value = null;
    slot.changed = true;
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
    let changedKeys = 0;
    let sizeBytes = 0;
    for (const slot of this.#slots.values()) {
      if (!slot.changed) continue;
      changedKeys++;
      const written = this.#table.write(slot);
      sizeBytes += written.sizeBytes;
      this.#rowsChecksum = (this.#rowsChecksum - slot.checksum + written.checksum) >>> 0;
    }
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
    return { state, changedKeys, sizeBytes };
  }

  #slot(key: Uint8Array): Slot {
    const name = slotName(key);
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#table.slot(key);
      this.#slots.set(name, slot);
    }
    return slot;
  }
}
