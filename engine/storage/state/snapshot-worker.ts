import { readlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { encodeRows } from '../codec/snapshot.ts';
import { connectState } from './connection.ts';
import { GroupTable } from './group-table.ts';
import { kvTableName } from './rows.ts';
import { appliedIndexOf, MAX_ROWS } from './snapshot-source.ts';
import type { ReaderOptions, ReadReply, ReadRequest } from './snapshot-reader.ts';

/** Of a thread's priority: everything else that the machine does goes first. */
const NICENESS = 10;

if (parentPort === null) throw new Error('snapshot-worker.ts runs as a worker thread only');
const port = parentPort;
const { file, group, appliedIndex } = workerData as ReaderOptions;

/** On Linux a thread has a priority of its own; elsewhere it stays as it is. */
function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    os.setPriority(Number(path.basename(readlinkSync('/proc/thread-self'))), NICENESS);
  } catch {
    // A system that does not allow it: the pauses between the pieces must do.
  }
}

giveWay();
const database = connectState(file);
database.exec('BEGIN');
// The transaction sees what is committed at its first read.
const table = appliedIndexOf(database, group) === appliedIndex ? new GroupTable(database, kvTableName(group)) : null;

function read(after: Uint8Array, maxBytes: number): ReadReply {
  try {
    if (table === null) return null;
    const { rows, more } = table.scanAll(after, MAX_ROWS, maxBytes);
    return { bytes: encodeRows(rows), count: rows.length, last: rows.at(-1)?.key ?? after, more };
  } catch {
    // Whoever asked reads it again and says what is wrong.
    return null;
  }
}

port.on('message', (request: ReadRequest) => {
  if (request === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(read(request.after, request.maxBytes));
});
