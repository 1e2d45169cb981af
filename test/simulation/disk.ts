import type { GroupId } from '../../engine/config/ids.ts';
import type { Entry, HardState, LogIndex, LogPoint, LogReader, Term } from '../../engine/raft/types.ts';
import { StorageUsageError, StorageWriteError } from '../../engine/storage/errors.ts';
import type { LogStorage, LogWrite, RecoveredLog } from '../../engine/storage/types.ts';
import type { Random } from './random.ts';

type Done = (error: Error | null) => void;

interface PendingBatch {
  readonly batch: readonly LogWrite[];
  readonly done: Done;
}

/** What the disk holds of one group, synced. Entry i has index i + 1. */
export interface DurableLog {
  hardState: HardState;
  /** Those that were compacted stay, out of the engine's sight, so that invariants can look at them. */
  entries: Entry[];
  snapshotIndex: LogIndex;
  snapshotTerm: Term;
}

export interface DiskHooks {
  /** Starts a sync; the owner calls `completeSync` when it is over. */
  startSync(): void;
  /** Runs a callback soon, after what runs now. */
  soon(run: () => void): void;
  submitted(write: LogWrite): void;
  durable(write: LogWrite): void;
  /** What was committed up to an index: what a log that begins after a snapshot once held. */
  committed(group: GroupId, upTo: LogIndex): Entry[];
}

/**
 * The log of one node, and how it fares in a crash: what was synced stays, of the
 * batches in the sync under way any number of the first ones can be there (a batch is a
 * transaction: all of it or nothing), everything else is gone.
 */
export class SimulatedDisk implements LogStorage {
  readonly groups = new Map<GroupId, DurableLog>();
  readonly #hooks: DiskHooks;
  #queue: PendingBatch[] = [];
  /** How many of the queue are in the sync under way. */
  #syncing = 0;
  #failure: StorageWriteError | null = null;
  /** A full disk: the next sync fails, and so does everything after it. */
  failNextSync = false;

  readonly #maxReadEntries: number;

  /** One read of the log brings at most so many entries. */
  constructor(hooks: DiskHooks, maxReadEntries: number) {
    this.#hooks = hooks;
    this.#maxReadEntries = maxReadEntries;
  }

  /** What the sync under way holds. */
  get syncing(): readonly LogWrite[] {
    return this.#queue.slice(0, this.#syncing).flatMap(({ batch }) => batch);
  }

  log(group: GroupId): DurableLog {
    let log = this.groups.get(group);
    if (log === undefined) {
      log = { hardState: { term: 0, votedFor: 0, commitIndex: 0 }, entries: [], snapshotIndex: 0, snapshotTerm: 0 };
      this.groups.set(group, log);
    }
    return log;
  }

  recovered(group: GroupId): RecoveredLog | undefined {
    const log = this.groups.get(group);
    if (log === undefined) return undefined;
    const last = log.entries.at(-1);
    return {
      hardState: log.hardState,
      snapshotIndex: log.snapshotIndex,
      snapshotTerm: log.snapshotTerm,
      lastIndex: last?.index ?? 0,
      lastTerm: last?.term ?? 0,
    };
  }

  reader(group: GroupId): LogReader {
    const log = this.log(group);
    return {
      entries: (from, to, maxBytes) => {
        const end = Math.min(to, from + this.#maxReadEntries);
        if (from > log.snapshotIndex) return readEntries(log.entries, group, from, end, maxBytes);
        throw new StorageUsageError(`entry ${from} of group ${group} was compacted`);
      },
      term: (index): Term | undefined => (index < log.snapshotIndex ? undefined : log.entries[index - 1]?.term),
    };
  }

  write(batch: readonly LogWrite[], done: Done): void {
    const failure = this.#failure;
    if (failure !== null) {
      this.#hooks.soon(() => done(failure));
      return;
    }
    for (const write of batch) this.#hooks.submitted(write);
    this.#queue.push({ batch, done });
    if (this.#syncing === 0) this.#startSync();
  }

  sizeBytes(): number {
    return 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** The sync under way is over: what it held is durable, or it failed. */
  completeSync(): void {
    if (this.failNextSync) return this.#fail();
    const synced = this.#queue.splice(0, this.#syncing);
    this.#syncing = 0;
    for (const { batch } of synced) this.#makeDurable(batch);
    for (const { done } of synced) done(null);
    if (this.#queue.length > 0 && this.#syncing === 0) this.#startSync();
  }

  /** A replica is deleted; its term and vote stay. Only while the process is down. Returns where its log ended. */
  forget(group: GroupId): LogPoint {
    const log = this.log(group);
    const last = log.entries.at(-1);
    emptied(log);
    log.hardState = { ...log.hardState, commitIndex: 0 };
    return { index: last?.index ?? 0, term: last?.term ?? 0 };
  }

  /** The process is gone; returns how many batches that nobody was told of are there nevertheless. */
  crash(random: Random): number {
    const survivors = random.pick([0, 0, this.#syncing, random.below(this.#syncing + 1)]);
    for (const { batch } of this.#queue.slice(0, survivors)) this.#makeDurable(batch);
    this.#queue = [];
    this.#syncing = 0;
    this.#failure = null;
    this.failNextSync = false;
    return survivors;
  }

  #startSync(): void {
    this.#syncing = this.#queue.length;
    this.#hooks.startSync();
  }

  #fail(): void {
    const failure = new StorageWriteError('the simulated disk is full', 'SQLITE_FULL');
    this.#failure = failure;
    const failed = this.#queue;
    this.#queue = [];
    this.#syncing = 0;
    for (const { done } of failed) done(failure);
  }

  #makeDurable(batch: readonly LogWrite[]): void {
    for (const write of batch) {
      const log = this.log(write.group);
      if (write.reset === true) emptied(log);
      if (write.cut !== null && write.cut.index > log.snapshotIndex) {
        if (write.cut.all) log.entries = this.#hooks.committed(write.group, write.cut.index);
        log.snapshotIndex = write.cut.index;
        log.snapshotTerm = write.cut.term;
      }
      if (write.hardState !== null) log.hardState = write.hardState;
      const first = write.entries[0];
      if (first !== undefined) {
        const kept = first.index - 1;
        if (kept < 0 || kept > log.entries.length) {
          throw new StorageUsageError(`entry ${first.index} leaves a hole after entry ${log.entries.length}`);
        }
        if (kept < log.entries.length) log.entries.length = kept;
        for (const entry of write.entries) log.entries.push(entry);
      }
      this.#hooks.durable(write);
    }
  }
}

function emptied(log: DurableLog): void {
  log.entries.length = 0;
  log.snapshotIndex = 0;
  log.snapshotTerm = 0;
}

function readEntries(
  entries: readonly Entry[],
  group: GroupId,
  from: LogIndex,
  to: LogIndex,
  maxBytes: number,
): readonly Entry[] {
  if (to <= from) return [];
  const found: Entry[] = [];
  let size = 0;
  for (let index = from; index < to; index++) {
    const entry = entries[index - 1];
    if (entry === undefined) break;
    size += entry.data.length;
    if (size > maxBytes && found.length > 0) break;
    found.push(entry);
  }
  if (found.length === 0) throw new StorageUsageError(`entry ${from} of group ${group} is not in the log`);
  return found;
}
