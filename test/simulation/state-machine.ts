import { SYSTEM_GROUP, type GroupId } from '../../engine/config/ids.ts';
import { NO_MEMBERSHIP } from '../../engine/raft/membership.ts';
import {
  EntryType,
  type Entry,
  type LogIndex,
  type LogPoint,
  type Membership,
  type Term,
} from '../../engine/raft/types.ts';
import { decodeCommand, type Command } from '../../engine/storage/codec.ts';
import { StorageUsageError, StorageWriteError } from '../../engine/storage/errors.ts';
import { applyCommand, type KvTable, type TimeLimits } from '../../engine/storage/state/apply.ts';
import { historyOf, pastAfter } from '../../engine/storage/state/history.ts';
import { SessionTable, type SessionLimits } from '../../engine/storage/state/sessions.ts';
import {
  Gone,
  type KeyRevision,
  type KvChange,
  type KvRow,
  type KvRowMeta,
  type MutationResult,
  type ReplicaDrops,
  type ScanOptions,
  type ScanPage,
  type SnapshotSink,
  type SnapshotSource,
  type StateFacts,
  type StateMachine,
} from '../../engine/storage/types.ts';
import { dueKeys, firstDueMs } from './due.ts';
import type { Random } from './random.ts';

/** Told after each entry, with what the whole group then comes to. */
export interface AppliedEntry {
  readonly group: GroupId;
  readonly entry: Entry;
  readonly command: Command | null;
  readonly results: readonly MutationResult[];
  readonly contentHash: number;
  /** Changes ever made to the rows. */
  readonly revision: number;
  /** Keys that this entry let expire. */
  readonly expired: readonly KvRow[];
}

/** Sessions that fill many records are stored anew as a whole: early, so that it happens in every run. */
const FOLD_BYTES = 500;

/** A record of sessions as it was stored, and what was stored before it. */
interface StoredRecord {
  readonly bytes: Uint8Array;
  readonly before: StoredRecord | null;
}

interface StoredRow {
  readonly row: KvRow;
  readonly hash: number;
}

interface Change {
  readonly name: string;
  readonly before: StoredRow | undefined;
}

/** What takes one batch back: the applied index and the rows are one transaction. */
interface UndoBatch {
  readonly table: MemoryTable;
  readonly appliedIndex: LogIndex;
  readonly revision: number;
  readonly timeMs: number;
  readonly rowsHash: number;
  readonly records: StoredRecord | null;
  readonly membership: Membership | null;
  readonly changes: Change[];
  /** Written to the database, though not synced: it outlives the process. */
  isFlushed: boolean;
}

const NOTHING: Uint8Array = new Uint8Array(0);

function fold(hash: number, bytes: Uint8Array): number {
  let h = hash;
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return h;
}

function rowHash(row: KvRow): number {
  let h = fold(0x811c9dc5, row.key);
  h = fold(Math.imul(h ^ row.revision, 0x85ebca6b), row.value);
  h = Math.imul(h ^ row.version, 0xc2b2ae35);
  h = Math.imul(h ^ (row.updatedAtMs | 0), 0x85ebca6b);
  h = Math.imul(h ^ (row.expiresAtMs | 0), 0xc2b2ae35);
  h = fold(Math.imul(h ^ row.gone, 0x85ebca6b), row.past);
  return h ^ (h >>> 16);
}

function nameOf(key: Uint8Array): string {
  let name = '';
  for (let i = 0; i < key.length; i++) name += String.fromCharCode(key[i]!);
  return name;
}

