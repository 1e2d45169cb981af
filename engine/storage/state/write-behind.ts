import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { Entry, LogIndex } from '../../raft/types.ts';
import { Checkpointer } from './checkpointer.ts';
import { Flusher, type Flushed } from './flusher.ts';
import type { MemoryTable, TableWriter } from './memory-table.ts';

/** How much may be in memory alone, and for how long. */
export interface FlushLimits {
  /** Changed keys of one group; 0 writes all through. Their commit is one stall of the event loop. */
  readonly maxRows: number;
  /** Of entries that rows in memory keep alive, in all groups together. */
  readonly maxBytes: number;
  /** Calls of `StateMachine.tidy`: of some seconds, so that what is written often is stored seldom. */
  readonly maxTidies: number;
  /** Rows that one call of `tidy` owes at least to the flush under way: some hundred microseconds of work. */
  readonly rowsAtOnce: number;
}

export const FLUSH_LIMITS: FlushLimits = { maxRows: 4096, maxBytes: 32 * 1024 * 1024, maxTidies: 100, rowsAtOnce: 64 };

/** Rows that are flushed for each key that changes where there is too much: that flush is over long before the next one is due. */
const ROWS_PER_CHANGE = 2;
/** Rows of those owed that are written along with one batch, so that no call of `tidy` has many left to write. */
const ROWS_PER_BATCH = 8;
/** What a transaction costs besides its rows, in rows. */
const ROWS_PER_FLUSH = 8;
/** How much faster than they come rows are written, since a checkpoint has its time too. */
const PACE = 2;
/** Past so much more than the limit says, everything waits for the database. */
const MAX_EXCESS = 1.5;

export interface WriteBehindHooks {
  /** Before anything is written. */
  begins(): void;
  checkpointFailed(error: Error): void;
}

/**
 * Decides when what is applied in memory goes to the database (a group is due when it holds much,
 * or has waited long, or the log waits to be cut behind it), and knows up to where each group is
 * there, and durably there.
 */
export class WriteBehind {
  readonly #limits: FlushLimits;
  readonly #tables: ReadonlyMap<GroupId, MemoryTable>;
  readonly #flusher: Flusher;
  readonly #checkpointer: Checkpointer;
  /** Of entries that rows in memory may keep alive. */
  #unflushedBytes = 0;
  #tidies = 0;
  /** Rows to be written before the next call of `tidy` is over. */
  #owedRows = 0;
  /** As far as each group is in the database. */
  readonly #flushed = new Map<GroupId, LogIndex>();
  /** What of that was there when the last checkpoint that copied everything began. */
  readonly #durable = new Map<GroupId, LogIndex>();
  /** Up to where somebody waits for what. */
  readonly #wantedDurable = new Map<GroupId, LogIndex>();
  /** Since the present checkpoint began. */
  readonly #forgottenMeanwhile = new Set<GroupId>();

