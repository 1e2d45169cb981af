import fs from 'node:fs';
import Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import { EntryType, type Entry, type LogIndex, type LogPoint, type Membership, type Term } from '../../raft/types.ts';
import { decodeCommand, type Command } from '../codec/command.ts';
import { encodeMembership } from '../codec/membership.ts';
import { CorruptDataError, StorageUsageError, type StorageWriteError } from '../errors.ts';
import { checkIdentity, createIdentity, isNewDatabase, type StorageIdentity } from '../sqlite/identity.ts';
import { FileLock } from '../sqlite/lock.ts';
import { SizeLimit } from '../sqlite/size-limit.ts';
import { storageErrorOf, writeErrorOf } from '../sqlite/sqlite-errors.ts';
import type {
  KeyRevision,
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
import { GroupTable, TableBatch } from './group-table.ts';
import { historyOf } from './history.ts';
import { HotRows } from './hot-rows.ts';
import { loadPartitions, loadRestoredPoints, loadSessions } from './recovery.ts';
import {
  EMPTY_PARTITION,
  createKvTable,
  kvTableName,
  MEMBERSHIP_SCHEMA,
  migrateState,
  partitionValues,
  PUT_MEMBERSHIP,
  PUT_PARTITION,
  STATE_SCHEMA,
} from './rows.ts';
import { SessionRecords } from './session-records.ts';
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
}

/** Calls of `tidy` without anything applied in between, after which hot rows are forgotten: about half a minute. */
const IDLE_TIDIES = 500;

