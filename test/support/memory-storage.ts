import { EntryType, type Entry, type HardState, type LogIndex, type LogReader } from '../../engine/raft/types.ts';
import { decodeCommand } from '../../engine/storage/codec.ts';
import { StorageUsageError } from '../../engine/storage/errors.ts';
import { applyCommand, type KvTable } from '../../engine/storage/state/apply.ts';
import { prefixEnd, scanStart } from '../../engine/storage/state/key-range.ts';
import type {
  KvRow,
  KvRowMeta,
  LogStorage,
  LogWrite,
  MutationResult,
  RecoveredLog,
  ScanOptions,
  ScanPage,
  StateMachine,
} from '../../engine/storage/types.ts';

interface GroupLog {
  hardState: HardState;
  /** Entry i has index i + 1. */
  entries: Entry[];
}

interface QueuedWrite {
  readonly batch: readonly LogWrite[];
  readonly done: (error: Error | null) => void;
}

function applyWrite(groups: Map<number, GroupLog>, { group, hardState, entries }: LogWrite): void {
  let log = groups.get(group);
  if (log === undefined) {
    log = { hardState: { term: 0, votedFor: 0, commitIndex: 0 }, entries: [] };
    groups.set(group, log);
  }
  if (hardState !== null) log.hardState = { ...hardState };
  const first = entries[0];
  if (first === undefined) return;
  if (first.index < 1 || first.index > log.entries.length + 1) {
    throw new StorageUsageError(`entry ${first.index} of group ${group} leaves a hole after ${log.entries.length}`);
  }
  log.entries.length = first.index - 1;
  for (const entry of entries) log.entries.push(entry);
}

/**
 * A disk for deterministic tests. Nothing is synced until the test says so with
 * `completeNext` or `completeAll` (or at once, with `autoComplete`); `crash` returns the
 * log as a restart finds it: what was synced, and nothing else.
 */
export class MemoryLogStorage implements LogStorage {
  /** Complete each write in a microtask instead of waiting for the test. */
  autoComplete: boolean;
  /** Every write handed over so far; a test counts them. */
  writes = 0;
  readonly #synced: Map<number, GroupLog>;
  readonly #recovered: Map<number, RecoveredLog>;
  #queue: QueuedWrite[] = [];
  #failure: Error | null = null;
  #crashed = false;

