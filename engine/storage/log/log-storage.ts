import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { HardState, LogIndex, LogPoint, LogReader } from '../../raft/types.ts';
import { StorageUsageError } from '../errors.ts';
import type { StorageIdentity } from '../sqlite/identity.ts';
import { FileLock } from '../sqlite/lock.ts';
import { storageErrorOf, writeErrorOf } from '../sqlite/sqlite-errors.ts';
import type { LogCut, LogStorage, LogWrite, RecoveredLog } from '../types.ts';
import { LOG_ADVICE, openLogDatabase } from './open-database.ts';
import type { WorkerOptions, WriterReply } from './protocol.ts';
import { groupReader, RowReader } from './reader.ts';
import { encodeApart, RequestChannel, type ApartRequest } from './request-channel.ts';
import { createRing, RingTotals, RingWriter } from './request-ring.ts';
import { MAX_GROUP, MAX_INDEX } from './rows.ts';
import { SyncGate } from './sync-gate.ts';

/** A mebibyte: some hundred rounds of a busy node. */
const RING_WORDS = 2 ** 17;

export interface LogOptions {
  /** The database; its companions (-wal, -shm, .lock, .mark) lie beside it. The directory must exist. */
  readonly file: string;
  readonly identity: StorageIdentity;
  /** Fault hook: how long a sync is to take longer than it does. Asked again while it waits. */
  readonly syncDelayMs?: () => number;
  /** Fault hook: what the database may grow to, as on a disk of that size; 0: no limit. Asked with each write. */
  readonly sizeLimitBytes?: () => number;
}