const NO_RESULTS: readonly MutationResult[] = [];

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
  readonly #partitions: Map<GroupId, StateFacts>;
  readonly #tables = new Map<GroupId, GroupTable>();
  readonly #sessions = new Map<GroupId, SessionTable>();
  readonly #hot = new HotRows();
  #idleTidies = 0;
  readonly #sessionLimits: SessionLimits;
  readonly #sessionRecords: SessionRecords;
  #lastChanges: readonly KvRow[] = [];
  readonly #restored: Map<GroupId, LogPoint>;
  /** What was applied when the last checkpoint that copied everything began. */
  readonly #durable = new Map<GroupId, LogIndex>();
  readonly #restores = new Map<GroupId, StagedRestore>();
  readonly #trash: Trash;
  readonly #drops: Drops;
  /** Since the present checkpoint began. */
  readonly #droppedMeanwhile = new Set<GroupId>();
  readonly #checkpointer: Checkpointer;
  readonly #sizeLimit: SizeLimit;
  readonly #sizeLimitBytes: () => number;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #putPartition: Database.Statement;
  readonly #putMembership: Database.Statement;
  /** Why no more may be applied: the disk could not take back what the write-ahead log holds. */
  #failure: StorageWriteError | undefined;

  constructor(options: StateOptions, database: Database.Database, lock: FileLock, trash: Trash) {
    const { file } = options;
    this.#file = file;
    this.#sizeLimit = new SizeLimit(database);
    this.#sizeLimitBytes = options.sizeLimitBytes ?? (() => 0);
    this.#database = database;
    this.#lock = lock;
    this.#trash = trash;
    this.#drops = new Drops(database);
    this.#partitions = loadPartitions(database);
    this.#restored = loadRestoredPoints(database);
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#putPartition = database.prepare(PUT_PARTITION);
    this.#putMembership = database.prepare(PUT_MEMBERSHIP);
    this.#sessionLimits = options.sessionLimits ?? SESSION_LIMITS;
    this.#sessionRecords = new SessionRecords(database);
    for (const [group, state] of this.#partitions) {
      this.#tables.set(group, new GroupTable(database, kvTableName(group)));
      this.#sessions.set(group, loadSessions(database, group, state, this.#sessionLimits));
      this.#durable.set(group, state.appliedIndex);
    }
    this.#checkpointer = new Checkpointer(file, database, {
      begins: () => {
        this.#droppedMeanwhile.clear();
        return new Map(Array.from(this.#partitions, ([group, { appliedIndex }]) => [group, appliedIndex]));
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
    return this.#partition(group).appliedIndex;
  }

  sessionCount(group: GroupId): number {
    return this.#sessions.get(group)?.count ?? 0;
  }

  keyCount(group: GroupId): number {
    return this.#partition(group).keyCount;
  }

  membership(group: GroupId): Membership | null {
    return this.#partition(group).membership;
  }

  apply(group: GroupId, entries: readonly Entry[], membership?: Membership): readonly (readonly MutationResult[])[] {
    if (this.#failure !== undefined) throw this.#failure;
    const before = this.#partition(group);
    const commands = entries.map((entry, i) => commandOf(group, entry, before.appliedIndex + 1 + i));
    const last = entries.at(-1);
    this.#lastChanges = [];
    this.#idleTidies = 0;
    if (last === undefined) return [];
    const due = this.#tables.get(group);
    const { goneCount, nextDueMs } = due ?? { goneCount: 0, nextDueMs: Infinity };
    try {
      this.#sizeLimit.set(this.#sizeLimitBytes());
      this.#begin.run();
      const batch = new TableBatch(this.#table(group), before, this.#sessionsOf(group), this.#hot);
      const results = commands.map((command) => (command === null ? NO_RESULTS : applyCommand(batch, command)));
      const { state, changedKeys, sizeBytes } = batch.flush(last.index, membership);
      const recordBytes = this.#sessionRecords.write(group, last.index, batch.sessions.takeRecord());
      this.#putPartition.run(...partitionValues(group, state));
      if (membership !== undefined) this.#putMembership.run(group, encodeMembership(membership));
      this.#commit.run();
      batch.keepHot();
      this.#partitions.set(group, state);
      this.#lastChanges = batch.changes;
      this.#checkpointer.wrote(changedKeys, sizeBytes + recordBytes);
      return results;
    } catch (error) {
      if (this.#database.inTransaction) this.#rollback.run();
      // The rollback may have taken the group's table with it.
      if (before === EMPTY_PARTITION) this.#tables.delete(group);
      if (due !== undefined) Object.assign(due, { goneCount, nextDueMs });
      // The sessions in memory are ahead of those that the rollback left.
      this.#sessions.delete(group);
      throw this.#describe(error);
    }
  }

  get(group: GroupId, key: Uint8Array): KvRow | undefined {
    return this.#read(() => this.#tables.get(group)?.get(key));
  }

  history(group: GroupId, key: Uint8Array): readonly KeyRevision[] {
    const row = this.#read(() => this.#tables.get(group)?.whole(key));
    return row === undefined ? [] : this.#read(() => historyOf(row));
  }

  lastChanges(): readonly KvRow[] {
    return this.#lastChanges;
  }

  nextDueMs(group: GroupId): number {
    return this.#tables.get(group)?.nextDueMs ?? Infinity;
  }

  revision(group: GroupId): number {
    return this.#partition(group).revision;
  }

  scan(group: GroupId, options: ScanOptions): ScanPage {
    return this.#read(() => this.#tables.get(group)?.scan(options)) ?? { rows: [], more: false };
  }

  durableIndex(group: GroupId): LogIndex {
    return this.#durable.get(group) ?? 0;
  }

  openSnapshot(group: GroupId): SnapshotSource {
    const sessions = this.#read(() => this.#sessionsOf(group)).image();
    return openSnapshotSource(this.#file, group, this.#partition(group), sessions, (error) => this.#describe(error));
  }

  beginRestore(group: GroupId, facts: StateFacts, term: Term): SnapshotSink {
    this.#restores.get(group)?.abort();
    const sessions = new SessionTable(this.#sessionLimits);
    const restore = this.#read(() => new StagedRestore(this.#database, group, facts, term, sessions));
    this.#restores.set(group, restore);
    return {
      write: (rows) => {
        this.#writeOr(() => {
          this.#sizeLimit.set(this.#sizeLimitBytes());
          restore.write(rows);
        });
        this.#checkpointer.wrote(
          rows.length,
          rows.reduce((sum, row) => sum + row.key.length + row.value.length, 0),
        );
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
    this.#writeOr(() => (installed = restore.install(trashNumber)));
    this.#restores.delete(group);
    if (!installed) return false;
    this.#trash.add(trashNumber);
    this.#hot.clear();
    this.#partitions.set(group, facts);
    this.#tables.set(group, new GroupTable(this.#database, kvTableName(group)));
    this.#sessions.set(group, restore.sessions);
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
    this.#writeOr(() => this.#drops.begin(group, end));
  }

  finishDrop(group: GroupId): void {
    this.#restores.get(group)?.abort();
    this.#restores.delete(group);
    const trashNumber = this.#trash.nextNumber();
    this.#writeOr(() => this.#drops.finish(group, trashNumber));
    this.#trash.add(trashNumber);
    this.#hot.clear();
    this.#partitions.delete(group);
    this.#tables.delete(group);
    this.#sessions.delete(group);
    this.#restored.delete(group);
    this.#durable.delete(group);
    this.#droppedMeanwhile.add(group);
  }

  dropsBegun(): readonly GroupId[] {
    return this.#drops.begun();
  }

  tidy(): void {
    if (++this.#idleTidies === IDLE_TIDIES) this.#hot.clear();
    const rows = this.#read(() => this.#trash.empty());
    if (rows > 0) this.#checkpointer.wrote(rows, 0);
  }

  sizeBytes(): number {
    let size = 0;
    for (const suffix of ['', '-wal']) size += fs.statSync(this.#file + suffix, { throwIfNoEntry: false })?.size ?? 0;
    return size;
  }

  close(): void {
    if (!this.#database.open) return;
    for (const restore of this.#restores.values()) restore.abort();
    this.#checkpointer.close();
    this.#database.close();
    this.#lock.release();
  }

  #partition(group: GroupId): StateFacts {
    return this.#partitions.get(group) ?? EMPTY_PARTITION;
  }

  #table(group: GroupId): GroupTable {
    let table = this.#tables.get(group);
    if (table === undefined) {
      createKvTable(this.#database, kvTableName(group));
      table = new GroupTable(this.#database, kvTableName(group));
      this.#tables.set(group, table);
    }
    return table;
  }

  #sessionsOf(group: GroupId): SessionTable {
    let sessions = this.#sessions.get(group);
    if (sessions === undefined) {
      sessions = loadSessions(this.#database, group, this.#partition(group), this.#sessionLimits);
      this.#sessions.set(group, sessions);
    }
    return sessions;
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw this.#describe(error);
    }
  }

  /** As `read`, and nothing once the disk has failed. */
  #writeOr(write: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#read(write);
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
