import fs from 'node:fs';
import type Database from 'better-sqlite3';
import { SYSTEM_GROUP, type GroupId } from '../../config/ids.ts';
import { EntryType, type Entry, type LogIndex, type LogPoint, type Membership, type Term } from '../../raft/types.ts';
import { decodeCommand, type Command } from '../codec/command.ts';
import { CorruptDataError, StorageUsageError } from '../errors.ts';
import { checkIdentity, createIdentity, isNewDatabase, type StorageIdentity } from '../sqlite/identity.ts';
import { FileLock } from '../sqlite/lock.ts';
import { SizeLimit } from '../sqlite/size-limit.ts';
import { storageErrorOf } from '../sqlite/sqlite-errors.ts';
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
import { connectState } from './connection.ts';
import { Drops } from './drops.ts';
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
import { FLUSH_LIMITS, WriteBehind, type FlushLimits } from './write-behind.ts';
import { stateAdvice, WriteGuard } from './write-guard.ts';

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

/**
 * Opens or creates the state machines of a node and checks the database's structure and
 * indexes. Throws CorruptStorageError, WrongOwnerError, UnknownFormatError,
 * StorageLockedError or StorageUnavailableError; each message says what to do.
 */
export function openStateMachine(options: StateOptions): StateMachine & ReplicaDrops {
  const { file, identity } = options;
  const advice = stateAdvice(file);
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
  readonly #guard: WriteGuard;
  readonly #behind: WriteBehind;
  #idleTidies = 0;
  readonly #sessionLimits: SessionLimits;
  #lastChanges: readonly KvChange[] = [];
  readonly #restored: Map<GroupId, LogPoint>;
  readonly #restores = new Map<GroupId, StagedRestore>();
  readonly #trash: Trash;
  readonly #drops: Drops;
  readonly #sizeLimit: SizeLimit;
  readonly #sizeLimitBytes: () => number;

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
    this.#guard = new WriteGuard(file, database);
    this.#behind = new WriteBehind(file, database, this.#tables, options.flushLimits ?? FLUSH_LIMITS, {
      begins: () => this.#sizeLimit.set(this.#sizeLimitBytes()),
      checkpointFailed: (error) => this.#guard.checkpointFailed(error),
    });
    for (const [group, facts] of loadPartitions(database)) {
      this.#addTable(group, facts, loadSessions(database, group, facts, this.#sessionLimits));
    }
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
    this.#guard.check();
    const appliedIndex = this.appliedIndex(group);
    const commands = entries.map((entry, i) => commandOf(group, entry, appliedIndex + 1 + i));
    const last = entries.at(-1);
    this.#lastChanges = [];
    this.#idleTidies = 0;
    if (last === undefined) return [];
    return this.#guard.write(() => {
      const table = this.#table(group);
      table.changes = [];
      const results = commands.map((command) => (command === null ? NO_RESULTS : applyCommand(table, command)));
      table.appliedIndex = last.index;
      table.membership = membership ?? table.membership;
      // Who serves what, and who votes, is never older on disk than what was done because of it.
      this.#behind.applied(table, entries, membership !== undefined || group === SYSTEM_GROUP);
      this.#lastChanges = table.changes;
      return results;
    });
  }

  get(group: GroupId, key: Uint8Array): KvRow | undefined {
    return this.#guard.read(() => this.#tables.get(group)?.get(key));
  }

  history(group: GroupId, key: Uint8Array): readonly KeyRevision[] {
    const row = this.#guard.read(() => this.#tables.get(group)?.whole(key));
    return row === undefined ? [] : this.#guard.read(() => historyOf(row));
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
    return this.#guard.read(() => this.#tables.get(group)?.scan(options)) ?? { rows: [], more: false };
  }

  durableIndex(group: GroupId): LogIndex {
    return this.#behind.durableIndex(group);
  }

  makeDurable(group: GroupId, index: LogIndex): void {
    this.#behind.makeDurable(group, index);
  }

  openSnapshot(group: GroupId): SnapshotSource {
    const table = this.#tables.get(group);
    if (table !== undefined) this.#guard.write(() => this.#behind.flush(table));
    const facts = table?.facts() ?? EMPTY_PARTITION;
    const sessions = table?.sessions.image() ?? new SessionTable(this.#sessionLimits).image();
    return openSnapshotSource(this.#file, group, facts, sessions, (error) => this.#guard.describe(error));
  }

  beginRestore(group: GroupId, facts: StateFacts, term: Term): SnapshotSink {
    this.#restores.get(group)?.abort();
    const sessions = new SessionTable(this.#sessionLimits);
    const restore = this.#guard.read(() => new StagedRestore(this.#database, group, facts, term, sessions));
    this.#restores.set(group, restore);
    return {
      write: (rows) => {
        // It may join the transaction of a flush: none of it counts before it is installed.
        this.#guard.write(() => {
          this.#sizeLimit.set(this.#sizeLimitBytes());
          restore.write(rows);
        });
        // They come in the order of their keys, so that many share a page.
        this.#behind.wrote(0, restoredBytes(rows));
      },
      writeSessions: (bytes) => restore.writeSessions(bytes),
      install: () => this.#install(restore),
      abort: () => {
        if (this.#restores.get(group) === restore) this.#restores.delete(group);
        this.#guard.read(() => restore.abort());
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
    this.#behind.discard(this.#tables.get(group));
    this.#addTable(group, facts, restore.sessions);
    this.#restored.set(group, point);
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
    this.#behind.discard(this.#tables.get(group));
    this.#tables.delete(group);
    this.#restored.delete(group);
    this.#behind.forget(group);
  }

  dropsBegun(): readonly GroupId[] {
    return this.#drops.begun();
  }

  tidy(): void {
    if (++this.#idleTidies === IDLE_TIDIES) this.#hot.clear();
    if (this.#guard.hasFailed) return;
    this.#guard.write(() => {
      const rows = this.#trash.empty();
      if (rows > 0) this.#behind.wrote(rows, 0);
      this.#behind.tidy();
    });
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
      if (!this.#guard.hasFailed) this.#behind.flushAll();
    } catch {
      // What the disk does not take is in the log, and is applied again from there.
    }
    this.#behind.close();
    this.#database.close();
    this.#lock.release();
  }

  #table(group: GroupId): MemoryTable {
    const table = this.#tables.get(group);
    if (table !== undefined) return table;
    createKvTable(this.#database, kvTableName(group));
    return this.#addTable(group, EMPTY_PARTITION, new SessionTable(this.#sessionLimits));
  }

  #addTable(group: GroupId, facts: StateFacts, sessions: SessionTable): MemoryTable {
    const stored = new GroupTable(this.#database, kvTableName(group));
    const table = new MemoryTable(group, stored, facts, sessions, this.#hot, this.#behind.writer);
    this.#tables.set(group, table);
    this.#behind.stored(group, facts.appliedIndex);
    return table;
  }

  /** A transaction of its own: durable, where it asks for that. */
  #alone(write: () => void): void {
    this.#guard.write(() => {
      this.#behind.finish();
      write();
    });
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
