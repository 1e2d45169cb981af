import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { ApartRequest } from './request-channel.ts';
import { decodeRequest, wordsOf } from './request-codec.ts';
import { RingReader } from './request-ring.ts';
import { LogWriter } from './writer.ts';
import type { WorkerOptions, WriterReply, WriteRequest } from './protocol.ts';

/** Requests merged into one transaction stop here, so that none waits for too large a sync. */
const MAX_TRANSACTION_BYTES = 16 * 1024 * 1024;

if (parentPort === null) throw new Error('writer-worker.ts runs as a worker thread only');
const port = parentPort;

function reply(message: WriterReply): void {
  port.postMessage(message);
}

/**
 * Group commit: what arrived while the last transaction was being synced becomes the next
 * one. After a failure nothing more is written, since what would follow has a hole before it.
 */
class GroupCommit {
  readonly #writer: LogWriter;
  readonly #ring: RingReader;
  #failed = false;

  constructor(options: WorkerOptions) {
    this.#writer = new LogWriter(options);
    this.#ring = new RingReader(options.ring);
  }

  /** Returns when the other end has closed and everything is written. */
  run(): void {
    while (this.#ring.wait()) this.#write(this.#take());
    this.#writer.close();
  }

  #take(): WriteRequest[] {
    const batch: WriteRequest[] = [];
    let sizeBytes = 0;
    while (sizeBytes < MAX_TRANSACTION_BYTES) {
      const record = this.#ring.take();
      if (record === undefined) break;
      if (record === 'apart') {
        const request = receiveMessageOnPort(port)?.message as ApartRequest;
        sizeBytes += request.byteLength;
        batch.push(decodeRequest(wordsOf(request.buffer), 0));
      } else {
        sizeBytes += record.words * 8;
        batch.push(decodeRequest(this.#ring.words, record.at));
      }
    }
    return batch;
  }

  #write(batch: readonly WriteRequest[]): void {
    if (this.#failed) {
      this.#ring.release();
      return;
    }
    try {
      const { transactionMs, syncMs } = this.#writer.write(batch);
      this.#ring.count(transactionMs, syncMs);
      this.#ring.release();
      this.#ring.answer((batch.at(-1) as WriteRequest).id);
    } catch (error) {
      this.#failed = true;
      this.#ring.release();
      const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
      reply({ code, message });
    }
  }
}

const commits = new GroupCommit(workerData as WorkerOptions);
reply('ready');
commits.run();
