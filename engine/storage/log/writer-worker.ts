import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LogWriter } from './writer.ts';
import type { WriteRequest, WriterOptions, WriterReply, WriterRequest } from './protocol.ts';

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
  readonly #writer = new LogWriter(workerData as WriterOptions);
  #failed = false;

  take(first: WriterRequest): void {
    let next: WriterRequest | undefined = first;
    while (next !== undefined) {
      const batch: WriteRequest[] = [];
      let sizeBytes = 0;
      while (next?.kind === 'write' && sizeBytes < MAX_TRANSACTION_BYTES) {
        batch.push(next);
        sizeBytes += next.bytes.length;
        next = this.#receive();
      }
      if (batch.length > 0) this.#write(batch);
      if (next?.kind === 'close') {
        this.#writer.close();
        port.close();
        return;
      }
    }
  }

  #receive(): WriterRequest | undefined {
    return receiveMessageOnPort(port)?.message as WriterRequest | undefined;
  }

  #write(batch: readonly WriteRequest[]): void {
    if (this.#failed) return;
    try {
      const { transactionMs, syncMs } = this.#writer.write(batch);
      reply({ kind: 'synced', id: (batch.at(-1) as WriteRequest).id, transactionMs, syncMs });
    } catch (error) {
      this.#failed = true;
      const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
      reply({ kind: 'failed', code, message });
    }
  }
}

const commits = new GroupCommit();
port.on('message', (request: WriterRequest) => {
  commits.take(request);
});
reply({ kind: 'ready' });
