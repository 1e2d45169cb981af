import { Worker } from 'node:worker_threads';
import type Database from 'better-sqlite3';

export type CheckpointRequest = 'checkpoint' | 'close';

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
  readonly #onError: (error: Error) => void;
  #worker: Worker | undefined;
  #running = false;
  #writtenBytes = 0;

  /** `database` is the applying connection. `onError` hears what the worker could not do. */
  constructor(file: string, database: Database.Database, onError: (error: Error) => void) {
    this.#file = file;
    this.#database = database;
    this.#onError = onError;
  }

  /** Call after each commit. */
  wrote(changedKeys: number, sizeBytes: number): void {
    this.#writtenBytes += changedKeys * BYTES_PER_CHANGED_KEY + sizeBytes;
    if (this.#writtenBytes < CHECKPOINT_BYTES || this.#running) return;
    this.#running = true;
    this.#writtenBytes = 0;
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
      // Under a load without gaps the worker never gets to the end. Between two commits
      // this connection does: what is left for it is only what came in meanwhile.
      if (walPages > MAX_WAL_PAGES && this.#database.open) this.#emptyNow();
    });
    worker.on('error', (error) => {
      this.#onError(error);
    });
    return worker;
  }

  #emptyNow(): void {
    try {
      this.#database.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
