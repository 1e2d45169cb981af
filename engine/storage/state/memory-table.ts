import type { GroupId } from '../../config/ids.ts';
import type { Membership } from '../../raft/types.ts';
import { Gone, type KvChange, type KvRow, type KvRowMeta, type ScanOptions, type ScanPage } from '../types.ts';
import type { StateFacts } from '../types.ts';
import type { KvTable } from './apply.ts';
import type { GroupTable } from './group-table.ts';
import { MAX_PAST_VALUE_BYTES } from './history.ts';
import type { HotRows } from './hot-rows.ts';
import { prefixEnd, scanStart } from './key-range.ts';
import { pageOf } from './page.ts';
import type { SessionTable } from './sessions.ts';
import { changeSlot, clearSlot, historyBytes, rowOf, type Slot } from './slot.ts';

/** What writes a table's rows to the database; see flusher.ts. */
export interface TableWriter {
  /** This one row now: it is about to change, and the flush under way wants it as it is. */
  writeFrozen(slot: Slot): void;
  /** Everything of the table that is not in the database, in a transaction that the end of the batch commits. */
  writeThrough(table: MemoryTable): void;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * The keys of one partition: what was applied of late is in memory, the rest in the database.
 * Keys that are written again and again reach the database once for many writes.
 */
export class MemoryTable implements KvTable {
  readonly group: GroupId;
  readonly stored: GroupTable;
  readonly sessions: SessionTable;
  /** Rows as the batch left them each time, in order. */
  changes: KvChange[] = [];
  appliedIndex: number;
  revision: number;
  keyCount: number;
  timeMs: number;
  membership: Membership | null;
  /** The one in the database. */
  storedMembership: Membership | null;
  /** Of the rows in the database. */
  rowsChecksum: number;
  /** Bytes of entries that were applied since the last flush began: rows in memory may keep them all alive. */
  unflushedBytes = 0;
  /** Since when, in calls of `StateMachine.tidy`, something is not in the database; null while nothing is. */
  unflushedSince: number | null = null;
  readonly #hot: HotRows;
  readonly #writer: TableWriter;
  readonly #slots = new Map<string, Slot>();
  #dirty: Slot[] = [];
  /** Read by this batch and not changed so far. */
  #looked: Slot[] = [];
  /** What `#slot` was asked for last, until the batch ends: a change looks at its key more than once. */
  #lastKey: Uint8Array | null = null;
  #lastSlot: Slot | null = null;

  constructor(
    group: GroupId,
    stored: GroupTable,
    facts: StateFacts,
    sessions: SessionTable,
    hot: HotRows,
    writer: TableWriter,
  ) {
    this.group = group;
    this.stored = stored;
    this.sessions = sessions;
    this.appliedIndex = facts.appliedIndex;
    this.revision = facts.revision;
    this.keyCount = facts.keyCount;
    this.timeMs = facts.timeMs;
    this.membership = facts.membership;
    this.storedMembership = facts.membership;
    this.rowsChecksum = facts.rowsChecksum;
    this.#hot = hot;
    this.#writer = writer;
  }

  /** `rowsChecksum` is that of the database: it belongs to these facts only where nothing is unflushed. */
  facts(): StateFacts {
    const { appliedIndex, revision, keyCount, timeMs, rowsChecksum, sessions, membership } = this;
    return {
      appliedIndex,
      revision,
      keyCount,
      timeMs,
      rowsChecksum,
      sessionsOpened: sessions.opened,
      sessionsChecksum: sessions.checksum,
      membership,
    };
  }

  /** Changed keys that no flush has taken yet. */
  get dirtyCount(): number {
    return this.#dirty.length;
  }

  meta(key: Uint8Array): KvRowMeta | undefined {
    return this.#slot(key).meta;
  }

  get(key: Uint8Array): KvRow | undefined {
    const known = this.#known(key);
    return known === undefined ? this.stored.get(key) : rowOf(known);
  }

  /** The row of a key with its past, also of one that is gone. */
  whole(key: Uint8Array): KvRow | undefined {
    const known = this.#known(key);
    if (known === undefined) return this.stored.whole(key);
    const { meta, value } = known;
    return meta === undefined || value === null ? undefined : { ...meta, value, past: historyBytes(known) };
  }

  /** Keys that are there. */
  scan(options: ScanOptions): ScanPage {
    const fresh = this.#freshSlots(nameOf(scanStart(options.prefix, options.after)), nameOf(prefixEnd(options.prefix)));
    if (fresh.length === 0) return this.stored.scan(options);
    // Each of them may stand for a row of the database that is not to be shown.
    const rows = merged(this.stored.iterate(options, options.limit + fresh.length + 1), fresh, options.keysOnly);
    return pageOf(rows, options.limit, options.maxBytes);
  }

  put(row: KvChange): void {
    const slot = this.#slot(row.key);
    this.#count(slot.meta, -1);
    this.#count(row, 1);
    this.#touch(slot);
    changeSlot(slot, row);
    if (row.expiresAtMs > 0) this.stored.nextDueMs = Math.min(this.stored.nextDueMs, row.expiresAtMs);
    this.changes.push(row);
  }

  forget(key: Uint8Array): void {
    const slot = this.#slot(key);
    this.#count(slot.meta, -1);
    this.#touch(slot);
    clearSlot(slot);
  }

  get goneCount(): number {
    return this.stored.goneCount;
  }

  get nextDueMs(): number {
    return this.stored.nextDueMs;
  }

  due(ofGone: boolean, timeMs: number, limit: number): readonly Uint8Array[] {
    this.#writer.writeThrough(this);
    return this.stored.due(ofGone, timeMs, limit);
  }

