import { ChangesLostError, type ChangeBatch, type CreateResult, type KeyStore } from '../../../engine/copy/index.ts';
import type { KeyChange, PageOptions, Pair } from '../../../engine/copy/index.ts';

const PAGE_KEYS = 500;

/** A cluster in memory that remembers every change. Keys are latin1 text, so that any byte may be in them. */
export class MemoryStore implements KeyStore {
  readonly title: string;
  readonly keys = new Map<string, Pair>();
  readonly history: KeyChange[] = [];
  /** Changes before this one are no longer known. */
  floor = 0;
  writes = 0;
  maxValueBytes = Infinity;
  /** Called before each write, and before each page that is read. */
  onWrite: (key: string) => void | Promise<void> = () => undefined;
  onPage: (number: number) => void | Promise<void> = () => undefined;
  #listeners = new Set<() => void>();
  #pages = 0;

  constructor(keys: Record<string, string> = {}, title = 'memory') {
    this.title = title;
    for (const [key, value] of Object.entries(keys)) this.set(key, value);
  }

  get text(): Record<string, string> {
    return Object.fromEntries([...this.keys].map(([key, { value }]) => [key, value.toString()]));
  }

  /** As a client of the cluster does, not as copying does. */
  set(key: string, value: string | Buffer, expiresAtMs: number | null = null): void {
    const pair = { key: Buffer.from(key, 'latin1'), value: Buffer.from(value), expiresAtMs };
    this.keys.set(key, pair);
    this.#tell(pair);
  }

  unset(key: string): void {
    this.keys.delete(key);
    this.#tell({ key: Buffer.from(key, 'latin1'), value: null, expiresAtMs: null });
  }

  async identity(): Promise<string> {
    return this.title;
  }

  async *pages(prefix: Buffer, { after }: PageOptions): AsyncGenerator<readonly Pair[], void, undefined> {
    let last = after;
    for (;;) {
      await this.onPage(++this.#pages);
      const page = [...this.keys.values()]
        .filter(({ key }) => key.subarray(0, prefix.length).equals(prefix) && Buffer.compare(key, last) > 0)
        .sort((a, b) => Buffer.compare(a.key, b.key))
        .slice(0, PAGE_KEYS);
      if (page.length === 0) return;
      yield page;
      last = page.at(-1)!.key;
    }
  }

  async get(key: Buffer): Promise<Buffer | null> {
    return this.keys.get(key.toString('latin1'))?.value ?? null;
  }

  async create(pair: Pair): Promise<CreateResult> {
    const there = this.keys.get(pair.key.toString('latin1'));
    if (there !== undefined) return { outcome: 'exists', value: there.value };
    await this.overwrite(pair);
    return { outcome: 'created' };
  }

  async overwrite({ key, value, expiresAtMs }: Pair): Promise<void> {
    const name = key.toString('latin1');
    await this.onWrite(name);
    this.writes += 1;
    this.set(name, value, expiresAtMs);
  }

  async remove(key: Buffer): Promise<void> {
    this.unset(key.toString('latin1'));
  }

  refusal({ value }: Pair): string | null {
    return value.length > this.maxValueBytes ? 'the value is too large.' : null;
  }

  async position(): Promise<string> {
    return String(this.history.length);
  }

  async *follow(prefix: Buffer, position: string, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
    for (let at = Number(position); !signal.aborted; at++) {
      if (at < this.floor) throw new ChangesLostError(this.title);
      while (at >= this.history.length && !signal.aborted) await this.#changed(signal);
      const change = this.history[at];
      if (change === undefined) return;
      const isMeant = change.key.subarray(0, prefix.length).equals(prefix);
      yield { changes: isMeant ? [change] : [], position: String(at + 1) };
    }
  }

  close(): void {
    // Nothing is open.
  }

  async #changed(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#listeners.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#listeners.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #tell(change: KeyChange): void {
    this.history.push(change);
    for (const wake of this.#listeners) wake();
  }
}
