import type { ReadMode } from '../rpc/kv.ts';
import type { BytesInput } from './bytes.ts';
import type { ConnectionOptions } from './credentials.ts';

export interface ConnectOptions extends ConnectionOptions {
  /** For the first contact. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** For a call that does not say. Default 5000. */
  readonly timeoutMs?: number;
}

export interface CallOptions {
  /** From the call to its answer, repeats included. */
  readonly timeoutMs?: number;
  /** Rejects with the signal's reason. A write that was already sent may still happen. */
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  /** Default ReadMode.Linearizable. */
  readonly readMode?: ReadMode;
}

export interface WriteOptions extends CallOptions {
  /** Write only if the key is at this revision; 0: only if there is no such key. Rejects with ConflictError. */
  readonly expectedRevision?: number;
}

/** What is known of a key without its value. */
export interface EntryMeta {
  readonly key: Buffer;
  readonly partition: number;
  /** The partition's mutation count at the key's last write. */
  readonly revision: number;
  /** Writes of this key since it was created, from 1. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly valueSizeBytes: number;
}

export interface Entry extends EntryMeta {
  /** Empty when only keys were asked for. */
  readonly value: Buffer;
}

export interface GetResult extends Entry {
  /** Stale reads: how long ago the replica that answered last heard from a leader. 0 otherwise. */
  readonly stalenessMs: number;
}

export interface DeleteResult {
  /** Whether there was something to delete. */
  readonly found: boolean;
  readonly partition: number;
}

export interface ScanOptions extends CallOptions {
  readonly prefix?: BytesInput;
  /** 1 to 10000, default 100. A page may hold fewer when its values are large. */
  readonly limit?: number;
  /** The cursor of the page before. It stays good across writes, restarts and clients. */
  readonly cursor?: string | null;
  readonly keysOnly?: boolean;
  readonly readMode?: ReadMode;
}

export interface ScanPage {
  /** In unsigned byte order of the keys. */
  readonly entries: readonly Entry[];
  /** Null at the end. */
  readonly cursor: string | null;
}

export interface BatchFailure {
  /** Position in the list that was given. */
  readonly index: number;
  readonly key: BytesInput;
  readonly error: Error;
}

export interface BatchPutResult {
  readonly successful: number;
  readonly failures: readonly BatchFailure[];
}

/** What a client has counted since it was connected. */
export interface ClientCounters {
  /** Attempts that were repeated. */
  readonly retries: number;
  readonly inFlight: number;
}
