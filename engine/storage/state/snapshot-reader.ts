import { Worker } from 'node:worker_threads';
import type { GroupId } from '../../config/ids.ts';
import type { LogIndex } from '../../raft/types.ts';
import type { EncodedRows } from '../types.ts';

/** What a reading thread is started with. */
export interface ReaderOptions {
  readonly file: string;
  readonly group: GroupId;
  /** The state to be read is that of this entry. */
  readonly appliedIndex: LogIndex;
}

export type ReadRequest = { readonly after: Uint8Array; readonly maxBytes: number } | 'close';

/** Null: this thread cannot say. */
export type ReadReply = EncodedRows | null;

/**
 * Reads the rows of a snapshot in a thread of its own: on the event loop the reading, and the
 * garbage that a million rows leave, would hold up every write. Its transaction begins later than
 * that of whoever starts it, and what was committed in between must not be taken for the same
 * state: then, and after any error, the answer is null, and the rows are to be read elsewhere.
 */
export class SnapshotReader {
  readonly #worker: Worker;
  readonly #waiting: ((reply: ReadReply) => void)[] = [];
  #isOver = false;

  constructor(options: ReaderOptions) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./snapshot-worker.${extension}`, import.meta.url), {
      workerData: options,
      // As for the log's writer: flags meant for the main script are not for a worker.
      execArgv: [],
    });
    // Only while it is asked something must the process stay alive for it.
    this.#worker.unref();
    this.#worker.on('message', (reply: ReadReply) => {
      this.#waiting.shift()?.(reply);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
  }

  /** The next rows in key order, strictly after `after` (empty: from the first), of about so many bytes. */
  read(after: Uint8Array, maxBytes: number): Promise<ReadReply> {
    if (this.#isOver) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.ref();
      this.#worker.postMessage({ after, maxBytes } satisfies ReadRequest, []);
    });
  }

  /** It closes its connection and ends by itself once it is done with what it does. */
  close(): void {
    this.#worker.postMessage('close' satisfies ReadRequest, []);
    this.#end();
    this.#worker.unref();
  }

  #end(): void {
    this.#isOver = true;
    for (const resolve of this.#waiting.splice(0)) resolve(null);
  }
}
