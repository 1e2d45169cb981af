import fs from 'node:fs';
import Database from 'better-sqlite3';
import { SYSTEM_GROUP, type GroupId } from '../../config/ids.ts';
import { EntryType, type Entry, type LogIndex, type LogPoint, type Membership, type Term } from '../../raft/types.ts';
import { decodeCommand, type Command } from '../codec/command.ts';
import { CorruptDataError, StorageUsageError } from '../errors.ts';
import { checkIdentity, createIdentity, isNewDatabase, type StorageIdentity } from '../sqlite/identity.ts';
import { FileLock } from '../sqlite/lock.ts';
import { SizeLimit } from '../sqlite/size-limit.ts';
import { storageErrorOf, writeErrorOf } from '../sqlite/sqlite-errors.ts';
import type {
  KeyRevision,
  KvChange,
  KvRow,
  MutationResult,
  ReplicaDrops,
  ScanOptions,
  ScanPage,
  SnapshotSink,
  SnapshotSource,
  StateFacts,
  StateMachine,
} from '../types.ts';
import { applyCommand } from './apply.ts';
import { Checkpointer } from './checkpointer.ts';
import { connectState } from './connection.ts';
import { Drops } from './drops.ts';
import { FLUSH_LIMITS, Flusher, type Flushed, type FlushLimits } from './flusher.ts';
import { GroupTable } from './group-table.ts';
import { historyOf } from './history.ts';
import { HotRows } from './hot-rows.ts';
import { MemoryTable } from './memory-table.ts';
import { loadPartitions, loadRestoredPoints, loadSessions } from './recovery.ts';
import { createKvTable, EMPTY_PARTITION, kvTableName, MEMBERSHIP_SCHEMA, migrateState, STATE_SCHEMA } from './rows.ts';
import { SESSION_LIMITS, SessionTable, type SessionLimits } from './sessions.ts';
import { StagedRestore } from './snapshot-sink.ts';
import { openSnapshotSource } from './snapshot-source.ts';
import { Trash } from './trash.ts';

export interface StateOptions {
  /** The database; its companions (-wal, -shm, .lock) lie beside it. The directory must exist. */
  readonly file: string;
  readonly identity: StorageIdentity;
  /** Fault hook: what the database may grow to, as on a disk of that size; 0: no limit. Asked with each batch. */
  readonly sizeLimitBytes?: () => number;
  /** What every replica of a cluster must have alike; SESSION_LIMITS unless a test wants less. */
  readonly sessionLimits?: SessionLimits;
  /** FLUSH_LIMITS unless a test wants less. */
  readonly flushLimits?: FlushLimits;
}

/** Calls of `tidy` without anything applied in between, after which hot rows are forgotten: about half a minute. */
const IDLE_TIDIES = 500;

/** Rows that are flushed for each key that changes: a flush is over long before the next one is due. */
const ROWS_PER_CHANGE = 2;
/** Past so much more than the limit says, everything waits for the database. */
const MAX_EXCESS = 1.5;

/** Of a row of a snapshot, besides its key, value and history. */
const RESTORED_ROW_BYTES = 64;

const NO_RESULTS: readonly MutationResult[] = [];

/** About what rows of a snapshot take in the database: the key is in an index too. */
function restoredBytes(rows: readonly KvRow[]): number {
  return rows.reduce(
    (sum, { key, value, past }) => sum + 2 * key.length + value.length + past.length + RESTORED_ROW_BYTES,
    0,
  );
}

function adviceFor(file: string): string {
  return (
    `With the node stopped, move ${file} and ${file}-wal away and start the node again: it rebuilds them from its ` +
    'log. Where the log no longer reaches back so far, the node says so, and what to do then.'
  );
}

/**
 * Opens or creates the state machines of a node and checks the database's structure and
 * indexes. Throws CorruptStorageError, WrongOwnerError, UnknownFormatError,
 * StorageLockedError or StorageUnavailableError; each message says what to do.
 */
export function openStateMachine(options: StateOptions): StateMachine & ReplicaDrops {
  const { file, identity } = options;
  const advice = adviceFor(file);
  const lock = new FileLock(file);
  let database: Database.Database | undefined;
  try {
    database = connectState(file);
    if (isNewDatabase(database)) {
      const created = database;
      created.transaction(() => {
        createIdentity(created, 'state', identity);
        created.exec(STATE_SCHEMA);
      })();
    }
    checkIdentity(database, file, 'state', identity, advice, migrateState);
    database.exec(MEMBERSHIP_SCHEMA);
    // The full check and not quick_check: a damaged index would hide keys that are there.
    const found = database.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw new CorruptDataError(String(found).split('\n')[0] ?? 'its structure is broken');
    const trash = new Trash(database);
    database.pragma('wal_checkpoint(TRUNCATE)');
    return new SqliteStateMachine(options, database, lock, trash);
  } catch (error) {
    database?.close();
    lock.release();
    throw storageErrorOf(file, error, advice);
  }
}

