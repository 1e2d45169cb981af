import type { HardState, LogIndex, Term } from '../../raft/types.ts';
import type { LogCut, RecoveredLog } from '../types.ts';

/** Entries on their way to the writer, as a range of the request's `bytes`. */
export interface RowRequest {
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly start: number;
  readonly end: number;
}

export interface GroupRequest {
  readonly group: number;
  /** Comes first; see `LogWrite`. */
  readonly reset: boolean;
  readonly cut: LogCut | null;
  readonly hardState: HardState | null;
  readonly rows: readonly RowRequest[];
}

/** One call of `LogStorage.write`, as the writer reads it from where it lies. */
export interface WriteRequest {
  /** Counts from 1, as a signed integer of 32 bits. */
  readonly id: number;
  readonly groups: readonly GroupRequest[];
  /** Holds the encoded entries of all groups, among other things. */
  readonly bytes: Uint8Array;
  /** What the file may grow to, or 0 for as large as the disk allows. */
  readonly sizeLimitBytes: number;
}

/** Requests after those answered as synced were not written and never will be. */
export interface WriterFailure {
  readonly code: string;
  readonly message: string;
}

/** Messages of the worker. What is on disk it says in the ring: see request-ring.ts. */
export type WriterReply = 'ready' | WriterFailure;

export interface WriterOptions {
  readonly file: string;
  /** The last transaction in the file. */
  readonly sequence: number;
  readonly groups: ReadonlyMap<number, RecoveredLog>;
}

export interface WorkerOptions extends WriterOptions {
  /** See request-ring.ts. */
  readonly ring: SharedArrayBuffer;
}
