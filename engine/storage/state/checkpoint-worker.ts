import { parentPort, workerData } from 'node:worker_threads';
import { connectState } from './connection.ts';
import type { CheckpointReply, CheckpointRequest } from './checkpointer.ts';

/**
 * The write-ahead log starts anew only after a pass that leaves nothing behind. Each pass
 * is as short as what was written during the one before, so a few soon meet a gap.
 */
const MAX_PASSES = 3;

if (parentPort === null) throw new Error('checkpoint-worker.ts runs as a worker thread only');
const port = parentPort;
const { file } = workerData as { file: string };
const database = connectState(file);

function checkpoint(): CheckpointReply {
  let walPages = 0;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const [result] = database.pragma('wal_checkpoint(PASSIVE)') as { log: number; checkpointed: number }[];
    walPages = result?.log ?? 0;
    const [after] = database.pragma('wal_checkpoint(NOOP)') as { log: number; checkpointed: number }[];
    if (after === undefined || after.log === after.checkpointed) return { walPages: 0 };
  }
  return { walPages };
}

port.on('message', (request: CheckpointRequest) => {
  if (request === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(checkpoint());
});
