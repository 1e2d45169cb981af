import type Database from 'better-sqlite3';
import { encodeMembership } from '../codec/membership.ts';
import type { StateFacts } from '../types.ts';
import type { MemoryTable, TableWriter } from './memory-table.ts';
import { partitionValues, PUT_MEMBERSHIP, PUT_PARTITION } from './rows.ts';
import { SessionRecords } from './session-records.ts';
import type { SessionTable } from './sessions.ts';
import type { Slot } from './slot.ts';

/** A group on its way to the database: its facts are those of when its rows were frozen. */
interface Flush {
  readonly table: MemoryTable;
  readonly slots: readonly Slot[];
  next: number;
  readonly facts: StateFacts;
  /** Of entries that are no longer kept alive once this is through. */
  readonly entryBytes: number;
  readonly record: ReturnType<SessionTable['takeRecord']>;
}

/** A group is in the database as it was at `facts.appliedIndex`. */
export interface Flushed {
  readonly table: MemoryTable;
  readonly facts: StateFacts;
  readonly entryBytes: number;
  readonly changedKeys: number;
  /** About what was written. */
  readonly sizeBytes: number;
}

export interface FlushHooks {
  /** Before anything is written. */
  begins(): void;
  flushed(done: Flushed): void;
}

/**
 * Brings groups from memory to the database, one at a time: each in one transaction with its
 * applied index, so that after any crash the two agree. A transaction may stay open for a while,
 * and rows go into it a few at a time. What changes meanwhile is written first as it was: nothing
 * that was applied later is ever in the transaction.
 */
export class Flusher implements TableWriter {
  readonly #hooks: FlushHooks;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #putPartition: Database.Statement;
  readonly #putMembership: Database.Statement;
  readonly #sessionRecords: SessionRecords;
  #open: Flush | null = null;
  /** A table whose batch reads its rows in the database: everything goes there until the batch ends. */
  #through: MemoryTable | null = null;
  #changedKeys = 0;
  #sizeBytes = 0;

  constructor(database: Database.Database, hooks: FlushHooks) {
    this.#hooks = hooks;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#putPartition = database.prepare(PUT_PARTITION);
    this.#putMembership = database.prepare(PUT_MEMBERSHIP);
    this.#sessionRecords = new SessionRecords(database);
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Freezes the table as it is; its rows follow with `step`. None may be open. */
  start(table: MemoryTable): void {
    this.#beginTransaction();
    this.#take(table);
  }

  /** Rows that the flush under way may still have to write. */
  get rowsLeft(): number {
    return this.#open === null ? 0 : this.#open.slots.length - this.#open.next;
  }

  /** Writes up to so many rows, and commits when there are no more. Returns how many it wrote. */
  step(maxRows: number): number {
    const flush = this.#open;
    if (flush === null) return 0;
    const { slots } = flush;
    let written = 0;
    for (; flush.next < slots.length && written < maxRows; flush.next++) {
      const slot = slots[flush.next]!;
      // One that changed since was written then.
      if (!slot.isFrozen) continue;
      this.#write(flush.table, slot);
      written++;
    }
    if (flush.next === slots.length) this.#end(flush);
    return written;
  }

  /** Commits what is open. */
  finish(): void {
    this.step(Infinity);
  }

  /** Afterwards the database has all of the table. */
  flush(table: MemoryTable): void {
    this.finish();
    this.start(table);
    this.finish();
  }

  writeFrozen(slot: Slot): void {
    if (this.#open !== null) this.#write(this.#open.table, slot);
  }

  writeThrough(table: MemoryTable): void {
    if (this.#through === null) {
      this.finish();
      this.#beginTransaction();
      this.#through = table;
    }
    for (const slot of table.freeze()) this.#write(table, slot);
  }

  /** To be called after each batch of the table. */
  endBatch(table: MemoryTable): void {
    if (this.#through !== table) return;
    this.#through = null;
    this.#take(table);
    this.finish();
  }

  #beginTransaction(): void {
    this.#hooks.begins();
    this.#begin.run();
    this.#changedKeys = 0;
    this.#sizeBytes = 0;
  }

  #take(table: MemoryTable): void {
    const { unflushedBytes: entryBytes, sessions } = table;
    table.unflushedSince = null;
    table.unflushedBytes = 0;
    const slots = table.freeze();
    this.#open = { table, slots, next: 0, facts: table.facts(), entryBytes, record: sessions.takeRecord() };
  }

  #write(table: MemoryTable, slot: Slot): void {
    this.#changedKeys++;
    this.#sizeBytes += table.write(slot);
  }

  #end({ table, facts: frozen, entryBytes, record }: Flush): void {
    const { group, rowsChecksum } = table;
    const facts = { ...frozen, rowsChecksum };
    const { membership } = facts;
    this.#sizeBytes += this.#sessionRecords.write(group, facts.appliedIndex, record);
    this.#putPartition.run(...partitionValues(group, facts));
    if (membership !== null && membership !== table.storedMembership) {
      this.#putMembership.run(group, encodeMembership(membership));
    }
    this.#commit.run();
    table.storedMembership = membership;
    this.#open = null;
    this.#hooks.flushed({ table, facts, entryBytes, changedKeys: this.#changedKeys, sizeBytes: this.#sizeBytes });
  }
}
