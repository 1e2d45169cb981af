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

/** One call of `LogStorage.write`. */
export interface WriteRequest {
  readonly kind: 'write';
  readonly id: number;
  readonly groups: readonly GroupRequest[];
  /** Encoded entries of all groups; the buffer is handed over, not copied. */
  readonly bytes: Uint8Array;
  /** What the file may grow to, or 0 for as large as the disk allows. */
  readonly sizeLimitBytes: number;
}

export type WriterRequest = WriteRequest | { readonly kind: 'close' };

export type WriterReply =
  | { readonly kind: 'ready' }
  /** Everything up to and including request `id` is on disk. */
  | { readonly kind: 'synced'; readonly id: number; readonly transactionMs: number; readonly syncMs: number }
  /** Requests after those reported as synced were not written and never will be. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export interface WriterOptions {
  readonly file: string;
  /** The last transaction in the file. */
  readonly sequence: number;
  readonly groups: ReadonlyMap<number, RecoveredLog>;
}
