import type { KeySpace } from '../../../electron/backend/keys/key-space.ts';
import type { KeyEntry } from '../../../electron/contract/model.ts';

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');

/** A key space in memory: what the calls over many keys are tested on. */
export class MemoryKeys implements KeySpace {
  readonly #entries = new Map<string, KeyEntry>();
  #revision = 0;
  /** Keys whose reads and writes fail, as base64. */
  readonly broken = new Set<string>();
  scans = 0;

  constructor(pairs: Iterable<readonly [Uint8Array | string, Uint8Array | string]> = []) {
    for (const [key, value] of pairs) this.#write(base64(key), base64(value));
  }

  has(key: string): boolean {
    return this.#entries.has(base64(key));
  }

  valueOf(key: string): string | undefined {
    const entry = this.#entries.get(base64(key));
    return entry === undefined ? undefined : Buffer.from(entry.value, 'base64').toString();
  }

  async scan({ prefix, after, limit }: Parameters<KeySpace['scan']>[0]) {
    this.scans += 1;
    const [begin, from] = [Buffer.from(prefix, 'base64'), Buffer.from(after, 'base64')];
    const keys = [...this.#entries.values()]
      .map((entry) => ({ entry, bytes: Buffer.from(entry.key, 'base64') }))
      .filter(({ bytes }) => bytes.subarray(0, begin.length).equals(begin))
      .filter(({ bytes }) => after === '' || Buffer.compare(bytes, from) > 0)
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ entry: { value: _value, ...meta } }) => meta);
    const page = keys.slice(0, limit);
    return { keys: page, next: keys.length > limit ? (page.at(-1)?.key ?? null) : null, costMs: 1 };
  }

  async get(key: string) {
    this.#check(key);
    return { entry: this.#entries.get(key) ?? null, partition: 0, leader: 1, costMs: 1, stalenessMs: null };
  }

  async put(key: string, value: string, expectedRevision: number | null) {
    this.#check(key);
    const current = this.#entries.get(key) ?? null;
    if (expectedRevision !== null && expectedRevision !== (current?.revision ?? 0)) {
      return { outcome: 'conflict' as const, current };
    }
    return { outcome: 'saved' as const, entry: this.#write(key, value) };
  }

  async delete(key: string, expectedRevision: number | null) {
    this.#check(key);
    const current = this.#entries.get(key) ?? null;
    if (expectedRevision !== null && expectedRevision !== (current?.revision ?? 0)) {
      return { outcome: 'conflict' as const, current };
    }
    return { outcome: 'deleted' as const, found: this.#entries.delete(key) };
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }

  #check(key: string): void {
    if (this.broken.has(key)) throw new Error('this key is broken');
  }

  #write(key: string, value: string): KeyEntry {
    this.#revision += 1;
    const valueSizeBytes = Buffer.from(value, 'base64').length;
    const entry = {
      key,
      value,
      partition: 0,
      revision: this.#revision,
      version: 1,
      valueSizeBytes,
      createdAtMs: 1,
      updatedAtMs: 1,
    };
    this.#entries.set(key, entry);
    return entry;
  }
}