class SqliteStateMachine implements StateMachine, ReplicaDrops {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #lock: FileLock;
  readonly #tables = new Map<GroupId, MemoryTable>();
  readonly #hot = new HotRows();
  readonly #flushLimits: FlushLimits;
  readonly #flusher: Flusher;
  /** Of entries that rows in memory may keep alive. */
  #unflushedBytes = 0;
  #tidies = 0;
  #idleTidies = 0;
  readonly #sessionLimits: SessionLimits;
  #lastChanges: readonly KvChange[] = [];
  readonly #restored: Map<GroupId, LogPoint>;
  /** As far as each group is in the database. */
  readonly #flushed = new Map<GroupId, LogIndex>();
  /** What of that was there when the last checkpoint that copied everything began. */
  readonly #durable = new Map<GroupId, LogIndex>();
  /** Up to where somebody waits for what. */
  readonly #wantedDurable = new Map<GroupId, LogIndex>();
  readonly #restores = new Map<GroupId, StagedRestore>();
  readonly #trash: Trash;
  readonly #drops: Drops;
  /** Since the present checkpoint began. */
  readonly #droppedMeanwhile = new Set<GroupId>();
  readonly #checkpointer: Checkpointer;
  readonly #sizeLimit: SizeLimit;
  readonly #sizeLimitBytes: () => number;
  /** Why no more may be applied: the database could not take what it was given, and is behind what memory holds. */
  #failure: Error | undefined;

