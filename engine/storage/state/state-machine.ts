import fs from 'node:fs';
import Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import { EntryType, type Entry, type LogIndex } from '../../raft/types.ts';
import { decodeCommand, type Command } from '../codec/command.ts';
import { CorruptDataError, StorageUsageError, type StorageWriteError } from '../errors.ts';
import { checkIdentity, createIdentity, isNewDatabase, type StorageIdentity } from '../sqlite/identity.ts';
import { FileLock } from '../sqlite/lock.ts';
import { SizeLimit } from '../sqlite/size-limit.ts';
import { storageErrorOf, writeErrorOf } from '../sqlite/sqlite-errors.ts';
import type { KvRow, MutationResult, ScanOptions, ScanPage, StateMachine } from '../types.ts';
import { applyCommand } from './apply.ts';
import { Checkpointer } from './checkpointer.ts';
import { connectState } from './connection.ts';
import { GroupTable, TableBatch } from './group-table.ts';
import { loadPartitions } from './recovery.ts';
import { EMPTY_PARTITION, kvTableSchema, partitionChecksum, STATE_SCHEMA, type PartitionState } from './rows.ts';

export interface StateOptions {
  /** The database; its companions (-wal, -shm, .lock) lie beside it. The directory must exist. */
  readonly file: string;
  readonly identity: StorageIdentity;
  /** Fault hook: what the database may grow to, as on a disk of that size; 0: no limit. Asked with each batch. */
  readonly sizeLimitBytes?: () => number;
}

const NO_RESULTS: readonly MutationResult[] = [];

function adviceFor(file: string): string {
  return (
    `It holds nothing that the node's log does not: with the node stopped, move ${file} and ${file}-wal away ` +
    'and start the node again, which rebuilds it from the log.'
  );
}

/**
 * Opens or creates the state machines of a node and checks the database's structure and
 * indexes. Throws CorruptStorageError, WrongOwnerError, UnknownFormatError,
 * StorageLockedError or StorageUnavailableError; each message says what to do.
 */
export function openStateMachine(options: StateOptions): StateMachine {
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
    checkIdentity(database, file, 'state', identity, advice);
    // The full check and not quick_check: a damaged index would hide keys that are there.
    const found = database.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw new CorruptDataError(String(found).split('\n')[0] ?? 'its structure is broken');
    database.pragma('wal_checkpoint(TRUNCATE)');
    return new SqliteStateMachine(options, database, lock, loadPartitions(database));
  } catch (error) {
    database?.close();
    lock.release();
    throw storageErrorOf(file, error, advice);
  }
}

class SqliteStateMachine implements StateMachine {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #lock: FileLock;
  readonly #partitions: Map<GroupId, PartitionState>;
  readonly #tables = new Map<GroupId, GroupTable>();
  readonly #checkpointer: Checkpointer;
  readonly #sizeLimit: SizeLimit;
  readonly #sizeLimitBytes: () => number;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #rollback: Database.Statement;
  readonly #putPartition: Database.Statement;
  /** Why no more may be applied: the disk could not take back what the write-ahead log holds. */
  #failure: StorageWriteError | undefined;

  constructor(
    options: StateOptions,
    database: Database.Database,
    lock: FileLock,
    partitions: Map<GroupId, PartitionState>,
  ) {
    const { file } = options;
    this.#file = file;
    this.#sizeLimit = new SizeLimit(database);
    this.#sizeLimitBytes = options.sizeLimitBytes ?? (() => 0);
    this.#database = database;
    this.#lock = lock;
    this.#partitions = partitions;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#putPartition = database.prepare('INSERT OR REPLACE INTO partition_state VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const group of partitions.keys()) this.#tables.set(group, new GroupTable(database, group));
    this.#checkpointer = new Checkpointer(file, database, (error) => {
      this.#failure ??= writeErrorOf(file, 'CHECKPOINT', error.message);
    });
  }

  appliedIndex(group: GroupId): LogIndex {
    return this.#partition(group).appliedIndex;
  }

  keyCount(group: GroupId): number {
    return this.#partition(group).keyCount;
  }

  apply(group: GroupId, entries: readonly Entry[]): readonly (readonly MutationResult[])[] {
    if (this.#failure !== undefined) throw this.#failure;
    const before = this.#partition(group);
    const commands = entries.map((entry, i) => commandOf(group, entry, before.appliedIndex + 1 + i));
    const last = entries.at(-1);
    if (last === undefined) return [];
    try {
      this.#sizeLimit.set(this.#sizeLimitBytes());
      this.#begin.run();
      const batch = new TableBatch(this.#table(group), before);
      const results = commands.map((command) => (command === null ? NO_RESULTS : applyCommand(batch, command)));
      const { state, changedKeys, sizeBytes } = batch.flush(last.index);
      const { appliedIndex, revision, keyCount, timeMs, rowsChecksum } = state;
      const checksum = partitionChecksum(group, state);
      this.#putPartition.run(group, appliedIndex, revision, keyCount, timeMs, rowsChecksum, checksum);
      this.#commit.run();
      this.#partitions.set(group, state);
      this.#checkpointer.wrote(changedKeys, sizeBytes);
      return results;
    } catch (error) {
      if (this.#database.inTransaction) this.#rollback.run();
      // The rollback may have taken the group's table with it.
      if (before === EMPTY_PARTITION) this.#tables.delete(group);
      throw this.#describe(error);
    }
  }

  get(group: GroupId, key: Uint8Array): KvRow | undefined {
    return this.#read(() => this.#tables.get(group)?.get(key));
  }

  scan(group: GroupId, options: ScanOptions): ScanPage {
    return this.#read(() => this.#tables.get(group)?.scan(options)) ?? { rows: [], more: false };
  }

  sizeBytes(): number {
    let size = 0;
    for (const suffix of ['', '-wal']) size += fs.statSync(this.#file + suffix, { throwIfNoEntry: false })?.size ?? 0;
    return size;
  }

  close(): void {
    if (!this.#database.open) return;
    this.#checkpointer.close();
    this.#database.close();
    this.#lock.release();
  }

  #partition(group: GroupId): PartitionState {
    return this.#partitions.get(group) ?? EMPTY_PARTITION;
  }

  #table(group: GroupId): GroupTable {
    let table = this.#tables.get(group);
    if (table === undefined) {
      this.#database.exec(kvTableSchema(group));
      table = new GroupTable(this.#database, group);
      this.#tables.set(group, table);
    }
    return table;
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw this.#describe(error);
    }
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