/** The rows of one group, with a hash of all of them that costs nothing to keep. */
class MemoryTable implements KvTable {
  readonly rows = new Map<string, StoredRow>();
  appliedIndex = 0;
  revision = 0;
  timeMs = 0;
  rowsHash = 0;
  membership: Membership | null = null;
  changes: Change[] = [];
  /** Rows in the order in which they were put. */
  written: KvRow[] = [];
  nextDueMs = Infinity;
  goneCount = 0;
  sessions: SessionTable;
  /** What is stored of the sessions. */
  records: StoredRecord | null = null;
  readonly #limits: SessionLimits;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
    this.sessions = new SessionTable(limits, FOLD_BYTES);
  }

  /** Of rows and sessions. */
  get contentHash(): number {
    return (this.rowsHash + this.sessions.checksum) | 0;
  }

  meta(key: Uint8Array): KvRowMeta | undefined {
    return this.rows.get(nameOf(key))?.row;
  }

  get(key: Uint8Array): KvRow | undefined {
    const row = this.rows.get(nameOf(key))?.row;
    return row?.gone === Gone.No ? row : undefined;
  }

  put(change: KvChange): void {
    const former = this.rows.get(nameOf(change.key))?.row;
    this.#putRow({
      ...change,
      past: former === undefined ? NOTHING : pastAfter([{ meta: former, value: former.value }], former.past),
    });
  }

  #putRow(row: KvRow): void {
    this.#replace(nameOf(row.key), { row, hash: rowHash(row) });
    this.written.push(row);
    if (row.expiresAtMs > 0) this.nextDueMs = Math.min(this.nextDueMs, row.expiresAtMs);
  }

  forget(key: Uint8Array): void {
    this.#replace(nameOf(key), undefined);
  }

  *#allRows(): Generator<KvRow> {
    for (const { row } of this.rows.values()) yield row;
  }

  due(ofGone: boolean, timeMs: number, limit: number): Uint8Array[] {
    return dueKeys(this.#allRows(), ofGone, timeMs, limit);
  }

  findNextDue(): void {
    this.nextDueMs = firstDueMs(this.#allRows());
  }

  nextRevision(): number {
    return ++this.revision;
  }

  advanceTime(timeMs: number): number {
    this.timeMs = Math.max(this.timeMs, timeMs);
    return this.timeMs;
  }

  /** The batch is over: what it changed of the sessions is stored with its rows. */
  storeSessions(): void {
    const record = this.sessions.takeRecord();
    if (record !== null) this.records = { bytes: record.bytes, before: record.isImage ? null : this.records };
  }

  /** The process has started anew: it knows what is stored. */
  reload(): void {
    const stored: Uint8Array[] = [];
    for (let at = this.records; at !== null; at = at.before) stored.push(at.bytes);
    this.sessions = new SessionTable(this.#limits, FOLD_BYTES);
    for (const record of stored.toReversed()) this.sessions.replay(record);
  }

  restore({ appliedIndex, revision, timeMs, rowsHash, records, membership, changes }: UndoBatch): void {
    this.appliedIndex = appliedIndex;
    this.revision = revision;
    this.timeMs = timeMs;
    this.rowsHash = rowsHash;
    this.records = records;
    this.membership = membership;
    for (const { name, before } of changes.toReversed()) {
      if (before === undefined) this.rows.delete(name);
      else this.rows.set(name, before);
    }
    this.goneCount = 0;
    for (const { gone } of this.#allRows()) if (gone !== Gone.No) this.goneCount++;
    this.findNextDue();
  }

  replaceBy(rows: readonly KvRow[], sessions: Uint8Array, facts: StateFacts): void {
    this.rows.clear();
    this.rowsHash = 0;
    this.goneCount = 0;
    this.nextDueMs = Infinity;
    this.records = { bytes: sessions, before: null };
    this.reload();
    for (const row of rows) this.#putRow(row);
    this.changes = [];
    this.appliedIndex = facts.appliedIndex;
    this.revision = facts.revision;
    this.timeMs = facts.timeMs;
    this.membership = facts.membership;
  }

  #replace(name: string, after: StoredRow | undefined): void {
    const before = this.rows.get(name);
    this.changes.push({ name, before });
    this.goneCount += Number(after?.row.gone !== Gone.No && after !== undefined);
    this.goneCount -= Number(before?.row.gone !== Gone.No && before !== undefined);
    this.rowsHash = (this.rowsHash - (before?.hash ?? 0) + (after?.hash ?? 0)) | 0;
    if (after === undefined) this.rows.delete(name);
    else this.rows.set(name, after);
  }
}

/**
 * The state machines of one node, with the engine's own logic over tables in memory. The
 * last batches of each group are not durable: the end of the process takes some of them back,
 * newest first, as it does what is not in the database yet, and a power failure also what is
 * there and not synced.
 */
export class SimulatedStateMachine implements StateMachine, ReplicaDrops {
  readonly #tables = new Map<GroupId, MemoryTable>();
  readonly #restored = new Map<GroupId, LogPoint>();
  readonly #founders: (group: GroupId) => Membership | null;
  readonly #onRestored: (group: GroupId, point: LogPoint, contentHash: number) => void;
  readonly #sessionLimits: SessionLimits;
  readonly #timeLimits: TimeLimits;
  #lastChanges: readonly KvRow[] = [];
  readonly #unsyncedBatches: number;
  readonly #onApplied: (applied: AppliedEntry) => void;
  /** Replicas that were deleted, and where their logs ended. */
  readonly #forgotten = new Map<GroupId, LogPoint>();
  /** Those that are on their way out. */
  readonly #dropsBegun = new Set<GroupId>();
  /** The rows of the one restore of each group that goes on. */
  readonly #restores = new Map<GroupId, KvRow[]>();
  /** What takes back the last batches of each group, the oldest first. */
  readonly #undo = new Map<GroupId, UndoBatch[]>();
  /** A full disk: the next batch fails. */
  failNextApply = false;

  /** `founders` says what a group begins with, when that is not what the genesis says. */
  constructor(
    founders: (group: GroupId) => Membership | null,
    sessionLimits: SessionLimits,
    timeLimits: TimeLimits,
    unsyncedBatches: number,
    onApplied: (applied: AppliedEntry) => void,
    onRestored: (group: GroupId, point: LogPoint, contentHash: number) => void,
  ) {
    this.#founders = founders;
    this.#onRestored = onRestored;
    this.#sessionLimits = sessionLimits;
    this.#timeLimits = timeLimits;
    this.#unsyncedBatches = unsyncedBatches;
    this.#onApplied = onApplied;
  }

  appliedIndex(group: GroupId): LogIndex {
    return this.#tables.get(group)?.appliedIndex ?? 0;
  }

  contentHash(group: GroupId): number {
    return this.#tables.get(group)?.contentHash ?? 0;
  }

  membership(group: GroupId): Membership | null {
    return this.#tables.get(group)?.membership ?? this.#beginning(group);
  }

  givenUpAt(group: GroupId): LogPoint | null {
    return this.#forgotten.get(group) ?? null;
  }

  apply(group: GroupId, entries: readonly Entry[], membership?: Membership): readonly (readonly MutationResult[])[] {
    if (this.failNextApply) throw new StorageWriteError('the simulated disk is full', 'SQLITE_FULL');
    const table = this.#table(group);
    const { appliedIndex, revision, timeMs, rowsHash, records } = table;
    table.changes = [];
    table.written = [];
    const undo = {
      table,
      appliedIndex,
      revision,
      timeMs,
      rowsHash,
      records,
      membership: table.membership,
      changes: table.changes,
      isFlushed: false,
    };
    if (membership !== undefined) table.membership = membership;
    const results = entries.map((entry) => this.#applyOne(group, table, entry));
    table.storeSessions();
    this.#lastChanges = table.written;
    if (this.#unsyncedBatches > 0) this.#keepUndo(group, undo, membership !== undefined);
    return results;
  }

  get(group: GroupId, key: Uint8Array): KvRow | undefined {
    return this.#tables.get(group)?.get(key);
  }

  /** In no order: nothing in a simulation scans. */
  scan(group: GroupId, { limit }: ScanOptions): ScanPage {
    const rows = [...(this.#tables.get(group)?.rows.values() ?? [])].map(({ row }) => row);
    return { rows: rows.slice(0, limit), more: rows.length > limit };
  }

  history(group: GroupId, key: Uint8Array): readonly KeyRevision[] {
    const row = this.#tables.get(group)?.rows.get(nameOf(key))?.row;
    return row === undefined ? [] : historyOf(row);
  }

  lastChanges(): readonly KvRow[] {
    return this.#lastChanges;
  }

  nextDueMs(group: GroupId): number {
    return this.#tables.get(group)?.nextDueMs ?? Infinity;
  }

  revision(group: GroupId): number {
    return this.#tables.get(group)?.revision ?? 0;
  }

  sessionCount(group: GroupId): number {
    return this.#tables.get(group)?.sessions.count ?? 0;
  }

  keyCount(group: GroupId): number {
    const table = this.#tables.get(group);
    return table === undefined ? 0 : table.rows.size - table.goneCount;
  }

  /** What no power failure takes back: what was there before the oldest batch that one can. */
  durableIndex(group: GroupId): LogIndex {
    const table = this.#tables.get(group);
    if (table === undefined) return 0;
    return this.#undo.get(group)?.[0]?.appliedIndex ?? table.appliedIndex;
  }

  /** It becomes durable by itself. */
  makeDurable(): void {}

  openSnapshot(group: GroupId): SnapshotSource {
    const { appliedIndex, revision, timeMs, rowsHash, rows, sessions, membership } = this.#table(group);
    const sorted = [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { row }]) => row);
    return {
      facts: {
        appliedIndex,
        revision,
        keyCount: sorted.filter(({ gone }) => gone === Gone.No).length,
        timeMs,
        rowsChecksum: rowsHash >>> 0,
        sessionsOpened: sessions.opened,
        sessionsChecksum: sessions.checksum,
        membership,
      },
      sessions: sessions.image(),
      rows: (after, maxBytes) => {
        const name = nameOf(after);
        const rest = sorted.filter((row) => nameOf(row.key) > name);
        const page = rest.slice(0, Math.max(1, Math.floor(maxBytes / 100_000)));
        return { rows: page, more: page.length < rest.length };
      },
      close: () => {},
    };
  }

  beginRestore(group: GroupId, facts: StateFacts, term: Term): SnapshotSink {
    const rows: KvRow[] = [];
    const sessions: Uint8Array[] = [];
    this.#restores.set(group, rows);
    const mustGoOn = (): void => {
      if (this.#restores.get(group) !== rows) throw new StorageUsageError(`the restore of group ${group} has ended`);
    };
    return {
      write: (more) => {
        mustGoOn();
        rows.push(...more);
      },
      writeSessions: (bytes) => void sessions.push(bytes),
      install: () => {
        mustGoOn();
        this.#restores.delete(group);
        if (this.failNextApply) throw new StorageWriteError('the simulated disk is full', 'SQLITE_FULL');
        const table = this.#table(group);
        table.replaceBy(rows, Buffer.concat(sessions), facts);
        this.#undo.delete(group);
        const point = { index: facts.appliedIndex, term };
        this.#restored.set(group, point);
        this.#onRestored(group, point, table.contentHash);
        return true;
      },
      abort: () => {
        if (this.#restores.get(group) === rows) this.#restores.delete(group);
      },
    };
  }

  restoredPoint(group: GroupId): LogPoint | null {
    return this.#restored.get(group) ?? null;
  }

  tidy(): void {}

  sizeBytes(): number {
    return 0;
  }

  close(): void {
    this.#undo.clear();
  }

  /** The process died, with `power` because the machine did: the last batches may be gone. Returns how many. */
  crash(power: boolean, random: Random): number {
    let lost = 0;
    for (const batches of this.#undo.values()) {
      const atRisk = power ? batches : batches.filter(({ isFlushed }) => !isFlushed);
      const count = random.below(atRisk.length + 1);
      for (const undo of batches.slice(batches.length - count).toReversed()) undo.table.restore(undo);
      lost += count;
    }
    // A node that starts again begins with a checkpoint.
    this.#undo.clear();
    this.failNextApply = false;
    for (const table of this.#tables.values()) table.reload();
    return lost;
  }

  #keepUndo(group: GroupId, undo: UndoBatch, isMembership: boolean): void {
    const batches = this.#undo.get(group) ?? [];
    this.#undo.set(group, batches);
    batches.push(undo);
    if (batches.length > this.#unsyncedBatches) batches.shift();
    // As the engine's state machine does: who serves what, and who votes, waits for nothing.
    if (isMembership || group === SYSTEM_GROUP) for (const batch of batches) batch.isFlushed = true;
  }

  /** A replica is deleted, and nothing is known of its members from then on. Only while nobody works on it. */
  forget(group: GroupId, end: LogPoint): void {
    this.#undo.delete(group);
    this.#tables.delete(group);
    this.#restored.delete(group);
    this.#forgotten.set(group, end);
  }

  beginDrop(group: GroupId, end: LogPoint): void {
    this.#dropsBegun.add(group);
    this.#forgotten.set(group, end);
  }

  finishDrop(group: GroupId): void {
    this.#restores.delete(group);
    this.#dropsBegun.delete(group);
    this.forget(group, this.#forgotten.get(group)!);
  }

  dropsBegun(): readonly GroupId[] {
    return [...this.#dropsBegun];
  }

  #beginning(group: GroupId): Membership | null {
    return this.#forgotten.has(group) ? NO_MEMBERSHIP : this.#founders(group);
  }

  #table(group: GroupId): MemoryTable {
    let table = this.#tables.get(group);
    if (table === undefined) {
      table = new MemoryTable(this.#sessionLimits);
      table.membership = this.#beginning(group);
      this.#tables.set(group, table);
    }
    return table;
  }

  #applyOne(group: GroupId, table: MemoryTable, entry: Entry): readonly MutationResult[] {
    if (entry.index !== table.appliedIndex + 1) {
      throw new StorageUsageError(`entry ${entry.index} cannot be applied: the next one is ${table.appliedIndex + 1}`);
    }
    const isCommand = entry.type === EntryType.Normal && entry.data.length > 0;
    const command = isCommand ? decodeCommand(entry.data) : null;
    const from = table.written.length;
    const results = command === null ? [] : applyCommand(table, command, this.#timeLimits);
    table.appliedIndex = entry.index;
    const expired = table.written.slice(from).filter(({ gone }) => gone === Gone.Expired);
    this.#onApplied({
      group,
      entry,
      command,
      results,
      contentHash: table.contentHash,
      revision: table.revision,
      expired,
    });
    return results;
  }
}