/** The worker beside this module: TypeScript when run from source, JavaScript when bundled. */
function startWriter(options: WorkerOptions): Promise<Worker> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./writer-worker.${extension}`, import.meta.url), {
    workerData: options,
    // Flags meant for the main script, such as --input-type, would keep the worker from starting.
    execArgv: [],
  });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', () => {
      worker.off('error', reject);
      resolve(worker);
    });
  });
}

/**
 * Opens or creates the Raft log of a node and checks all of it. Throws
 * CorruptStorageError, WrongOwnerError, UnknownFormatError, StorageLockedError or
 * StorageUnavailableError; each message says what to do.
 */
export async function openLogStorage(options: LogOptions): Promise<LogStorage> {
  const lock = new FileLock(options.file);
  let database: Database.Database | undefined;
  try {
    const opened = openLogDatabase(options.file, options.identity);
    database = opened.database;
    const { groups, sequence } = opened.recovery;
    const rows = new RowReader(database);
    const ring = createRing(RING_WORDS);
    const worker = await startWriter({ file: options.file, sequence, groups, ring });
    return new SqliteLogStorage(options, worker, ring, database, lock, rows, groups);
  } catch (error) {
    database?.close();
    lock.release();
    throw storageErrorOf(options.file, error, LOG_ADVICE);
  }
}

interface PendingWrite {
  readonly id: number;
  readonly done: (error: Error | null) => void;
}

class SqliteLogStorage implements LogStorage {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #lock: FileLock;
  readonly #rows: RowReader;
  readonly #recovered: Map<GroupId, RecoveredLog>;
  readonly #ring: RingWriter;
  readonly #channel: RequestChannel;
  readonly #gate: SyncGate<ApartRequest>;
  readonly #sizeLimitBytes: () => number;
  readonly times: RingTotals;
  readonly #exited: Promise<void>;
  readonly #pending: PendingWrite[] = [];
  /** Where the log of each group begins once everything queued is written. */
  readonly #begins = new Map<GroupId, LogPoint>();
  /** Last index of each group once everything queued is written. */
  readonly #lastIndexes = new Map<GroupId, LogIndex>();
  #nextId = 1;
  #failure: Error | null = null;
  #closing: Promise<void> | undefined;
  #onSettled: (() => void) | undefined;

  constructor(
    options: LogOptions,
    worker: Worker,
    ring: SharedArrayBuffer,
    database: Database.Database,
    lock: FileLock,
    rows: RowReader,
    recovered: ReadonlyMap<GroupId, RecoveredLog>,
  ) {
    this.#file = options.file;
    this.#database = database;
    this.#lock = lock;
    this.#rows = rows;
    this.#recovered = new Map(recovered);
    for (const [group, { lastIndex, snapshotIndex, snapshotTerm }] of recovered) {
      this.#lastIndexes.set(group, lastIndex);
      this.#begins.set(group, { index: snapshotIndex, term: snapshotTerm });
    }
    this.#sizeLimitBytes = options.sizeLimitBytes ?? (() => 0);
    this.times = new RingTotals(ring);
    this.#ring = new RingWriter(ring);
    this.#channel = new RequestChannel(this.#ring, (request) => worker.postMessage(request, [request.buffer]));
    this.#gate = new SyncGate(options.syncDelayMs ?? (() => 0), (request) => this.#channel.sendApart(request));
    worker.on('message', (reply: WriterReply) => {
      if (reply !== 'ready') this.#fail(writeErrorOf(this.#file, reply.code, reply.message));
    });
    worker.on('error', (error) => {
      this.#fail(writeErrorOf(this.#file, 'WRITER', error.message));
    });
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail(writeErrorOf(this.#file, 'WRITER', 'its writer has ended'));
        this.#ring.ignore();
        resolve();
      });
    });
    void this.#ring.listen(() => this.#take());
  }

  recovered(group: GroupId): RecoveredLog | undefined {
    return this.#recovered.get(group);
  }

  reader(group: GroupId): LogReader {
    return groupReader(
      this.#rows,
      group,
      () => this.#begins.get(group),
      (error) => storageErrorOf(this.#file, error, LOG_ADVICE),
    );
  }

  write(batch: readonly LogWrite[], done: (error: Error | null) => void): void {
    if (this.#closing !== undefined) throw new StorageUsageError('the log is closed');
    for (const write of batch) this.#check(write);
    const id = this.#nextId;
    this.#nextId = (id + 1) | 0;
    this.#pending.push({ id, done });
    if (this.#failure !== null) setImmediate(() => this.#settle(id, this.#failure));
    else if (this.#gate.isOpen) this.#channel.send(id, batch, this.#sizeLimitBytes());
    else this.#gate.push(encodeApart(id, batch, this.#sizeLimitBytes()));
  }

  sizeBytes(): number {
    let size = 0;
    for (const suffix of ['', '-wal']) size += fs.statSync(this.#file + suffix, { throwIfNoEntry: false })?.size ?? 0;
    return size;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#gate.flush();
    // Requests for which the ring has no room yet follow as the writer answers.
    if (this.#pending.length > 0) await new Promise<void>((resolve) => (this.#onSettled = resolve));
    this.#ring.close();
    await this.#exited;
    this.#database.close();
    this.#lock.release();
  }

  /** A hole in the log, or a rewrite of what was compacted, would be found only at the next start. */
  #check({ group, cut, hardState, entries, reset }: LogWrite): void {
    const first = entries[0];
    if (!Number.isInteger(group) || group < 0 || group > MAX_GROUP) {
      throw new StorageUsageError(`group ${group} is not between 0 and ${MAX_GROUP}`);
    }
    if (reset === true) this.#noteReset(group, hardState);
    if (cut !== null) this.#noteCut(group, cut);
    if (first === undefined) return;
    const lastIndex = this.#lastIndexes.get(group) ?? 0;
    const snapshotIndex = this.#begins.get(group)?.index ?? 0;
    if (first.index > lastIndex + 1 || first.index <= snapshotIndex) {
      throw new StorageUsageError(
        `entry ${first.index} of group ${group} does not fit a log from ${snapshotIndex + 1} to ${lastIndex}`,
      );
    }
    for (const [i, entry] of entries.entries()) {
      if (entry.index !== first.index + i || entry.index > MAX_INDEX) {
        throw new StorageUsageError(`entries of group ${group} are not contiguous at ${entry.index}`);
      }
    }
    this.#lastIndexes.set(group, first.index + entries.length - 1);
  }

  #noteReset(group: GroupId, hardState: HardState | null): void {
    this.#begins.delete(group);
    this.#lastIndexes.set(group, 0);
    if (hardState === null) throw new StorageUsageError(`the term and vote of group ${group} must outlive its log`);
    this.#recovered.set(group, { hardState, snapshotIndex: 0, snapshotTerm: 0, lastIndex: 0, lastTerm: 0 });
  }

  #noteCut(group: GroupId, { index, term, all }: LogCut): void {
    const lastIndex = this.#lastIndexes.get(group) ?? 0;
    if (index > MAX_INDEX || (!all && index > lastIndex)) {
      throw new StorageUsageError(`the log of group ${group}, which ends at ${lastIndex}, cannot be cut at ${index}`);
    }
    if (index <= (this.#begins.get(group)?.index ?? 0)) return;
    this.#begins.set(group, { index, term });
    if (all) this.#lastIndexes.set(group, index);
  }

  /** Takes in what the writer has answered. */
  #take(): void {
    this.#channel.flush();
    this.#settle(this.#ring.answered, null);
  }

  #fail(error: Error): void {
    // What came before the failure is on disk.
    this.#take();
    this.#failure ??= error;
    this.#channel.drop();
    this.#settle(this.#nextId, this.#failure);
  }

  /** Answers every pending write up to `id`, in order; their numbers wrap. */
  #settle(id: number, error: Error | null): void {
    for (let next = this.#pending[0]; next !== undefined && ((next.id - id) | 0) <= 0; next = this.#pending[0]) {
      this.#pending.shift();
      next.done(error);
    }
    if (this.#pending.length === 0) this.#onSettled?.();
  }
}
