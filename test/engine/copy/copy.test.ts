import { describe, expect, it } from 'vitest';
import { atBeginning, copyKeys, type CopyOptions, type Notable, type Progress } from '../../../engine/copy/index.ts';
import { EtcdError } from '../../../engine/etcd/index.ts';
import { MemoryStore } from './memory-store.ts';

const source = { 'a/1': 'one', 'a/2': 'two', 'b/1': 'three' };

function copy(from: MemoryStore, to: MemoryStore, options: Partial<CopyOptions> = {}) {
  return copyKeys({
    from,
    to,
    prefix: Buffer.alloc(0),
    onConflict: 'fail',
    skipTooLarge: false,
    dryRun: false,
    verify: true,
    keysPerSecond: null,
    begin: atBeginning,
    feed: null,
    checkpoint: async () => undefined,
    progress: () => undefined,
    notable: () => undefined,
    signal: new AbortController().signal,
    ...options,
  });
}

const many = Object.fromEntries(Array.from({ length: 1_750 }, (_, i) => [`k${String(i).padStart(5, '0')}`, `v${i}`]));

describe('copying keys', () => {
  it('takes all with the prefix, and a second run writes nothing', async () => {
    const to = new MemoryStore();
    const first = await copy(new MemoryStore(source), to, { prefix: Buffer.from('a/') });
    expect(first).toMatchObject({ isComplete: true, counts: { read: 2, written: 2, bytes: 6 } });
    expect([...to.keys.keys()].sort()).toEqual(['a/1', 'a/2']);
    const second = await copy(new MemoryStore(source), to, { prefix: Buffer.from('a/') });
    expect(second.counts).toMatchObject({ written: 0, same: 2 });
    expect(to.writes).toBe(2);
  });

  it('takes any bytes as key and value', async () => {
    const from = new MemoryStore();
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    for (const key of ['\x00', '\xff', '\xff\xff', all, 'a\x00b']) from.set(key, Buffer.from(all, 'latin1'));
    const to = new MemoryStore();
    const { counts } = await copy(from, to);
    expect(counts.written).toBe(5);
    expect(to.keys).toEqual(from.keys);
    const ends = new MemoryStore();
    await copy(from, ends, { prefix: Buffer.from([0xff]) });
    expect([...ends.keys.keys()].sort()).toEqual(['\xff', '\xff\xff']);
  });

  it('goes by the policy where the target has another value', async () => {
    const target = () => new MemoryStore({ 'a/2': 'mine' });
    await expect(copy(new MemoryStore(source), target())).rejects.toThrow('"a/2" is in the target with another value.');
    const skipping = target();
    expect((await copy(new MemoryStore(source), skipping, { onConflict: 'skip' })).counts).toMatchObject({
      skipped: 1,
    });
    expect(skipping.text['a/2']).toBe('mine');
    const overwriting = target();
    await copy(new MemoryStore(source), overwriting, { onConflict: 'overwrite' });
    expect(overwriting.text).toEqual(source);
  });

  it('foresees without writing, whatever the policy, and names what is special', async () => {
    const to = new MemoryStore({ 'a/1': 'one', 'a/2': 'mine' });
    to.maxValueBytes = 4;
    const foresee = async (onConflict: CopyOptions['onConflict']) => {
      const told: Record<string, Notable> = {};
      const notable = (key: Buffer, what: Notable) => void (told[key.toString()] = what);
      const { counts } = await copy(new MemoryStore(source), to, { onConflict, dryRun: true, notable });
      return { counts, told };
    };
    expect((await foresee('overwrite')).counts).toMatchObject({ read: 3, written: 1, same: 1, tooLarge: 1 });
    expect((await foresee('skip')).counts).toMatchObject({ skipped: 1, written: 0 });
    const failing = await foresee('fail');
    expect(failing.counts).toMatchObject({ read: 3, conflicts: 1, tooLarge: 1 });
    expect(failing.told).toEqual({ 'a/2': 'conflict', 'b/1': 'tooLarge' });
    expect(to.writes).toBe(0);
  });

  it('ends at what the target cannot take, or leaves it out when told to', async () => {
    const to = new MemoryStore();
    to.maxValueBytes = 4;
    await expect(copy(new MemoryStore(source), to)).rejects.toThrow('"b/1" was not copied: the value is too large.');
    const { counts } = await copy(new MemoryStore(source), to, { skipTooLarge: true });
    expect(counts).toMatchObject({ read: 3, same: 2, tooLarge: 1 });
  });

  it('goes on behind its last checkpoint', async () => {
    const to = new MemoryStore();
    const checkpoints: Progress[] = [];
    to.onWrite = (key) => {
      if (key === 'k01200') throw new Error('gone');
    };
    const checkpoint = async (one: Progress) => void checkpoints.push(one);
    await expect(copy(new MemoryStore(many), to, { checkpoint })).rejects.toThrow('"k01200" was not copied: gone');
    expect(checkpoints.map(({ counts }) => counts.read)).toEqual([500, 1_000]);
    to.onWrite = () => undefined;
    const { counts } = await copy(new MemoryStore(many), to, { begin: checkpoints.at(-1)! });
    expect(counts.read).toBe(1_750);
    expect(to.text).toEqual(many);
  });

  it('ends in order when it is told to, and what it says it has done it has', async () => {
    const stop = new AbortController();
    const to = new MemoryStore();
    const progress = ({ read }: { read: number }) => {
      if (read === 600) stop.abort();
    };
    const { counts, after, isComplete } = await copy(new MemoryStore(many), to, { progress, signal: stop.signal });
    expect({ isComplete, after: Buffer.from(after, 'base64').toString() }).toEqual({
      isComplete: false,
      after: 'k00499',
    });
    expect(counts.written).toBe(to.writes);
  });

  it('begins no more keys a second than allowed', async () => {
    const startedMs = performance.now();
    await copy(new MemoryStore(source), new MemoryStore(), { keysPerSecond: 20 });
    // The first begins at once, the third 100 ms later.
    expect(performance.now() - startedMs).toBeGreaterThan(90);
  });

  it('notices a target that something else writes to', async () => {
    const to = new MemoryStore();
    to.get = async () => Buffer.from('other');
    await expect(copy(new MemoryStore(source), to)).rejects.toThrow(/reads back differently/);
  });

  it('takes the time that is left to a key along, and leaves out those whose time is over', async () => {
    const from = new MemoryStore(source);
    const laterMs = Date.now() + 60_000;
    from.set('a/1', 'session', laterMs);
    from.set('a/2', 'over', Date.now() - 1);
    const to = new MemoryStore();
    const { counts } = await copy(from, to);
    expect(counts).toMatchObject({ read: 3, written: 2, expired: 1 });
    expect(to.keys.get('a/1')?.expiresAtMs).toBe(laterMs);
    expect(to.keys.has('a/2')).toBe(false);
  });

  it('bears an election in the target', async () => {
    const to = new MemoryStore();
    let failures = 3;
    to.onWrite = () => {
      if (failures-- > 0) throw new EtcdError('noLeader', 'The cluster has no leader at this moment.');
    };
    const { counts } = await copy(new MemoryStore(source), to);
    expect(counts.written).toBe(3);
    expect(to.text).toEqual(source);
  });
});
