import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConflictError,
  DeadlineExceededError,
  NoLeaderError,
  PrkDbClient,
  UnavailableError,
  UnknownOutcomeError,
  type ConnectionOptions,
} from '../client/index.ts';
import type { ExportedRow } from '../rpc/cluster.ts';
import { BackupError, KeysInTheWayError } from './errors.ts';
import type { Manifest } from './format.ts';
import { readBackup } from './reader.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const CONCURRENCY = 256;
/** Of keys and values that are on their way. */
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
/** A cluster that takes nothing for so long is given up. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 100;
const SHOWN_KEYS = 3;

export interface RestoreOptions {
  readonly file: string;
  readonly endpoints: readonly string[];
  readonly connection: ConnectionOptions;
  /** Whether keys of the cluster that have other values are overwritten. */
  readonly overwrite: boolean;
  /** Whether every key is read back at the end. */
  readonly verify: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  readonly step: 'checking the file' | 'looking for keys in the way' | 'writing' | 'reading back';
  readonly keys: number;
}

export interface RestoreReport {
  readonly manifest: Manifest;
  readonly written: number;
  /** Were there already, with the same value. */
  readonly same: number;
  /** Have expired since the backup; they stay away. */
  readonly expired: number;
}

/** Checks that a file is a whole and unchanged backup, and says what is in it. Rejects with BackupError. */
export async function checkBackup(
  file: string,
  onRows: (rows: readonly ExportedRow[]) => void = () => {},
): Promise<Manifest> {
  const reading = readBackup(file);
  for (;;) {
    const { done, value } = await reading.next();
    if (done === true) return value;
    onRows(value);
  }
}

/**
 * Writes the keys of a backup into a cluster of whatever shape, as its clients would: each
 * key goes to the partition that owns it there. Values come back byte for byte, and keys expire
 * when they would have; revisions, versions and other times are those of the new writes. The whole file is checked before anything
 * is written. Doing it again after an interruption goes on where it stopped. Rejects with
 * BackupError, KeysInTheWayError or PrkDbError.
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { file, endpoints, connection, overwrite, signal } = options;
  let checked = 0;
  const tell = (step: RestoreProgress['step'], keys: number) => options.onProgress?.({ step, keys });
  const manifest = await checkBackup(file, (rows) => {
    signal?.throwIfAborted();
    tell('checking the file', (checked += rows.length));
  });
  const client = await PrkDbClient.connect(endpoints, { ...connection, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  try {
    const each = (step: RestoreProgress['step'], run: (row: ExportedRow) => Promise<void>) =>
      forEachRow(file, signal, run, (keys) => tell(step, keys));
    const isEmpty = (await patiently(() => client.scan({ limit: 1, keysOnly: true }), signal)).entries.length === 0;
    const inTheWay: string[] = [];
    if (!overwrite && !isEmpty) {
      await each('looking for keys in the way', async (row) => {
        if (hasExpired(row)) return;
        const { key, value } = row;
        const found = await patiently(() => client.get(key), signal);
        if (found === null || found.value.equals(value)) return;
        inTheWay.push(shown(key));
        if (inTheWay.length === SHOWN_KEYS) throw keysInTheWay(inTheWay, true);
      });
      if (inTheWay.length > 0) throw keysInTheWay(inTheWay, true);
    }
    let written = 0;
    let same = 0;
    let expired = 0;
    await each('writing', async (row) => {
      if (hasExpired(row)) expired++;
      else if (await writeOne(client, row, overwrite, signal)) written++;
      else same++;
    });
    if (options.verify) {
      await each('reading back', async (row) => {
        const { key, value } = row;
        const found = await patiently(() => client.get(key), signal);
        if (found?.value.equals(value) === true || (found === null && hasExpired(row))) return;
        throw new BackupError(
          `The key ${shown(key)} was restored and has now ${found === null ? 'gone' : 'another value'}: somebody else writes to the cluster. Restore into one that nobody uses yet.`,
        );
      });
    }
    return { manifest, written, same, expired };
  } finally {
    client.close();
  }
}

/** False when the key had that value already: also after an answer was lost on its way. */
async function writeOne(
  client: PrkDbClient,
  { key, value, expiresAtMs }: ExportedRow,
  overwrite: boolean,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const put = () =>
    client.put(key, value, {
      ...(overwrite ? {} : { expectedRevision: 0 }),
      ...(expiresAtMs === 0 ? {} : { ttlMs: Math.max(1, expiresAtMs - Date.now()) }),
    });
  try {
    await patiently(put, signal);
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    if (error.current !== null && Buffer.from(error.current.value).equals(Buffer.from(value))) return false;
    throw keysInTheWay([shown(key)], false);
  }
}

/** By the clock here: a key that goes a moment too late does no harm. */
function hasExpired({ expiresAtMs }: ExportedRow): boolean {
  return expiresAtMs !== 0 && expiresAtMs <= Date.now();
}

/** Again while the cluster has no leader, is overloaded or lost an answer. Putting the same value twice does no harm. */
async function patiently<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const isPassing =
        error instanceof UnavailableError ||
        error instanceof NoLeaderError ||
        error instanceof DeadlineExceededError ||
        error instanceof UnknownOutcomeError;
      if (!isPassing || Date.now() > endMs) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/** Runs `run` for every row, several at a time, with bounded memory; rejects with what the first of them rejects with. */
async function forEachRow(
  file: string,
  signal: AbortSignal | undefined,
  run: (row: ExportedRow) => Promise<void>,
  onDone: (keys: number) => void,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let bytes = 0;
  let failure: unknown = null;
  let keys = 0;
  for await (const rows of readBackup(file)) {
    for (const row of rows) {
      while (running.size >= CONCURRENCY || (running.size > 0 && bytes > MAX_IN_FLIGHT_BYTES))
        await Promise.race(running);
      if (failure !== null) break;
      const sizeBytes = row.key.length + row.value.length;
      bytes += sizeBytes;
      const one = run(row)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => {
          bytes -= sizeBytes;
          running.delete(one);
        });
      running.add(one);
    }
    if (failure !== null) break;
    signal?.throwIfAborted();
    onDone((keys += rows.length));
  }
  await Promise.all(running);
  // What was thrown, as it was.
  if (failure !== null) throw failure as Error;
}

function keysInTheWay(keys: readonly string[], nothingWritten: boolean): KeysInTheWayError {
  const done = nothingWritten ? 'Nothing was written.' : 'What was written before stays.';
  return new KeysInTheWayError(
    `The cluster has other values under keys of the backup (${keys.join(', ')}). ${done} Restore into an empty cluster, or overwrite them with --overwrite.`,
  );
}

function shown(key: Uint8Array): string {
  return JSON.stringify(Buffer.from(key).toString('utf8').slice(0, 60));
}
