import { EntryType, type Entry, type LogIndex } from '../../engine/raft/types.ts';
import { decodeCommand } from '../../engine/storage/codec.ts';
import { StorageUsageError } from '../../engine/storage/errors.ts';
import { applyCommand, type KvTable } from '../../engine/storage/state/apply.ts';
import { prefixEnd, scanStart } from '../../engine/storage/state/key-range.ts';
import { SESSION_LIMITS, SessionTable, type SessionLimits } from '../../engine/storage/state/sessions.ts';
import { pastAfter } from '../../engine/storage/state/history.ts';
import {
  Gone,
  type KvChange,
  type KvRow,
  type KvRowMeta,
  type MutationResult,
  type ScanOptions,
  type ScanPage,
  type StateMachine,
} from '../../engine/storage/types.ts';
import { dueKeys, firstDueMs } from '../simulation/due.ts';

/** A partition's keys in a map: the same logic as on disk over the simplest table there is. */
export class MemoryTable implements KvTable {
  readonly rows = new Map<string, KvRow>();
  sessions: SessionTable;
  /** Every row that was put, in order. */
  readonly changes: KvRow[] = [];
  revision = 0;
  timeMs = 0;

  constructor(limits: SessionLimits = SESSION_LIMITS) {
    this.sessions = new SessionTable(limits);
  }

  meta(key: Uint8Array): KvRowMeta | undefined {
    return this.rows.get(nameOf(key));
  }

  get(key: Uint8Array): KvRow | undefined {
    const row = this.rows.get(nameOf(key));
    return row?.gone === Gone.No ? { ...row, past: new Uint8Array(0) } : undefined;
  }

  put(change: KvChange): void {
    const name = nameOf(change.key);
    const former = this.rows.get(name);
    const past =
      former === undefined ? new Uint8Array(0) : pastAfter([{ meta: former, value: former.value }], former.past);
    const row = { ...change, past };
    this.rows.set(name, row);
    this.changes.push(row);
  }

  forget(key: Uint8Array): void {
    this.rows.delete(nameOf(key));
  }

  due(ofGone: boolean, timeMs: number, limit: number): Uint8Array[] {
    return dueKeys(this.rows.values(), ofGone, timeMs, limit);
  }

  get nextDueMs(): number {
    return firstDueMs(this.rows.values());
  }

  findNextDue(): void {}

  get goneCount(): number {
    return [...this.rows.values()].filter((row) => row.gone !== Gone.No).length;
  }

  get keyCount(): number {
    return this.rows.size - this.goneCount;
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
    copy.sessions.replay(this.sessions.image());
    return copy;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

/** What a state machine does for those who apply and read. */
export type PlainStateMachine = Pick<
  StateMachine,
  'appliedIndex' | 'apply' | 'get' | 'scan' | 'keyCount' | 'sizeBytes' | 'close'
>;

interface Partition {
  table: MemoryTable;
  appliedIndex: LogIndex;
}

export class MemoryStateMachine implements PlainStateMachine {
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
      .filter((row) => row.gone === Gone.No)
      .filter(({ key }) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0)
      .sort((a, b) => Buffer.compare(a.key, b.key));
    const rows: KvRow[] = [];
    let size = 0;
    for (const row of found) {
      size += keysOnly ? 0 : row.value.length;
      if (rows.length === limit || (size > maxBytes && rows.length > 0)) return { rows, more: true };
      rows.push({ ...row, past: new Uint8Array(0), ...(keysOnly ? { value: new Uint8Array(0) } : {}) });
    }
    return { rows, more: false };
  }

  keyCount(group: number): number {
    return this.#partitions.get(group)?.table.keyCount ?? 0;
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