  findNextDue(): void {
    this.#writer.writeThrough(this);
    this.stored.findNextDue();
  }

  nextRevision(): number {
    return ++this.revision;
  }

  advanceTime(timeMs: number): number {
    this.timeMs = Math.max(this.timeMs, timeMs);
    return this.timeMs;
  }

  /** To be called after each batch: what was only looked at need not stay. */
  endBatch(): void {
    for (const slot of this.#looked) {
      if (!slot.isDirty && !slot.isFrozen) this.#slots.delete(slot.name);
    }
    this.#looked = [];
    this.#lastKey = null;
    this.#lastSlot = null;
  }

  /** The changed keys, which belong to the caller's flush from now on: in the order of the database, where they have one. */
  freeze(): readonly Slot[] {
    const frozen = this.#dirty;
    this.#dirty = [];
    for (const slot of frozen) {
      slot.isDirty = false;
      slot.isFrozen = true;
    }
    return frozen.sort((a, b) => Number(a.rowId ?? Infinity) - Number(b.rowId ?? Infinity) || 0);
  }

  /** Brings a frozen slot's row to the database. Returns about how much it writes. */
  write(slot: Slot): number {
    const past = slot.meta === undefined ? NOTHING : historyBytes(slot);
    const { checksumChange, sizeBytes } = this.stored.write(slot, past);
    this.rowsChecksum = (this.rowsChecksum + checksumChange) >>> 0;
    slot.isFrozen = false;
    if (!slot.isDirty) this.#release(slot);
    return sizeBytes;
  }

  /** Keys that were overwritten will be again. Nothing that is kept is a view of an entry, which would stay with it. */
  #release(slot: Slot): void {
    const { name, rowId, checksum, meta, value, past, isOverwritten } = slot;
    this.#slots.delete(name);
    if (slot === this.#lastSlot) this.#lastSlot = null;
    if (rowId === null || meta === undefined) {
      this.#hot.forget(this, name);
    } else if (isOverwritten) {
      const { revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs, gone } = meta;
      const kept = { revision, version, createdAtMs, updatedAtMs, valueSizeBytes, expiresAtMs, gone };
      this.#hot.keep(this, name, { rowId, checksum, meta: kept, value: keptValue(value), past });
    }
  }

  #touch(slot: Slot): void {
    if (slot.isFrozen) {
      this.#writer.writeFrozen(slot);
      // Written, it is released; and it stays after all.
      this.#slots.set(slot.name, slot);
    }
    if (slot.isDirty) return;
    slot.isDirty = true;
    this.#dirty.push(slot);
  }

  #count(meta: KvRowMeta | undefined, by: number): void {
    if (meta === undefined) return;
    if (meta.gone === Gone.No) this.keyCount += by;
    else this.stored.goneCount += by;
  }

  #slot(key: Uint8Array): Slot {
    if (key === this.#lastKey && this.#lastSlot !== null) return this.#lastSlot;
    const name = nameOf(key);
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = this.#hotSlot(key, name) ?? this.stored.slot(key, name);
      this.#slots.set(name, slot);
      this.#looked.push(slot);
    }
    this.#lastKey = key;
    this.#lastSlot = slot;
    return slot;
  }

  /** A key as memory has it; undefined where only the database can say. */
  #known(key: Uint8Array): Slot | undefined {
    const name = nameOf(key);
    const slot = this.#slots.get(name) ?? this.#hotSlot(key, name);
    return slot === undefined || isElsewhere(slot) ? undefined : slot;
  }

  #hotSlot(key: Uint8Array, name: string): Slot | undefined {
    const row = this.#hot.find(this, name);
    if (row === undefined) return undefined;
    const { rowId, checksum, meta, value, past } = row;
    return {
      name,
      rowId,
      checksum,
      meta: { key, ...meta },
      value,
      past,
      replaced: [],
      isDirty: false,
      isFrozen: false,
      isOverwritten: false,
    };
  }

  /** Those that are not in the database as they are, with names from `start` on and before `end`, in key order. */
  #freshSlots(start: string, end: string): Slot[] {
    const fresh: Slot[] = [];
    for (const slot of this.#slots.values()) {
      if ((slot.isDirty || slot.isFrozen) && slot.name >= start && slot.name < end) fresh.push(slot);
    }
    return fresh.sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** Whether only the database has its value. */
function isElsewhere({ meta, value }: Slot): boolean {
  return meta !== undefined && value === null;
}

/** A copy of what a history would keep, and not from Buffer's pool: a view would keep what it is a view of. */
function keptValue(value: Uint8Array | null): Uint8Array | null {
  if (value === null || value.length > MAX_PAST_VALUE_BYTES) return null;
  const copy = Buffer.allocUnsafeSlow(value.length);
  copy.set(value);
  return copy;
}

/** Both in key order; of a key that both have, the one in memory. */
function* merged(stored: Iterable<KvRow>, fresh: readonly Slot[], keysOnly: boolean): Generator<KvRow> {
  let at = 0;
  function* freshBefore(name: string | null): Generator<KvRow> {
    for (; at < fresh.length; at++) {
      const slot = fresh[at]!;
      if (name !== null && slot.name >= name) return;
      const row = rowOf(slot);
      if (row !== undefined) yield keysOnly ? { ...row, value: NOTHING } : row;
    }
  }
  for (const row of stored) {
    const name = nameOf(row.key);
    yield* freshBefore(name);
    if (fresh[at]?.name !== name) yield row;
  }
  yield* freshBefore(null);
}

/** A key as a string of as many characters: a Map finds it, and it sorts as the bytes do. */
function nameOf(key: Uint8Array): string {
  const buffer = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return buffer.toString('latin1');
}
