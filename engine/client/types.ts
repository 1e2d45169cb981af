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

export interface PutOptions extends WriteOptions {
  /** The key goes by itself after so long, 1 ms to ten years. Another put without it makes the key stay. */
  readonly ttlMs?: number;
}

/** One write of a transaction. */
export type TransactWrite =
  | {
      readonly put: BytesInput;
      readonly value: BytesInput;
      readonly ttlMs?: number;
      readonly expectedRevision?: number;
    }
  | { readonly delete: BytesInput; readonly expectedRevision?: number }
  /** Only a condition. */
  | { readonly check: BytesInput; readonly expectedRevision: number };

export interface TransactResult {
  readonly partition: number;
  /** For each write, in order: what a put wrote, or whether there was something to delete. */
  readonly results: readonly { readonly entry: EntryMeta | null; readonly found: boolean }[];
}

export interface HistoryOptions extends GetOptions {
  /** Default: all that is known. */
  readonly limit?: number;
}

/** What a key was, from one of its revisions to the next. */
export interface KeyRevision {
  readonly kind: 'put' | 'delete' | 'expire';
  readonly partition: number;
  readonly revision: number;
  /** 0 unless put. */
  readonly version: number;
  readonly timeMs: number;
  readonly valueSizeBytes: number;
  /** Null when there was none, or it was too large to be kept. */
  readonly value: Buffer | null;
  readonly expiresAtMs: number | null;
}

export interface WatchOptions {
  /** 'now', or the position of an earlier watch. Default 'now'. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}

/** One change of one key. */
export interface WatchEvent {
  readonly kind: 'put' | 'delete' | 'expire';
  readonly key: Buffer;
  /** Empty unless put. */
  readonly value: Buffer;
  readonly partition: number;
  readonly revision: number;
  /** 0 unless put. */
  readonly version: number;
  readonly timeMs: number;
  readonly expiresAtMs: number | null;
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
  /** When the key goes by itself. */
  readonly expiresAtMs: number | null;
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
