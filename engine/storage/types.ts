import type { GroupId } from '../config/ids.ts';
import type { Entry, HardState, LogIndex, LogPoint, LogReader, Membership, Term } from '../raft/types.ts';

/**
 * The log begins after this entry from now on: what is up to it is dropped. With `all`
 * nothing of what follows stays either, since the state machine was replaced.
 */
export interface LogCut extends LogPoint {
  readonly all: boolean;
}

/** What one group asks to make durable in one round. */
export interface LogWrite {
  readonly group: GroupId;
  /** Comes before the entries. */
  readonly cut: LogCut | null;
  readonly hardState: HardState | null;
  /** Contiguous. Everything from `entries[0].index` on is replaced. May be empty. */
  readonly entries: readonly Entry[];
  /**
   * The replica is given up: nothing of its log stays, `hardState` excepted. For if it comes back
   * it must not vote again in a term in which it has voted.
   */
  readonly reset?: true;
}

/** What the log held for a group when it was opened. */
export interface RecoveredLog {
  readonly hardState: HardState;
  readonly snapshotIndex: LogIndex;
  readonly snapshotTerm: Term;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}

/**
 * The Raft log of all groups of one node. `write` is asynchronous and first in, first
 * out: `done(null)` means that the whole batch is on disk and synced, in one transaction,
 * and that every batch before it is too. After an error nothing more is written:
 * the disk has to be looked at, and every later `done` gets the same error.
 */
export interface LogStorage {
  recovered(group: GroupId): RecoveredLog | undefined;
  reader(group: GroupId): LogReader;
  write(batch: readonly LogWrite[], done: (error: Error | null) => void): void;
  /** Bytes on disk. */
  sizeBytes(): number;
  /** Absent where nothing is on a disk. */
  readonly times?: LogTimes;
  close(): Promise<void>;
}

/** Totals of a log since it was opened. */
export interface LogTimes {
  readonly transactions: number;
  /** In transactions, without their syncs. */
  readonly transactionMs: number;
  readonly syncMs: number;
}

/** Whether a key is there, or why not: a key that is gone keeps a row for a while, for its history. */
export const Gone = { No: 0, Deleted: 1, Expired: 2 } as const;
export type Gone = (typeof Gone)[keyof typeof Gone];

/** One key of a partition. */
export interface KvRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly valueSizeBytes: number;
  /** The partition's mutation count when this key was last written. */
  readonly revision: number;
  /** Writes of this key since it was created, from 1. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When the key goes by itself, by the time that commands carry, or the row of one that is gone; 0: never. */
  readonly expiresAtMs: number;
  readonly gone: Gone;
  /** Earlier revisions: see history.ts. Empty where only the newest was asked for. */
  readonly past: Uint8Array;
}

/** A row as a change left it. What its past is, the table knows. */
export type KvChange = Omit<KvRow, 'past'>;

/** A row without its value and its past: what a put answers and a keys-only scan lists. */
export type KvRowMeta = Omit<KvRow, 'value' | 'past'>;

/** What a key was, from one of its revisions to the next. */
export interface KeyRevision {
  readonly kind: 'put' | 'delete' | 'expire';
  readonly revision: number;
  /** 0 unless put. */
  readonly version: number;
  readonly timeMs: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  readonly valueSizeBytes: number;
  /** Null when there is none, or it was too large to be kept. */
  readonly value: Uint8Array | null;
}

/** Why a write of a session was not applied. */
export type SessionRefusal =
  /** The session was never opened, or has expired. Whether the write was applied before, nobody knows any more. */
  | 'noSession'
  /** The client has said that it has this write's answer, or has given it up: a late copy. */
  | 'acknowledged'
  /** Too far ahead of the first write that is not acknowledged. */
  | 'tooManyOpen';

/** What one write came to that did not conflict. */
export type PlainResult =
  | { readonly kind: 'put'; readonly row: KvRowMeta }
  | { readonly kind: 'deleted'; readonly found: boolean; readonly revision: number }
  | { readonly kind: 'checked' };

/** What one mutation of a command came to. */
export type MutationResult =
  | PlainResult
  | { readonly kind: 'transaction'; readonly results: readonly PlainResult[] }
  /**
   * A condition that did not hold, `at` this place of a transaction; null when the key is not there. Without
   * the value: thousands may come of one command, and who answers looks for it.
   */
  | { readonly kind: 'conflict'; readonly at: number; readonly current: KvRowMeta | null }
  /** A session was opened for a client: the number that its writes name. */
  | { readonly kind: 'session'; readonly id: number }
  /** A write of a session that was not applied, now or ever from this entry. */
  | { readonly kind: 'refused'; readonly reason: SessionRefusal };

export interface ScanOptions {
  readonly prefix: Uint8Array;
  /** Strictly after this key; empty to start at the prefix. */
  readonly after: Uint8Array;
  readonly limit: number;
  readonly keysOnly: boolean;
  /** Stop before the values exceed this many bytes (at least one row is returned). */
  readonly maxBytes: number;
}

export interface ScanPage {
  /** In key order (unsigned bytes). With `keysOnly` the values are empty. */
  readonly rows: readonly KvRow[];
  readonly more: boolean;
}

