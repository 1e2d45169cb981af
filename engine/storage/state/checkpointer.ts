import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import type { GroupId } from '../../config/ids.ts';
import type { LogIndex } from '../../raft/types.ts';

export type CheckpointRequest = 'checkpoint' | 'close';

export interface CheckpointHooks {
  /** What is applied now, by group. Asked before a checkpoint. */
  begins(): ReadonlyMap<GroupId, LogIndex>;
  /** All that `begins` told is in the database file and synced. */
  durable(applied: ReadonlyMap<GroupId, LogIndex>): void;
  /** The worker could not do its work. */
  failed(error: Error): void;
}

export interface CheckpointReply {
  /** Pages that the write-ahead log still holds; 0 when it starts anew with the next commit. */
  readonly walPages: number;
}

/** Bytes written (each changed row counts as a page) before a checkpoint is asked for. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024;
const BYTES_PER_CHANGED_KEY = 4096;
/** About 64 MiB: past this the write-ahead log is emptied whatever it costs. */
const MAX_WAL_PAGES = 16_384;

/**
 * Keeps the write-ahead log of the state machine bounded without making the event loop
 * wait for the disk: a worker with a connection of its own copies pages back while
 * batches go on being applied. Started when first needed, so an idle node has none.
 */
export class Checkpointer {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #hooks: CheckpointHooks;
  #worker: Worker | undefined;
  #running = false;
  /** The write-ahead log is to be emptied as soon as no transaction is open. */
  #mustEmpty = false;
  #writtenBytes = 0;
  /** What was applied when the checkpoint under way began. */
  #applied: ReadonlyMap<GroupId, LogIndex> = new Map();

  /** `database` is the applying connection. */
  constructor(file: string, database: Database.Database, hooks: CheckpointHooks) {
    this.#file = file;
    this.#database = database;
    this.#hooks = hooks;
  }

  /** A write-ahead log starts anew only with a transaction that begins after all of it was copied back. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Call after each commit. */
  wrote(changedKeys: number, sizeBytes: number): void {
    if (this.#mustEmpty) this.#emptyNow();
    this.#writtenBytes += changedKeys * BYTES_PER_CHANGED_KEY + sizeBytes;
    if (this.#writtenBytes >= CHECKPOINT_BYTES) this.begin();
  }

  /** Begins a checkpoint unless one is under way. */
  begin(): void {
    if (this.#running) return;
    this.#running = true;
    this.#writtenBytes = 0;
    this.#applied = this.#hooks.begins();
    this.#worker ??= this.#start();
    this.#worker.postMessage('checkpoint' satisfies CheckpointRequest, []);
  }

  /** The worker closes its connection and ends by itself once it is done with what it does. */
  close(): void {
    this.#worker?.postMessage('close' satisfies CheckpointRequest, []);
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./checkpoint-worker.${extension}`, import.meta.url), {
      workerData: { file: this.#file },
      // As for the log's writer: flags meant for the main script are not for a worker.
      execArgv: [],
    });
    // It holds nothing that a process must stay alive for.
    worker.unref();
    worker.on('message', ({ walPages }: CheckpointReply) => {
      this.#running = false;
      if (walPages === 0) this.#hooks.durable(this.#applied);
      // Under a load without gaps the worker never gets to the end. Between two commits
      // this connection does: what is left for it is only what came in meanwhile.
      if (walPages > MAX_WAL_PAGES && this.#database.open) this.#emptyNow();
    });
    worker.on('error', (error) => {
      this.#hooks.failed(error);
    });
    return worker;
  }

  #emptyNow(): void {
    this.#mustEmpty = this.#database.inTransaction;
    if (this.#mustEmpty) return;
    try {
      const [result] = this.#database.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
      if (result !== undefined && result.log === result.checkpointed) this.#hooks.durable(this.#hooks.begins());
    } catch (error) {
      this.#hooks.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
