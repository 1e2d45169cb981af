import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { openLogStorage } from '../../engine/storage/log/log-storage.ts';
import { median } from './measure.ts';
import type { Row } from './report.ts';

const BATCH = 64;
const VALUE_BYTES = 256;
const BATCHES = 2000;
const ROUNDS = 5;

/** The limit: one row an entry, one synced transaction a batch, nothing else. */
function bareRate(directory: string): number {
  const database = new Database(path.join(directory, 'bare.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE log (i INTEGER PRIMARY KEY, d BLOB)');
  const insert = database.prepare('INSERT INTO log VALUES (?, ?)');
  const data = Buffer.alloc(VALUE_BYTES, 1);
  let index = 0;
  const startedMs = performance.now();
  for (let b = 0; b < BATCHES; b++) {
    database.transaction(() => {
      for (let i = 0; i < BATCH; i++) insert.run(index++, data);
    })();
  }
  const rate = (BATCHES * BATCH) / ((performance.now() - startedMs) / 1000);
  database.close();
  return rate;
}

/** Our log, as a node drives it: the same batches, through the worker, each synced before the next. */
async function ourRate(directory: string): Promise<number> {
  const log = await openLogStorage({
    file: path.join(directory, 'log.db'),
    identity: { clusterId: 'bench', nodeId: 1 },
  });
  const data = Buffer.alloc(VALUE_BYTES, 1);
  let index = 0;
  const startedMs = performance.now();
  for (let b = 0; b < BATCHES; b++) {
    const entries = Array.from({ length: BATCH }, () => ({ index: ++index, term: 1, type: 0 as const, data }));
    await new Promise<void>((resolve, reject) => {
      log.write([{ group: 1, cut: null, hardState: null, entries }], (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  }
  const rate = (BATCHES * BATCH) / ((performance.now() - startedMs) / 1000);
  await log.close();
  return rate;
}

/** Our log against the rate of bare better-sqlite3 with the same batch and one sync a batch. */
export async function measureGroupCommit(): Promise<[Row, unknown]> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'prkdb-bench-log-'));
    try {
      bare.push(bareRate(directory));
      ours.push(await ourRate(directory));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  const ratios = ours.map((rate, i) => rate / bare[i]!);
  const row: Row = {
    name: `group commit, log entries/s in batches of ${BATCH}, against bare better-sqlite3`,
    unit: '/s',
    ours: median(ours),
    theirs: median(bare),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    atLeast: 0.6,
    note: `${VALUE_BYTES}-byte entries, one sync a batch on both sides`,
  };
  return [row, { figure: row.name, ours, bare }];
}