  constructor(options: { autoComplete?: boolean; synced?: Map<number, GroupLog> } = {}) {
    this.autoComplete = options.autoComplete ?? false;
    this.#synced = options.synced ?? new Map<number, GroupLog>();
    this.#recovered = new Map();
    for (const [group, { hardState, entries }] of this.#synced) {
      const last = entries.at(-1);
      this.#recovered.set(group, {
        hardState,
        snapshotIndex: 0,
        snapshotTerm: 0,
        lastIndex: last?.index ?? 0,
        lastTerm: last?.term ?? 0,
      });
    }
  }

  recovered(group: number): RecoveredLog | undefined {
    return this.#recovered.get(group);
  }

  reader(group: number): LogReader {
    return {
      entries: (from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] => {
        if (to <= from) return [];
        const found: Entry[] = [];
        let size = 0;
        for (const entry of this.#synced.get(group)?.entries.slice(from - 1, to - 1) ?? []) {
          size += entry.data.length;
          if (found.length > 0 && size > maxBytes) break;
          found.push(entry);
        }
        if (found.length === 0) throw new StorageUsageError(`entry ${from} of group ${group} is not in the log`);
        return found;
      },
      term: (index: LogIndex) => (index < 1 ? undefined : this.#synced.get(group)?.entries[index - 1]?.term),
    };
  }

  write(batch: readonly LogWrite[], done: (error: Error | null) => void): void {
    this.writes++;
    this.#queue.push({ batch, done });
    if (this.autoComplete || this.#failure !== null) queueMicrotask(() => this.completeNext());
  }

  /** Writes that wait for their sync. */
  get pending(): number {
    return this.#queue.length;
  }

  /** Syncs the oldest waiting write and reports it. False when there is none. */
  completeNext(): boolean {
    const next = this.#queue.shift();
    if (next === undefined || this.#crashed) return false;
    if (this.#failure === null) for (const write of next.batch) applyWrite(this.#synced, write);
    next.done(this.#failure);
    return true;
  }

  completeAll(): void {
    while (this.completeNext());
  }

  /** From here on every write fails, those that wait among them. */
  fail(error: Error): void {
    this.#failure = error;
    this.completeAll();
  }

  /** Power off: waiting writes are lost and never reported. Returns the disk as the next start finds it. */
  crash(): MemoryLogStorage {
    this.#crashed = true;
    this.#queue = [];
    const synced = new Map(
      [...this.#synced].map(([group, log]) => [group, { hardState: log.hardState, entries: [...log.entries] }]),
    );
    return new MemoryLogStorage({ autoComplete: this.autoComplete, synced });
  }

  sizeBytes(): number {
    let size = 0;
    for (const { entries } of this.#synced.values()) for (const { data } of entries) size += data.length;
    return size;
  }

  close(): Promise<void> {
    this.completeAll();
    return Promise.resolve();
  }
}

/** A partition's keys in a map: the same logic as on disk over the simplest table there is. */
export class MemoryTable implements KvTable {
  readonly rows = new Map<string, KvRow>();
  revision = 0;
  timeMs = 0;

  meta(key: Uint8Array): KvRowMeta | undefined {
    return this.get(key);
  }

  get(key: Uint8Array): KvRow | undefined {
    return this.rows.get(nameOf(key));
  }

  put(row: KvRow): void {
    this.rows.set(nameOf(row.key), row);
  }

  delete(key: Uint8Array): void {
    this.rows.delete(nameOf(key));
  }

  nextRevision(): number {
    return ++this.revision;
  }

  advanceTime(timeMs: number): number {
    this.timeMs = Math.max(this.timeMs, timeMs);
    return this.timeMs;
  }

  clone(): MemoryTable {
    const copy = new MemoryTable();
    for (const [name, row] of this.rows) copy.rows.set(name, row);
    copy.revision = this.revision;
    copy.timeMs = this.timeMs;
    return copy;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

interface Partition {
  table: MemoryTable;
  appliedIndex: LogIndex;
}

export class MemoryStateMachine implements StateMachine {
  readonly #partitions = new Map<number, Partition>();
  /** As of the last `sync`: what a crash leaves. */
  readonly #durable = new Map<number, Partition>();

  constructor(partitions: ReadonlyMap<number, Partition> = new Map()) {
    for (const [group, { table, appliedIndex }] of partitions) {
      this.#partitions.set(group, { table: table.clone(), appliedIndex });
      this.#durable.set(group, { table: table.clone(), appliedIndex });
    }
  }

  appliedIndex(group: number): LogIndex {
    return this.#partitions.get(group)?.appliedIndex ?? 0;
  }

  apply(group: number, entries: readonly Entry[]): readonly (readonly MutationResult[])[] {
    const first = this.appliedIndex(group) + 1;
    const commands = entries.map((entry, i) => {
      if (entry.index !== first + i) {
        throw new StorageUsageError(
          `entry ${entry.index} of group ${group} cannot be applied: the next is ${first + i}`,
        );
      }
      return entry.type === EntryType.Normal && entry.data.length > 0 ? decodeCommand(entry.data) : null;
    });
    let partition = this.#partitions.get(group);
    if (partition === undefined) {
      partition = { table: new MemoryTable(), appliedIndex: 0 };
      this.#partitions.set(group, partition);
    }
    const { table } = partition;
    const results = commands.map((command) => (command === null ? [] : applyCommand(table, command)));
    partition.appliedIndex += entries.length;
    return results;
  }

  get(group: number, key: Uint8Array): KvRow | undefined {
    return this.#partitions.get(group)?.table.get(key);
  }

  scan(group: number, { prefix, after, limit, keysOnly, maxBytes }: ScanOptions): ScanPage {
    const start = scanStart(prefix, after);
    const end = prefixEnd(prefix);
    const found = [...(this.#partitions.get(group)?.table.rows.values() ?? [])]
      .filter(({ key }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0)
      .sort((a, b) => Buffer.compare(a.key, b.key));
    const rows: KvRow[] = [];
    let size = 0;
    for (const row of found) {
      size += keysOnly ? 0 : row.value.length;
      if (rows.length === limit || (size > maxBytes && rows.length > 0)) return { rows, more: true };
      rows.push(keysOnly ? { ...row, value: new Uint8Array(0) } : row);
    }
    return { rows, more: false };
  }

  keyCount(group: number): number {
    return this.#partitions.get(group)?.table.rows.size ?? 0;
  }

  /** What was applied so far survives a crash. */
  sync(): void {
    for (const [group, { table, appliedIndex }] of this.#partitions) {
      this.#durable.set(group, { table: table.clone(), appliedIndex });
    }
  }

  /** The state machine as the next start finds it: as of the last `sync`. */
  crash(): MemoryStateMachine {
    return new MemoryStateMachine(this.#durable);
  }

  sizeBytes(): number {
    let size = 0;
    for (const { table } of this.#partitions.values()) {
      for (const { key, value } of table.rows.values()) size += key.length + value.length;
    }
    return size;
  }

  close(): void {
    this.#partitions.clear();
  }
}