  constructor(options: StateOptions, database: Database.Database, lock: FileLock, trash: Trash) {
    const { file } = options;
    this.#file = file;
    this.#sizeLimit = new SizeLimit(database);
    this.#sizeLimitBytes = options.sizeLimitBytes ?? (() => 0);
    this.#database = database;
    this.#lock = lock;
    this.#trash = trash;
    this.#drops = new Drops(database);
    this.#restored = loadRestoredPoints(database);
    this.#sessionLimits = options.sessionLimits ?? SESSION_LIMITS;
    this.#flushLimits = options.flushLimits ?? FLUSH_LIMITS;
    this.#flusher = new Flusher(database, {
      begins: () => this.#sizeLimit.set(this.#sizeLimitBytes()),
      flushed: (done) => this.#noteFlushed(done),
    });
    for (const [group, facts] of loadPartitions(database)) {
      this.#addTable(group, facts, loadSessions(database, group, facts, this.#sessionLimits));
      this.#durable.set(group, facts.appliedIndex);
    }
    this.#checkpointer = new Checkpointer(file, database, {
      begins: () => {
        this.#droppedMeanwhile.clear();
        return new Map(this.#flushed);
      },
      durable: (indexes) => {
        for (const [group, index] of indexes) {
          // What it counted is gone, and a replica that began anew counts from 0.
          if (this.#droppedMeanwhile.has(group)) continue;
          this.#durable.set(group, Math.max(index, this.#durable.get(group) ?? 0));
        }
      },
      failed: (error) => {
        this.#failure ??= writeErrorOf(file, 'CHECKPOINT', error.message);
      },
    });
  }

  appliedIndex(group: GroupId): LogIndex {
    return this.#tables.get(group)?.appliedIndex ?? 0;
  }

  sessionCount(group: GroupId): number {
    return this.#tables.get(group)?.sessions.count ?? 0;
  }

  keyCount(group: GroupId): number {
    return this.#tables.get(group)?.keyCount ?? 0;
  }

  membership(group: GroupId): Membership | null {
    return this.#tables.get(group)?.membership ?? null;
  }

  apply(group: GroupId, entries: readonly Entry[], membership?: Membership): readonly (readonly MutationResult[])[] {
    if (this.#failure !== undefined) throw this.#failure;
    const appliedIndex = this.appliedIndex(group);
    const commands = entries.map((entry, i) => commandOf(group, entry, appliedIndex + 1 + i));
    const last = entries.at(-1);
    this.#lastChanges = [];
    this.#idleTidies = 0;
    if (last === undefined) return [];
    return this.#writing(() => {
      const table = this.#table(group);
      table.changes = [];
      const results = commands.map((command) => (command === null ? NO_RESULTS : applyCommand(table, command)));
      table.appliedIndex = last.index;
      table.membership = membership ?? table.membership;
      table.unflushedSince ??= this.#tidies;
      for (const { data } of entries) {
        table.unflushedBytes += data.length;
        this.#unflushedBytes += data.length;
      }
      this.#flusher.endBatch(table);
      table.endBatch();
      // Who serves what, and who votes, is never older on disk than what was done because of it.
      if (membership !== undefined || group === SYSTEM_GROUP) this.#flusher.flush(table);
      this.#lastChanges = table.changes;
      this.#flushSome(table);
      return results;
    });
  }

  /** Goes on with the flush under way, or begins one when there is enough. */
  #flushSome(table: MemoryTable): void {
    const { maxRows, maxBytes, rowsAtOnce } = this.#flushLimits;
    const isFull = this.#unflushedBytes > maxBytes;
    if (table.dirtyCount > MAX_EXCESS * maxRows) this.#flusher.flush(table);
    if (this.#mayFlush() && (table.dirtyCount > maxRows || isFull)) {
      this.#flusher.start(isFull ? this.#largest() : table);
    }
    this.#flusher.step(Math.max(rowsAtOnce, ROWS_PER_CHANGE * table.changes.length));
    if (this.#unflushedBytes > MAX_EXCESS * maxBytes) this.#flusher.flush(this.#largest());
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

  #noteFlushed({ table, facts, entryBytes, changedKeys, sizeBytes }: Flushed): void {
    this.#unflushedBytes -= entryBytes;
    this.#flushed.set(table.group, facts.appliedIndex);
    this.#checkpointer.wrote(changedKeys, sizeBytes);
  }

  get(group: GroupId, key: Uint8Array): KvRow | undefined {
    return this.#read(() => this.#tables.get(group)?.get(key));
  }

  history(group: GroupId, key: Uint8Array): readonly KeyRevision[] {
    const row = this.#read(() => this.#tables.get(group)?.whole(key));
    return row === undefined ? [] : this.#read(() => historyOf(row));
  }

  lastChanges(): readonly KvChange[] {
    return this.#lastChanges;
  }

  nextDueMs(group: GroupId): number {
    return this.#tables.get(group)?.nextDueMs ?? Infinity;
  }

  revision(group: GroupId): number {
    return this.#tables.get(group)?.revision ?? 0;
  }

  scan(group: GroupId, options: ScanOptions): ScanPage {
    return this.#read(() => this.#tables.get(group)?.scan(options)) ?? { rows: [], more: false };
  }

  durableIndex(group: GroupId): LogIndex {
    return this.#durable.get(group) ?? 0;
  }

  makeDurable(group: GroupId, index: LogIndex): void {
    this.#wantedDurable.set(group, index);
  }

  openSnapshot(group: GroupId): SnapshotSource {
    const table = this.#tables.get(group);
    if (table !== undefined) this.#writing(() => this.#flusher.flush(table));
    const facts = table?.facts() ?? EMPTY_PARTITION;
    const sessions = table?.sessions.image() ?? new SessionTable(this.#sessionLimits).image();
    return openSnapshotSource(this.#file, group, facts, sessions, (error) => this.#describe(error));
  }

  beginRestore(group: GroupId, facts: StateFacts, term: Term): SnapshotSink {
    this.#restores.get(group)?.abort();
    const sessions = new SessionTable(this.#sessionLimits);
    const restore = this.#read(() => new StagedRestore(this.#database, group, facts, term, sessions));
    this.#restores.set(group, restore);
    return {
      write: (rows) => {
        // It may join the transaction of a flush: none of it counts before it is installed.
        this.#writing(() => {
          this.#sizeLimit.set(this.#sizeLimitBytes());
          restore.write(rows);
        });
        // They come in the order of their keys, so that many share a page.
        this.#checkpointer.wrote(0, restoredBytes(rows));
      },
      writeSessions: (bytes) => restore.writeSessions(bytes),
      install: () => this.#install(restore),
      abort: () => {
        if (this.#restores.get(group) === restore) this.#restores.delete(group);
        this.#read(() => restore.abort());
      },
    };
  }

  #install(restore: StagedRestore): boolean {
    const { group, facts, point } = restore;
    const trashNumber = this.#trash.nextNumber();
    let installed = false;
    this.#alone(() => (installed = restore.install(trashNumber)));
    this.#restores.delete(group);
    if (!installed) return false;
    this.#trash.add(trashNumber);
    this.#hot.clear();
    this.#unflushedBytes -= this.#tables.get(group)?.unflushedBytes ?? 0;
    this.#addTable(group, facts, restore.sessions);
    this.#restored.set(group, point);
    this.#durable.set(group, point.index);
    return true;
  }

  restoredPoint(group: GroupId): LogPoint | null {
    return this.#restored.get(group) ?? null;
  }

  givenUpAt(group: GroupId): LogPoint | null {
    return this.#drops.endOf(group);
  }

  beginDrop(group: GroupId, end: LogPoint): void {
    this.#alone(() => this.#drops.begin(group, end));
  }

  finishDrop(group: GroupId): void {
    this.#restores.get(group)?.abort();
    this.#restores.delete(group);
    const trashNumber = this.#trash.nextNumber();
    this.#alone(() => this.#drops.finish(group, trashNumber));
    this.#trash.add(trashNumber);
    this.#hot.clear();
    this.#unflushedBytes -= this.#tables.get(group)?.unflushedBytes ?? 0;
    this.#tables.delete(group);
    this.#flushed.delete(group);
    this.#wantedDurable.delete(group);
    this.#restored.delete(group);
    this.#durable.delete(group);
    this.#droppedMeanwhile.add(group);
  }

  dropsBegun(): readonly GroupId[] {
    return this.#drops.begun();
  }

  tidy(): void {
    this.#tidies++;
    if (++this.#idleTidies === IDLE_TIDIES) this.#hot.clear();
    if (this.#failure !== undefined) return;
    this.#writing(() => {
      const rows = this.#trash.empty();
      if (rows > 0) this.#checkpointer.wrote(rows, 0);
      this.#flushAged();
      this.#pursueDurability();
    });
  }

  /** Goes on with the flush under way, then with the groups that have waited long enough. */
  #flushAged(): void {
    const { maxTidies, rowsAtOnce } = this.#flushLimits;
    let left = rowsAtOnce;
    this.#flusher.step(rowsAtOnce);
    for (const table of this.#tables.values()) {
      if (!this.#mayFlush() || left <= 0) return;
      if (table.unflushedSince === null || this.#tidies - table.unflushedSince < maxTidies) continue;
      left -= 1 + table.dirtyCount;
      this.#flusher.start(table);
      this.#flusher.step(rowsAtOnce);
    }
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

  sizeBytes(): number {
    let size = 0;
    for (const suffix of ['', '-wal']) size += fs.statSync(this.#file + suffix, { throwIfNoEntry: false })?.size ?? 0;
    return size;
  }

  close(): void {
    if (!this.#database.open) return;
    try {
      for (const restore of this.#restores.values()) restore.abort();
      if (this.#failure === undefined) this.#flushAll();
    } catch {
      // What the disk does not take is in the log, and is applied again from there.
    }
    this.#checkpointer.close();
    this.#database.close();
    this.#lock.release();
  }

  #flushAll(): void {
    for (const table of this.#tables.values()) if (table.unflushedSince !== null) this.#flusher.flush(table);
    this.#flusher.finish();
  }

  #table(group: GroupId): MemoryTable {
    const table = this.#tables.get(group);
    if (table !== undefined) return table;
    createKvTable(this.#database, kvTableName(group));
    return this.#addTable(group, EMPTY_PARTITION, new SessionTable(this.#sessionLimits));
  }

  #addTable(group: GroupId, facts: StateFacts, sessions: SessionTable): MemoryTable {
    const stored = new GroupTable(this.#database, kvTableName(group));
    const table = new MemoryTable(group, stored, facts, sessions, this.#hot, this.#flusher);
    this.#tables.set(group, table);
    this.#flushed.set(group, facts.appliedIndex);
    return table;
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw this.#describe(error);
    }
  }

  /** As `read`, and nothing once the disk has failed: memory may be ahead of it in part of a batch. */
  #writing<Result>(write: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return write();
    } catch (error) {
      // SQLite rolls back by itself after some errors, such as a full disk.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      this.#failure = this.#describe(error);
      throw this.#failure;
    }
  }

  /** A transaction of its own: durable, where it asks for that. */
  #alone(write: () => void): void {
    this.#writing(() => {
      this.#flusher.finish();
      write();
    });
  }

  #describe(error: unknown): Error {
    if (error instanceof Database.SqliteError && /^SQLITE_(FULL|IOERR|READONLY)/.test(error.code)) {
      return writeErrorOf(this.#file, error.code, error.message);
    }
    return storageErrorOf(this.#file, error, adviceFor(this.#file));
  }
}

/** The command of an entry, or null when it has none. Throws for one out of order or malformed. */
function commandOf(group: GroupId, entry: Entry, expectedIndex: LogIndex): Command | null {
  if (entry.index !== expectedIndex) {
    throw new StorageUsageError(
      `entry ${entry.index} of group ${group} cannot be applied: the next one is ${expectedIndex}`,
    );
  }
  if (entry.type !== EntryType.Normal || entry.data.length === 0) return null;
  try {
    return decodeCommand(entry.data);
  } catch (error) {
    if (!(error instanceof CorruptDataError)) throw error;
    throw new CorruptDataError(`entry ${entry.index} of group ${group} cannot be applied: ${error.message}`, {
      cause: error,
    });
  }
}
