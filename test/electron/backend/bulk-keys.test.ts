import { describe, expect, it } from 'vitest';
import { BulkKeys } from '../../../electron/backend/keys/bulk-keys.ts';
import { BULK_BYTES } from '../../../electron/contract/bulk-keys.ts';
import { MemoryKeys } from './memory-keys.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const pair = (key: string, value: string) => ({ key: base64(key), value: base64(value) });

describe('reading many keys', () => {
  it('gives every entry once, in order, and only as many at once as may travel', async () => {
    const large = 'v'.repeat(BULK_BYTES / 3);
    const names = Array.from({ length: 10 }, (_, i) => `k${i}`);
    const bulk = new BulkKeys(new MemoryKeys(names.map((name) => [name, large] as const)));
    const read: string[] = [];
    let after = '';
    let calls = 0;
    for (;;) {
      const page = await bulk.read({ prefix: '', after, limit: 500, readMode: 'linearizable' });
      calls += 1;
      expect(page.entries.length).toBeLessThan(4);
      read.push(...page.entries.map((entry) => Buffer.from(entry.key, 'base64').toString()));
      if (page.next === null) break;
      after = page.next;
    }
    expect(read).toEqual(names);
    expect(calls).toBeGreaterThan(3);
  });

  it('gives an entry that alone is more than may travel', async () => {
    const bulk = new BulkKeys(new MemoryKeys([['k', 'v'.repeat(BULK_BYTES)]]));
    expect((await bulk.entries([base64('k'), base64('none')], 'stale')).entries).toHaveLength(1);
    expect((await bulk.entries([base64('none')], 'stale')).entries).toEqual([null]);
  });
});

describe('writing many keys', () => {
  it('says beforehand what would change', async () => {
    const bulk = new BulkKeys(
      new MemoryKeys([
        ['a', '1'],
        ['b', '2'],
      ]),
    );
    const { answers } = await bulk.compare([pair('a', '1'), pair('b', '3'), pair('c', '4')]);
    expect(answers).toEqual(['same', 'different', 'new']);
  });

  it('replaces or keeps what is there, and tells the failed from the done', async () => {
    const keys = new MemoryKeys([['a', '1']]);
    keys.broken.add(base64('bad'));
    const bulk = new BulkKeys(keys);
    expect(await bulk.putMany([pair('a', '2'), pair('b', '2')], 'keep')).toEqual({
      outcomes: ['kept', 'written'],
      reason: null,
    });
    expect(keys.valueOf('a')).toBe('1');
    expect(await bulk.putMany([pair('a', '2'), pair('bad', '2')], 'replace')).toEqual({
      outcomes: ['written', 'failed'],
      reason: { message: 'this key is broken', hint: null },
    });
    expect(keys.valueOf('a')).toBe('2');
    await expect(bulk.putMany([pair('bad', '2')], 'replace')).rejects.toThrow('this key is broken');
  });

  it('writes what goes by itself with the time that is left, and not what is over', async () => {
    const ttls: (number | null | undefined)[] = [];
    const keys = new MemoryKeys();
    const bulk = new BulkKeys(
      keys,
      (key, value, expectedRevision, ttlMs) => {
        ttls.push(ttlMs);
        return keys.put(key, value, expectedRevision);
      },
      () => 1_000,
    );
    const entries = [
      { ...pair('a', '1'), expiresAtMs: 5_000 },
      { ...pair('b', '1'), expiresAtMs: 900 },
      pair('c', '1'),
    ];
    expect((await bulk.compare(entries)).answers).toEqual(['new', 'expired', 'new']);
    expect((await bulk.putMany(entries, 'replace')).outcomes).toEqual(['written', 'expired', 'written']);
    expect(ttls).toEqual([4_000, null]);
    // The same value, but now with an end.
    expect((await bulk.compare([{ ...pair('c', '1'), expiresAtMs: 5_000 }])).answers).toEqual(['different']);
  });

  it('deletes what is at the revision that was seen', async () => {
    const keys = new MemoryKeys([
      ['a', '1'],
      ['b', '1'],
    ]);
    const bulk = new BulkKeys(keys);
    const { outcomes } = await bulk.deleteMany([
      { key: base64('a'), expectedRevision: 1 },
      { key: base64('b'), expectedRevision: 1 },
      { key: base64('c'), expectedRevision: null },
    ]);
    expect(outcomes).toEqual(['deleted', 'changed', 'absent']);
    expect([keys.has('a'), keys.has('b')]).toEqual([false, true]);
  });
});