  /** `tables` are those of the state machine, which adds to them and takes away. */
  constructor(
    file: string,
    database: Database.Database,
    tables: ReadonlyMap<GroupId, MemoryTable>,
    limits: FlushLimits,
    hooks: WriteBehindHooks,
  ) {
    this.#limits = limits;
    this.#tables = tables;
    this.#flusher = new Flusher(database, {
      begins: () => hooks.begins(),
      flushed: (done) => this.#noteFlushed(done),
    });
    this.#checkpointer = new Checkpointer(file, database, {
      begins: () => {
        this.#forgottenMeanwhile.clear();
        return new Map(this.#flushed);
      },
      durable: (indexes) => this.#noteDurable(indexes),
      failed: (error) => hooks.checkpointFailed(error),
    });
  }

  /** Writes the rows of tables. */
  get writer(): TableWriter {
    return this.#flusher;
  }

  /** The database holds the group durably up to this index, and memory nothing besides. */
  stored(group: GroupId, index: LogIndex): void {
    this.#flushed.set(group, index);
    this.#durable.set(group, index);
  }

  /** The table no longer counts: the rows of its group come from elsewhere, or are gone. */
  discard(table: MemoryTable | undefined): void {
    this.#unflushedBytes -= table?.unflushedBytes ?? 0;
  }

  /** The group is gone. */
  forget(group: GroupId): void {
    this.#flushed.delete(group);
    this.#wantedDurable.delete(group);
    this.#durable.delete(group);
    this.#forgottenMeanwhile.add(group);
  }

  /** To be called after each batch of a table; with `now`, the database has all of it afterwards. */
  applied(table: MemoryTable, entries: readonly Entry[], now: boolean): void {
    table.unflushedSince ??= this.#tidies;
    for (const { data } of entries) {
      table.unflushedBytes += data.length;
      this.#unflushedBytes += data.length;
    }
    this.#flusher.endBatch(table);
    table.endBatch();
    if (now) this.#flusher.flush(table);
    this.#flushSome(table);
  }

  /** Goes on with the flush under way, or begins one when there is enough. */
  #flushSome(table: MemoryTable): void {
    const { maxRows, maxBytes } = this.#limits;
    const isFull = this.#unflushedBytes > maxBytes;
    const isDue = isFull || table.dirtyCount > maxRows;
    if (table.dirtyCount > MAX_EXCESS * maxRows) this.#flusher.flush(table);
    if (isDue && this.#mayFlush()) this.#flusher.start(isFull ? this.#largest() : table);
    this.#step(isDue ? ROWS_PER_CHANGE * table.changes.length : Math.min(ROWS_PER_BATCH, this.#owedRows));
    if (this.#unflushedBytes > MAX_EXCESS * maxBytes) this.#flusher.flush(this.#largest());
  }

  /** To be called regularly: what is due by its age, or waited for, goes on its way. */
  tidy(): void {
    this.#tidies++;
    this.#flushAged();
    this.#pursueDurability();
  }

  /**
   * Goes on with the flush under way, then with the groups that have waited long enough. All
   * that is in memory is spread over the time that it may stay there: groups that are written
   * to at the same rate are due at the same time, and on all nodes.
   */
  #flushAged(): void {
    const { maxTidies, rowsAtOnce } = this.#limits;
    this.#step(this.#owedRows);
    let rows = this.#flusher.rowsLeft;
    for (const table of this.#tables.values()) rows += table.dirtyCount;
    this.#owedRows = Math.max(rowsAtOnce, Math.ceil((PACE * rows) / Math.max(1, maxTidies)));
    for (const table of this.#tables.values()) {
      if (this.#owedRows <= 0 || !this.#mayFlush()) return;
      if (table.unflushedSince === null || this.#tidies - table.unflushedSince < maxTidies) continue;
      this.#flusher.start(table);
      this.#owedRows -= ROWS_PER_FLUSH;
      // Small ones are through at once, so that many of them do not wait for each other.
      this.#step(Math.min(Math.max(1, this.#owedRows), rowsAtOnce));
    }
  }

  #step(rows: number): void {
    this.#owedRows -= this.#flusher.step(rows);
  }

  /** Where the log waits to be cut, its group is flushed, and then a checkpoint made. */
  #pursueDurability(): void {
    for (const [group, index] of this.#wantedDurable) {
      const table = this.#tables.get(group);
      if (table === undefined || this.durableIndex(group) >= index) this.#wantedDurable.delete(group);
      else if ((this.#flushed.get(group) ?? 0) >= index) this.#checkpointer.begin();
      else if (this.#mayFlush()) this.#flusher.start(table);
    }
  }

  /** A checkpoint that nothing is added to comes to its end, and the write-ahead log starts anew. */
  #mayFlush(): boolean {
    return !this.#flusher.isOpen && !this.#checkpointer.isRunning;
  }

  /** The table that keeps most of the log alive. */
  #largest(): MemoryTable {
    return [...this.#tables.values()].reduce((most, table) =>
      table.unflushedBytes > most.unflushedBytes ? table : most,
    );
  }

  /** Afterwards the database has all of the table. */
  flush(table: MemoryTable): void {
    this.#flusher.flush(table);
  }

  flushAll(): void {
    for (const table of this.#tables.values()) if (table.unflushedSince !== null) this.#flusher.flush(table);
    this.#flusher.finish();
  }

  /** Commits what is open, so that a transaction of its own can follow. */
  finish(): void {
    this.#flusher.finish();
  }

  /** Others wrote to the database, which counts for when it is checkpointed. */
  wrote(changedRows: number, sizeBytes: number): void {
    this.#checkpointer.wrote(changedRows, sizeBytes);
  }

  durableIndex(group: GroupId): LogIndex {
    return this.#durable.get(group) ?? 0;
  }

  /** Asks that `durableIndex` reach this index some time. */
  makeDurable(group: GroupId, index: LogIndex): void {
    this.#wantedDurable.set(group, index);
  }

  /** Stops checkpoints; flushes nothing. */
  close(): void {
    this.#checkpointer.close();
  }

  #noteFlushed({ table, facts, entryBytes, changedKeys, sizeBytes }: Flushed): void {
    this.#unflushedBytes -= entryBytes;
    this.#flushed.set(table.group, facts.appliedIndex);
    this.#checkpointer.wrote(changedKeys, sizeBytes);
  }

  #noteDurable(indexes: ReadonlyMap<GroupId, LogIndex>): void {
    for (const [group, index] of indexes) {
      // What it counted is gone, and a replica that began anew counts from 0.
      if (this.#forgottenMeanwhile.has(group)) continue;
      this.#durable.set(group, Math.max(index, this.durableIndex(group)));
    }
  }
}
