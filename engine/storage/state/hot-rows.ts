import type { KvRowMeta } from '../types.ts';

/** A row as it is in the database. */
export interface HotRow {
  readonly rowId: number | bigint;
  readonly checksum: number;
  readonly meta: Omit<KvRowMeta, 'key'>;
  /** Null when it is large: then it is in the database alone. */
  readonly value: Uint8Array | null;
  readonly past: Uint8Array;
}

/** Of both generations together. Keys that are written again and again are few. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What a row costs besides its value, its history and twice its name. */
const OVERHEAD_BYTES = 400;

/**
 * Rows that were overwritten of late, so that the next overwrite need not read them, nor those who
 * ask for them: reading and checking a row costs more than writing it. Two generations in place of an order of use:
 * what is used moves to the younger one, and when that is full the older one is forgotten.
 */
export class HotRows {
  #young = new Map<object, Map<string, HotRow>>();
  #old = new Map<object, Map<string, HotRow>>();
  #youngBytes = 0;
  readonly #maxYoungBytes: number;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxYoungBytes = maxBytes / 2;
  }

  /** The row of a key of a table as it was committed last; undefined when that is not known. */
  find(table: object, name: string): HotRow | undefined {
    return this.#young.get(table)?.get(name) ?? this.#old.get(table)?.get(name);
  }

  /** Only what is committed. */
  keep(table: object, name: string, row: HotRow): void {
    let rows = this.#young.get(table);
    if (rows === undefined) {
      rows = new Map();
      this.#young.set(table, rows);
    }
    const before = rows.get(name);
    this.#youngBytes += before === undefined ? OVERHEAD_BYTES + 2 * name.length : -bytesOf(before);
    this.#youngBytes += bytesOf(row);
    rows.set(name, row);
    if (this.#youngBytes <= this.#maxYoungBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  forget(table: object, name: string): void {
    this.#young.get(table)?.delete(name);
    this.#old.get(table)?.delete(name);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#youngBytes = 0;
  }
}

function bytesOf({ value, past }: HotRow): number {
  return (value?.length ?? 0) + past.length;
}