/** What a group's state comes to besides its rows. Equal on every replica that has applied as much. */
export interface StateFacts {
  readonly appliedIndex: LogIndex;
  /** Mutations that changed something, ever. */
  readonly revision: number;
  readonly keyCount: number;
  /** The latest time any command carried. */
  readonly timeMs: number;
  /** The sum of the checksums of all rows, modulo 2^32: which rows these are, whatever their order. */
  readonly rowsChecksum: number;
  /** Client sessions ever opened. */
  readonly sessionsOpened: number;
  /** Over every open session and the answers it may still be asked for, modulo 2^32. */
  readonly sessionsChecksum: number;
  /** In force after `appliedIndex`; null while none was ever stored: then it is that of the group's beginning. */
  readonly membership: Membership | null;
}

/** One group's state as it was when this was opened, whatever is applied since. */
export interface SnapshotSource {
  readonly facts: StateFacts;
  /** The client sessions in one piece. */
  readonly sessions: Uint8Array;
  /** The next rows in key order, strictly after `after` (empty: from the first), of about so many bytes. */
  rows(after: Uint8Array, maxBytes: number): ScanPage;
  /** The same, encoded, and read beside the event loop; only where there is more than one thread. */
  readAside?(after: Uint8Array, maxBytes: number): Promise<EncodedRows>;
  close(): void;
}

/** Rows of a snapshot as they travel: `SnapshotRows` of proto/raft.proto. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** The key of the last one; the one that they were to follow when there are none. */
  readonly last: Uint8Array;
  readonly more: boolean;
}

/** A group's state on its way in. Nothing of it shows before `install`. */
export interface SnapshotSink {
  /** In key order. */
  write(rows: readonly KvRow[]): void;
  /** The next part of the client sessions. */
  writeSessions(bytes: Uint8Array): void;
  /**
   * Replaces the group's state in one durable step: a crash leaves the old or the new. False,
   * and the old stays, when rows or sessions are not those that the facts promised.
   */
  install(): boolean;
  abort(): void;
}

/**
 * The state machines of all groups of one node. Synchronous. What was applied may reach the
 * disk later, or never: after any crash a group is as it was after some batch, with the applied
 * index of that time, and what is missing is applied again from the log.
 */
export interface StateMachine {
  /** 0 for a group never applied to. */
  appliedIndex(group: GroupId): LogIndex;
  /**
   * Applies committed entries in order and returns, for each entry, what each of its
   * mutations came to (an empty list for an entry without data). Entries at or below
   * the applied index are refused with an error: the caller has lost count. `membership` is
   * the one in force after the last of them, when it is another than what is stored.
   */
  apply(group: GroupId, entries: readonly Entry[], membership?: Membership): readonly (readonly MutationResult[])[];
  /** The membership that belongs to the applied index; null when none was ever stored. */
  membership(group: GroupId): Membership | null;
  /**
   * Where the log of the replica ended when this node last gave it up; null if it never did. A
   * replica that was given up is no founding member of its group any more.
   */
  givenUpAt(group: GroupId): LogPoint | null;
  get(group: GroupId, key: Uint8Array): KvRow | undefined;
  scan(group: GroupId, options: ScanOptions): ScanPage;
  /** What is still known of a key, the newest first. */
  history(group: GroupId, key: Uint8Array): readonly KeyRevision[];
  /** What the last `apply` changed, in order: rows as it left them, those that are gone among them. */
  lastChanges(): readonly KvChange[];
  /** No key or trace of one is due before this time; Infinity when none has one. */
  nextDueMs(group: GroupId): number;
  /** Changes ever made to the keys. */
  revision(group: GroupId): number;
  keyCount(group: GroupId): number;
  /** Client sessions that are open. */
  sessionCount(group: GroupId): number;
  /** What would still be applied after a power failure now. */
  durableIndex(group: GroupId): LogIndex;
  /** Somebody waits for `durableIndex` to come up to this one: it does soon. */
  makeDurable(group: GroupId, index: LogIndex): void;
  openSnapshot(group: GroupId): SnapshotSource;
  /** `term` is that of the entry at `facts.appliedIndex`. Ends what was begun for the group before. */
  beginRestore(group: GroupId, facts: StateFacts, term: Term): SnapshotSink;
  /** Where the snapshot ended that was installed last; null when there was none. Its log begins there or later. */
  restoredPoint(group: GroupId): LogPoint | null;
  /** Does a little of what can wait, such as freeing the space of what was replaced. */
  tidy(): void;
  sizeBytes(): number;
  close(): void;
}

/**
 * Gives up replicas for good. Between `beginDrop` and `finishDrop` the log of the group is reset;
 * both may be repeated, and after a crash in between they must be.
 */
export interface ReplicaDrops {
  /** Durable when it returns; nothing is gone yet. `end` is where the log ends now. */
  beginDrop(group: GroupId, end: LogPoint): void;
  /** The rows, the applied index and the membership are gone, durably; the group may begin anew, with nothing. */
  finishDrop(group: GroupId): void;
  /** Begun and not finished. */
  dropsBegun(): readonly GroupId[];
}
