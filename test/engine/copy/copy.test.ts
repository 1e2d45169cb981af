import { describe, expect, it } from 'vitest';
import {
  copyKeys,
  type CopyCheckpoint,
  type CopyOptions,
  type CreateResult,
  type KeyStore,
} from '../../../engine/copy/index.ts';

/** A cluster in memory. */
class MapStore implements KeyStore {
  readonly title = 'map';
  readonly keys: Map<string, string>;
  writes = 0;
  /** Called before each write. */
  onWrite: (key: string) => void = () => undefined;

  constructor(keys: Record<string, string>) {
    this.keys = new Map(Object.entries(keys));
  }

  async page(prefix: Buffer, after: Buffer, limit: number) {
    return [...this.keys]
      .filter(([key]) => key.startsWith(prefix.toString()) && key > after.toString())
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
  }

  async get(key: Buffer): Promise<Buffer | null> {
    const value = this.keys.get(key.toString());
    return value === undefined ? null : Buffer.from(value);
  }

  async create(key: Buffer, value: Buffer): Promise<CreateResult> {
    const there = this.keys.get(key.toString());
    if (there !== undefined) return { outcome: 'exists', value: Buffer.from(there) };
    await this.overwrite(key, value);
    return { outcome: 'created' };
  }

  async overwrite(key: Buffer, value: Buffer): Promise<void> {
    this.onWrite(key.toString());
    this.writes += 1;
    this.keys.set(key.toString(), value.toString());
  }

  readonly position = null;

  async remove(key: Buffer): Promise<void> {
    this.keys.delete(key.toString());
  }

  follow(): never {
    throw new Error('there are no changes to tell');
  }

  close(): void {
    // Nothing is open.
  }
}

const source = { 'a/1': 'one', 'a/2': 'two', 'b/1': 'three' };

function copy(from: KeyStore, to: KeyStore, options: Partial<CopyOptions> = {}) {
  return copyKeys({
    from,
    to,
    prefix: Buffer.alloc(0),
    onConflict: 'fail',
    dryRun: false,
    verify: true,
    keysPerSecond: null,
    resume: null,
    checkpoint: async () => undefined,
    progress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  });
}

const many = Object.fromEntries(Array.from({ length: 1_750 }, (_, i) => [`k${String(i).padStart(5, '0')}`, `v${i}`]));

describe('copying keys', () => {
  it('takes all with the prefix, and a second run writes nothing', async () => {
    const to = new MapStore({});
    const first = await copy(new MapStore(source), to, { prefix: Buffer.from('a/') });
    expect(first).toMatchObject({ isComplete: true, counts: { read: 2, written: 2, bytes: 6 } });
    expect([...to.keys.keys()].sort()).toEqual(['a/1', 'a/2']);
    const second = await copy(new MapStore(source), to, { prefix: Buffer.from('a/') });
    expect(second.counts).toMatchObject({ written: 0, same: 2 });
    expect(to.writes).toBe(2);
  });

  it('goes by the policy where the target has another value', async () => {
    const target = () => new MapStore({ 'a/2': 'mine' });
    await expect(copy(new MapStore(source), target())).rejects.toThrow('"a/2" is in the target with another value.');
    const skipping = target();
    expect((await copy(new MapStore(source), skipping, { onConflict: 'skip' })).counts).toMatchObject({ skipped: 1 });
    expect(skipping.keys.get('a/2')).toBe('mine');
    const overwriting = target();
    await copy(new MapStore(source), overwriting, { onConflict: 'overwrite' });
    expect(Object.fromEntries(overwriting.keys)).toEqual(source);
  });

  it('foresees without writing', async () => {
    const to = new MapStore({ 'a/1': 'one', 'a/2': 'mine' });
    const { counts } = await copy(new MapStore(source), to, { onConflict: 'overwrite', dryRun: true });
    expect(counts).toMatchObject({ read: 3, written: 2, same: 1 });
    expect(to.writes).toBe(0);
  });

  it('goes on behind its last checkpoint', async () => {
    const to = new MapStore({});
    const checkpoints: CopyCheckpoint[] = [];
    to.onWrite = (key) => {
      if (key === 'k01200') throw new Error('gone');
    };
    const checkpoint = async (one: CopyCheckpoint) => void checkpoints.push(one);
    await expect(copy(new MapStore(many), to, { checkpoint })).rejects.toThrow('"k01200" was not copied: gone');
    expect(checkpoints.map(({ counts }) => counts.read)).toEqual([500, 1_000]);
    to.onWrite = () => undefined;
    const { counts } = await copy(new MapStore(many), to, { resume: checkpoints.at(-1)! });
    expect(counts.read).toBe(1_750);
    expect(Object.fromEntries(to.keys)).toEqual(many);
  });

  it('ends in order when it is told to', async () => {
    const stop = new AbortController();
    const to = new MapStore({});
    const progress = () => stop.abort();
    const { counts, isComplete } = await copy(new MapStore(many), to, { progress, signal: stop.signal });
    expect({ isComplete, read: counts.read }).toEqual({ isComplete: false, read: 500 });
  });

  it('begins no more keys a second than allowed', async () => {
    const startedMs = performance.now();
    await copy(new MapStore(source), new MapStore({}), { keysPerSecond: 20 });
    // The first begins at once, the third 100 ms later.
    expect(performance.now() - startedMs).toBeGreaterThan(90);
  });

  it('notices a target that something else writes to', async () => {
    const to = new MapStore({});
    to.get = async () => Buffer.from('other');
    await expect(copy(new MapStore(source), to)).rejects.toThrow(/reads back differently/);
  });
});
